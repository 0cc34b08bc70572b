"""`iii-bridge test`: a live worker against its contract."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from iii_bridge.bridge.catalogue import Catalogue
from iii_bridge.cli.contracts import chosen_services, contracts_here, contracts_there
from iii_bridge.cli.live import PATIENCE, EngineAway, NamespaceOption, reporting
from iii_bridge.cli.options import UrlOption
from iii_bridge.cli.table import print_table
from iii_bridge.contract.reflection import contract_function_id
from iii_bridge.contract.spec import ServiceSpec
from iii_bridge.dynamic import Contracts
from iii_bridge.errors import ConnectionLostError
from iii_bridge.testing.engines import Link, linked, live_engine
from iii_bridge.testing.junit import write_junit
from iii_bridge.testing.outcomes import Outcome, Verdict, failures_text
from iii_bridge.testing.runner import CHECKS, RunnerOptions, run_contract
from iii_bridge.testing.workers import WorkerProcess

__all__ = ["run_tests"]

_SHOWN_LINES: Final = 40
_STYLES: Final = {
    Verdict.PASSED.value: "green",
    Verdict.FAILED.value: "red",
    Verdict.UNPROVEN.value: "yellow",
    Verdict.SKIPPED.value: "yellow",
}


def run_tests(
    service: Annotated[
        list[str] | None, typer.Argument(metavar="SERVICE...", help="full names; default every service")
    ] = None,
    proto: Annotated[
        Path | None,
        typer.Option("--proto", metavar="FOLDER", help="contracts are below it, whatever [tool.iii-bridge] says"),
    ] = None,
    reflection: Annotated[bool, typer.Option("--reflection", help="by the contract the worker itself tells")] = False,
    project: Annotated[
        Path,
        typer.Option("--project", metavar="DIR", help="the directory of pyproject.toml", exists=True, file_okay=False),
    ] = Path(),
    worker: Annotated[
        str | None,
        typer.Option(metavar="COMMAND", help="start this worker first, on an engine of its own unless one is named"),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="call methods too that are neither NO_SIDE_EFFECTS nor IDEMPOTENT")
    ] = False,
    examples: Annotated[int, typer.Option(min=1, help="requests of each kind, for each method")] = 50,
    seed: Annotated[int | None, typer.Option(min=0, help="of an earlier run, to have its requests again")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="seconds, where the contract has no timeout")] = 10.0,
    settle: Annotated[
        float, typer.Option(min=0, help="seconds a worker may take to register the rest once it has begun")
    ] = 5.0,
    skip: Annotated[list[str] | None, typer.Option(metavar="CHECK", help=f"one of {', '.join(CHECKS)}")] = None,
    requests: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help='JSON, {"Method": [request, …]}: legal requests for methods that know only some',
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="what remains unproven is a failure, too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="a JSON object with the seed and the checks")] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="write JUnit XML as well")] = None,
    namespace: NamespaceOption = None,
    url: UrlOption = None,
) -> None:
    """Test a live worker against its contract, whatever language it is written in.

    Every method has to be registered under its id with schemas and bindings that fit. Then it is sent legal requests,
    whose answers have to fit to the letter, and requests that break the contract in one place, which it has to refuse
    as INVALID_ARGUMENT. What fails is made small and printed with the command that shows it again.

    Exit codes: 0 nothing failed, 1 something did, 2 no engine answers, or contracts or options are wrong.

    Examples:

    - `iii-bridge test shop.pricing.v1.PricingService`
    - `iii-bridge test shop.pricing.v1.PricingService --worker 'node dist/main.js' --junit report.xml`
    - `iii-bridge test --reflection --all --examples 500 --url ws://staging:49134`
    """
    for check in skip or ():
        if check not in CHECKS:
            raise typer.BadParameter(f"there is no check {check}; --skip takes {', '.join(CHECKS)}")
    options = RunnerOptions(
        examples=examples,
        seed=random.randrange(2**32) if seed is None else seed,  # noqa: S311 -- no secret
        everything=everything,
        skip=frozenset(skip or ()),
        timeout=timeout,
        settle=settle,
        namespace=namespace,
        requests=_requests(requests),
    )
    here = None if reflection else contracts_here(project, proto)
    names = list(service or ())

    def run() -> int:
        with ExitStack() as stack:
            link = _link(stack, url, own_engine=worker is not None)
            started = None if worker is None else _worker(link, worker, here, names, namespace, settle)
            if started is not None:
                stack.enter_context(started)
            known = [here] if here is not None else link.run(lambda: contracts_there(Catalogue(link.bridge.call)))
            outcomes: list[Outcome] = []
            for contracts, chosen in chosen_services(known, names):
                outcomes += run_contract(link, contracts, chosen, options)
            code = 1 if any(outcome.verdict in _bad(strict) for outcome in outcomes) else 0
            log = started.log().splitlines()[-_SHOWN_LINES:] if started is not None and code else []
        _show(outcomes, options.seed, as_json=as_json, strict=strict)
        if junit is not None:
            write_junit(outcomes, junit, strict=strict)
        if log:
            typer.echo("\n".join(["the worker printed:", *log]), err=True)
        return code

    raise typer.Exit(reporting(run))


def _link(stack: ExitStack, url: str | None, *, own_engine: bool) -> Link:
    if own_engine and not (url or os.environ.get("III_URL", "").strip()):
        url = stack.enter_context(live_engine()).url
    name = f"iii-bridge-test:{os.getpid()}"
    try:
        return stack.enter_context(linked(url, worker_name=name, connect_timeout=PATIENCE))
    except ConnectionLostError:
        raise EngineAway.at(url) from None


def _worker(
    link: Link, command: str, here: Contracts | None, names: Sequence[str], namespace: str | None, settle: float
) -> WorkerProcess:
    """The worker; a function it does not register is a finding of the test, so not all are waited for."""
    services: list[ServiceSpec] = []
    functions: list[str] = []
    if here is not None:
        services = chosen_services([here], names)[0][1]
    elif names:
        functions = [contract_function_id(name) for name in names]
    else:
        raise typer.BadParameter("name the services of --worker, so that it is known when it is ready")
    return WorkerProcess(
        link, command, services=services, functions=functions, namespace=namespace, settle=settle, name="the worker"
    )


def _requests(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise typer.BadParameter(f"{file} is no JSON") from None
    if not isinstance(found, dict) or not all(isinstance(value, list) for value in found.values()):  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        raise typer.BadParameter(f'{file} is not of the form {{"Method": [request, …]}}')
    return found  # pyright: ignore[reportUnknownVariableType]


def _bad(strict: bool) -> tuple[Verdict, ...]:
    return (Verdict.FAILED, Verdict.UNPROVEN) if strict else (Verdict.FAILED,)


def _show(outcomes: Sequence[Outcome], seed: int, *, as_json: bool, strict: bool) -> None:
    if as_json:
        found = {"seed": seed, "checks": [outcome.as_json() for outcome in outcomes]}
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    if outcomes:
        rows = [(each.function_id, each.check, each.verdict.value, _note(each)) for each in outcomes]
        print_table(("function", "check", "result", ""), rows, _STYLES)
    failures = failures_text(outcomes, _bad(strict))
    if failures:
        typer.echo(f"\n{failures}")
    counts = Counter(outcome.verdict for outcome in outcomes)
    told = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict]) or "no methods"
    typer.echo(f"{told}; seed {seed}", err=True)


def _note(outcome: Outcome) -> str:
    """What failed is told below the table, at length."""
    return "see below" if outcome.verdict is Verdict.FAILED else outcome.summary
