"""`iii-bridge import`: contracts from the functions of a live engine."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer

from iii_bridge.bridge.catalogue import Catalogue, LiveFunction, LiveTrigger
from iii_bridge.cli.live import NamespaceOption, complete_function, on_engine
from iii_bridge.cli.options import JsonOption, ProjectOption, UrlOption
from iii_bridge.cli.progress import at_work
from iii_bridge.client import Bridge
from iii_codegen.compile import CompileError, shown_path
from iii_codegen.config import ConfigError, load_config
from iii_codegen.importing.compiling import ImportingError
from iii_codegen.importing.contract import import_functions
from iii_codegen.importing.draft import Binding, Finding, Function
from iii_codegen.importing.names import is_identifier
from iii_codegen.importing.reflected import reflected_files
from iii_codegen.libraries import require_libraries

__all__ = ["import_contracts"]

require_libraries()

_COMMENT: Final = "Imported by iii-bridge from the functions of a live engine; from now on it is yours."


def import_contracts(
    pattern: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="GLOB...",
            help="Ids such as 'shop::*'; default every function of a worker.",
            autocompletion=complete_function,
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where to write; default the project's directory of contracts."),
    ] = None,
    package: Annotated[
        str | None, typer.Option(metavar="NAME", help="One package for all; default one for each prefix of ids.")
    ] = None,
    schemas_only: Annotated[
        bool, typer.Option("--schemas-only", help="Do not ask workers for their contracts; read the schemas.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there and differ.")] = False,
    show: Annotated[bool, typer.Option("--print", help="Print the contracts and write nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 when something cannot be said.")] = False,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
    namespace: NamespaceOption = None,
    url: UrlOption = None,
) -> None:
    """Write contracts for functions of a live engine, whatever their workers are written in.

    Workers that serve a contract are asked for it. Of any other function the JSON Schemas become messages, with its
    id, JSON profile, bindings and limits. What a contract cannot say is a comment in the file and a finding here.
    Exit codes: 0 done, 1 no such function, a file is in the way, or, with --strict, findings, 2 no engine answers.

    Examples:

    - `iii-bridge import 'shop::*'`
    - `iii-bridge import 'shop::*' 'stock::*' --out contracts/proto --url ws://staging:49134`
    - `iii-bridge import orders::place --print --strict`
    """
    if package is not None and not all(map(is_identifier, package.split("."))):
        raise typer.BadParameter(f"{package} is no name of a package; write one such as shop.stock.v1")
    target = _target(project, out)
    wanted = pattern or []

    async def run(bridge: Bridge) -> int:
        with at_work("reading the catalogue, and writing contracts"):
            made = await _import(Catalogue(bridge.call), wanted, namespace, package, schemas_only)
        if not made.functions:
            asked = f" {' or '.join(wanted)}" if wanted else ""
            typer.echo(f"error: no worker has a function{asked}; see `iii-bridge list`", err=True)
            return 1
        code = _print(made) if show else _write(made, target, force)
        _report(made, as_json)
        return code or (1 if strict and made.findings else 0)

    try:
        code = on_engine("import", run, url=url)
    except (CompileError, ImportingError) as error:
        typer.echo(f"error: {error}", err=True)
        code = 1
    raise typer.Exit(code)


@dataclass(slots=True)
class _Made:
    functions: int = 0
    files: dict[str, str] = field(default_factory=lambda: dict[str, str]())
    findings: list[Finding] = field(default_factory=lambda: list[Finding]())


def _target(project: Path, out: Path | None) -> Path:
    if out is not None:
        return out.resolve()
    try:
        return load_config(project).proto
    except ConfigError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None


async def _import(
    catalogue: Catalogue, patterns: Sequence[str], namespace: str | None, package: str | None, schemas_only: bool
) -> _Made:
    live = await _matching(catalogue, patterns, namespace)
    triggers = await catalogue.triggers() if live else []
    functions = [_function(item, triggers) for item in live]
    made = _Made(len(functions))
    left = functions if schemas_only else await _reflected(catalogue, live, functions, made)
    taken = {path.rpartition("/")[0].replace("/", ".") for path in made.files}
    imported = import_functions(left, package=package, comment=_COMMENT, taken=taken)
    made.files |= imported.files
    made.findings += imported.findings
    return made


async def _matching(catalogue: Catalogue, patterns: Sequence[str], namespace: str | None) -> list[LiveFunction]:
    """The functions of these ids, with schemas; without a pattern those of connected workers."""
    listed = [item for item in await catalogue.functions() if namespace in (None, item.namespace)]
    if patterns:
        listed = [item for item in listed if any(fnmatch.fnmatchcase(item.function_id, glob) for glob in patterns)]
    else:
        workers = await catalogue.worker_names()
        listed = [item for item in listed if item.worker_name in workers]
    return await catalogue.described(listed)


def _function(item: LiveFunction, triggers: Sequence[LiveTrigger]) -> Function:
    own = [
        trigger
        for trigger in triggers
        if trigger.function_id == item.function_id or trigger.function_id.startswith(f"{item.function_id}::")
    ]
    bindings = [Binding(t.trigger_type, dict(t.config), t.function_id != item.function_id) for t in own]
    return Function(
        function_id=item.function_id,
        namespace=item.namespace,
        description=item.description,
        metadata=dict(item.metadata),
        method=item.method,
        request=item.request_schema,
        response=item.response_schema,
        bindings=tuple(bindings),
    )


async def _reflected(
    catalogue: Catalogue, live: Sequence[LiveFunction], functions: Sequence[Function], made: _Made
) -> list[Function]:
    """Adds the contracts workers tell, and returns the functions that are in none of them."""
    told: dict[str, bool] = {}
    for item in live:
        if item.service and item.service not in told:
            served = await catalogue.contract(item.service)
            told[item.service] = served is not None and served.digest == item.digest
            if served is None or not told[item.service]:
                continue
            try:
                texts = reflected_files(served.descriptors, functions, _COMMENT)
            except (CompileError, ValueError) as error:
                told[item.service] = False
                problem = f"the contract its worker tells cannot be read: {str(error).splitlines()[0]}"
                made.findings.append(Finding(item.function_id, "contract", "$", problem))
                continue
            _add(texts, item.function_id, made)
    return [made_ for item, made_ in zip(live, functions, strict=True) if not told.get(item.service)]


def _add(texts: Mapping[str, str], function_id: str, made: _Made) -> None:
    for path, text in texts.items():
        if made.files.setdefault(path, text) != text:
            problem = f"two workers have different versions of {path}; the first one is taken"
            made.findings.append(Finding(function_id, "contract", "$", problem))


# --- output ------------------------------------------------------------------


def _print(made: _Made) -> int:
    for path, text in made.files.items():
        typer.echo(f"// {path}\n{text}")
    return 0


def _write(made: _Made, target: Path, force: bool) -> int:
    there = {path: (target / path).read_text("utf-8") for path in made.files if (target / path).is_file()}
    differing = [path for path, text in there.items() if text != made.files[path]]
    if differing and not force:
        for path in differing:
            typer.echo(
                f"error: {shown_path(target / path)} is there and differs; overwrite it with --force, "
                "or write elsewhere with --out",
                err=True,
            )
        return 1
    for path, text in made.files.items():
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        typer.echo(str(shown_path(place)), err=True)
    return 0


def _report(made: _Made, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([finding.as_json() for finding in made.findings], indent=2, ensure_ascii=False))
        return
    for finding in made.findings:
        typer.echo(f"note: {finding}", err=True)
    count = len(made.findings)
    typer.echo(
        f"{made.functions} functions, {len(made.files)} files, {count} {'finding' if count == 1 else 'findings'}",
        err=True,
    )
