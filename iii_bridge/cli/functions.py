"""`iii-bridge list`: the functions of a live engine."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from iii_bridge.bridge.catalogue import Catalogue, LiveFunction
from iii_bridge.cli.live import NamespaceOption, complete_function, on_engine
from iii_bridge.cli.options import UrlOption
from iii_bridge.cli.table import print_table
from iii_bridge.client import Bridge

__all__ = ["list_functions"]

_SHOWN_DIGITS = 8


def list_functions(
    pattern: Annotated[
        str,
        typer.Argument(
            metavar="GLOB", help="ids such as 'orders::*'", autocompletion=complete_function, show_default=False
        ),
    ] = "*",
    everything: Annotated[bool, typer.Option("--all", help="internal functions, too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="a JSON array, with schemas and metadata")] = False,
    namespace: NamespaceOption = None,
    url: UrlOption = None,
) -> None:
    """List the functions of a live engine: who serves them, and from which contract.

    A function without a contract has `schemas` when its worker described it, else nothing.
    Exit codes: 0 done, 1 the engine refuses, 2 no engine answers.

    Examples:

    - `iii-bridge list`
    - `iii-bridge list 'orders::*' --json`
    """

    async def show(bridge: Bridge) -> int:
        found = await _described(Catalogue(bridge.call), pattern, everything, namespace)
        if as_json:
            typer.echo(json.dumps([_as_json(item) for item in found], indent=2, ensure_ascii=False))
        else:
            _print(found)
        return 0

    raise typer.Exit(on_engine("list", show, url=url))


async def _described(catalogue: Catalogue, pattern: str, everything: bool, namespace: str | None) -> list[LiveFunction]:
    """With schemas."""
    listed = [
        item
        for item in await catalogue.functions(internal=everything)
        if fnmatch.fnmatchcase(item.function_id, pattern) and namespace in (None, item.namespace)
    ]
    return await catalogue.described(listed)


def _print(found: Iterable[LiveFunction]) -> None:
    rows = [
        (
            item.function_id,
            item.namespace,
            item.worker_name or "-",
            _contract(item),
            _digest(item) or "-",
        )
        for item in found
    ]
    if rows:
        print_table(("function", "namespace", "worker", "contract", "digest"), rows)
    else:
        typer.echo("no functions", err=True)


def _digest(item: LiveFunction) -> str:
    """Enough of it to compare by eye."""
    return item.digest.removeprefix("sha256:")[:_SHOWN_DIGITS]


def _contract(item: LiveFunction) -> str:
    if item.method:
        return item.method
    described = item.request_schema is not None or item.response_schema is not None
    return "schemas" if described else "-"


def _as_json(item: LiveFunction) -> dict[str, Any]:
    return {
        "function_id": item.function_id,
        "namespace": item.namespace,
        "worker_name": item.worker_name,
        "description": item.description,
        "method": item.method or None,
        "digest": item.digest or None,
        "metadata": dict(item.metadata),
        "request_schema": item.request_schema,
        "response_schema": item.response_schema,
    }
