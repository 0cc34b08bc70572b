"""`iii-bridge call`: one call of a live function, checked on the way out and on the way back."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from iii_bridge.bridge.catalogue import Catalogue, LiveFunction
from iii_bridge.cli.checks import NoCheck, checker_of
from iii_bridge.cli.live import NamespaceOption, complete_function, on_engine
from iii_bridge.cli.options import UrlOption
from iii_bridge.client import Bridge
from iii_bridge.errors import StatusError
from iii_bridge.types import Json

__all__ = ["call"]


def call(
    function: Annotated[
        str, typer.Argument(metavar="FUNCTION", help="its id, such as orders::place", autocompletion=complete_function)
    ],
    data: Annotated[
        str, typer.Option("--data", "-d", metavar="JSON", help="the payload; @FILE reads a file, - standard input")
    ] = "{}",
    timeout: Annotated[float | None, typer.Option(min=0.001, help="seconds; default the contract's, else 30")] = None,
    metadata: Annotated[str | None, typer.Option(metavar="JSON", help="the invocation's metadata, an object")] = None,
    queue: Annotated[str | None, typer.Option(metavar="NAME", help="put the payload into a queue instead")] = None,
    void: Annotated[bool, typer.Option("--void", help="do not wait for anything")] = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="by its contract, else by its schemas")] = True,
    namespace: NamespaceOption = None,
    url: UrlOption = None,
) -> None:
    """Call a function with JSON and print what it answers.

    The payload and the answer are checked by the contract the function is served from, which its worker tells, or else
    by the schemas it was registered with.
    Exit codes: 0 answered, 1 refused or failed, 2 no engine answers or an option is wrong.

    Examples:

    - `iii-bridge call orders::place --data '{"sku": "tea"}'`
    - `iii-bridge call orders::place --data @order.json --timeout 2`
    - `iii-bridge call receipts::write --queue default --data - < receipt.json`
    """
    payload = _json(_read(data), "--data")
    extra: dict[str, Any] | None = _json(metadata, "--metadata") if metadata is not None else None
    if extra is not None and not isinstance(extra, dict):  # pyright: ignore[reportUnnecessaryIsInstance] -- from JSON
        raise typer.BadParameter("--metadata is no JSON object")

    async def run(bridge: Bridge) -> int:
        live = await _found(Catalogue(bridge.call), function, namespace)
        checker = await checker_of(bridge, live) if check else NoCheck()
        checker.request(payload)
        if void:
            await bridge.void(function, payload, metadata=extra, namespace=namespace)
            return 0
        if queue is not None:
            receipt = await bridge.enqueue(function, payload, queue=queue, timeout=timeout, namespace=namespace)
            typer.echo(json.dumps({"messageReceiptId": receipt.message_receipt_id}))
            return 0
        answer = await _answer(bridge, function, payload, timeout or checker.timeout, extra, namespace)
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        checker.response(answer)
        return 0

    raise typer.Exit(on_engine("call", run, url=url))


async def _answer(
    bridge: Bridge,
    function: str,
    payload: Json,
    timeout: float | None,
    metadata: Mapping[str, Json] | None,
    namespace: str | None,
) -> Json:
    try:
        return await bridge.call(function, payload, timeout=timeout, metadata=metadata, namespace=namespace)
    except StatusError as error:
        for detail in error.details:
            typer.echo(json.dumps(detail, ensure_ascii=False), err=True)
        raise


async def _found(catalogue: Catalogue, function: str, namespace: str | None) -> LiveFunction:
    """What the catalogue says; for an id it does not show the call itself decides, and near ids are named."""
    live = (await catalogue.describe([function], namespace)).get(function)
    if live is not None:
        return live
    known = [item.function_id for item in await catalogue.functions()]
    near = difflib.get_close_matches(function, known, n=3)
    if near and function not in known:
        typer.echo(f"the catalogue shows no {function}; did you mean {' or '.join(near)}?", err=True)
    return LiveFunction(function_id=function)


def _read(data: str) -> str:
    if data == "-":
        return sys.stdin.read()
    if not data.startswith("@"):
        return data
    try:
        return Path(data[1:]).read_text(encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"cannot read {data[1:]}: {(error.strerror or 'unreadable').lower()}") from None
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{data[1:]} is not UTF-8") from None


def _json(text: str, option: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        place = f" at line {error.lineno} column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        problem = error.msg.lower() if isinstance(error, json.JSONDecodeError) else str(error)
        raise typer.BadParameter(f"{option} is no JSON: {problem}{place}") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
