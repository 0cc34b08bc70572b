"""`iii-bridge check`: the contracts against a live engine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from iii_bridge.bridge.catalogue import Catalogue
from iii_bridge.cli.check_rows import CheckedMethod, Status, check_contracts
from iii_bridge.cli.contracts import chosen_services, contracts_here, contracts_there
from iii_bridge.cli.live import NamespaceOption, on_engine
from iii_bridge.cli.options import JsonOption, ProjectOption, ProtoOption, UrlOption
from iii_bridge.cli.progress import at_work
from iii_bridge.cli.table import print_table
from iii_bridge.client import Bridge

__all__ = ["check"]

_STYLES: Final = {
    Status.SAME.value: "green",
    Status.COMPATIBLE.value: "green",
    Status.UNKNOWN.value: "yellow",
    Status.INCOMPATIBLE.value: "red",
    Status.MISSING.value: "red",
}


def check(
    service: Annotated[
        list[str] | None, typer.Argument(metavar="SERVICE...", help="full names; default every service")
    ] = None,
    proto: ProtoOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="what cannot be told is a problem, too")] = False,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
    namespace: NamespaceOption = None,
    url: UrlOption = None,
) -> None:
    """Compare contracts with the functions a live engine knows, whatever language they are written in.

    Each method is looked up by its function id. One that is served from an equal contract is the same; of any other the
    schemas are compared, and its bindings are looked for. Without contracts here, those that live workers tell are
    taken.
    Exit codes: 0 all fits, 1 something does not, 2 no engine answers or the contracts cannot be read.

    Examples:

    - `iii-bridge check`
    - `iii-bridge check shop.pricing.v1.PricingService --strict --json`
    - `iii-bridge check --proto ../contracts/proto --url ws://staging:49134`
    """
    here = contracts_here(project, proto)

    async def run(bridge: Bridge) -> int:
        catalogue = Catalogue(bridge.call)
        rows: list[CheckedMethod] = []
        with at_work("comparing contracts with the catalogue"):
            known = [here] if here is not None else await contracts_there(catalogue)
            for contracts, chosen in chosen_services(known, service or ()):
                rows += await check_contracts(catalogue, contracts, chosen, namespace)
        if as_json:
            typer.echo(json.dumps([row.as_json() for row in rows], indent=2, ensure_ascii=False))
        else:
            _print(rows)
        bad = {Status.MISSING, Status.INCOMPATIBLE, *((Status.UNKNOWN,) if strict else ())}
        return 1 if any(row.status in bad for row in rows) else 0

    raise typer.Exit(on_engine("check", run, url=url))


def _print(rows: Sequence[CheckedMethod]) -> None:
    if rows:
        cells = [(row.method, row.function_id, row.worker or "-", row.status.value) for row in rows]
        print_table(("method", "function", "worker", "status"), cells, _STYLES)
    for row in rows:
        for finding in row.findings:
            typer.echo(f"{row.function_id}: {finding.verdict.value}: {finding}")
    counts = Counter(row.status for row in rows)
    typer.echo(
        ", ".join(f"{counts[status]} {status.value}" for status in Status if counts[status]) or "no methods", err=True
    )
