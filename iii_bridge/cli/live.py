"""What the verbs that look at a live engine have in common."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import typer

from iii_bridge.bridge.connecting import connect
from iii_bridge.bridge.settings import Settings
from iii_bridge.client import Bridge
from iii_bridge.errors import BridgeError, ConnectionLostError, ForbiddenError

__all__ = [
    "PATIENCE",
    "EngineAway",
    "NamespaceOption",
    "complete_function",
    "on_engine",
    "reporting",
]

PATIENCE: Final = 3.0
"""Seconds an engine may be away at first."""
_PATIENCE_WHILE_TYPING: Final = 1.0

NamespaceOption = Annotated[
    str | None, typer.Option("--namespace", help="where functions are looked up; default $III_NAMESPACE, else default")
]


class EngineAway(BridgeError):
    """No engine answered; the text says where it was looked for and what to do."""

    @classmethod
    def at(cls, url: str | None) -> EngineAway:
        """The error for an engine that was asked for by `--url`, or by nothing."""
        where = Settings.resolve(url).url
        return cls(
            f"no engine answers at {where}; start one with `iii-bridge engine`, or name another with --url or $III_URL"
        )


def on_engine(
    verb: str,
    main: Callable[[Bridge], Awaitable[int]],
    *,
    url: str | None,
    namespace: str | None = None,
) -> int:
    """Runs `main` on a bridge and returns its exit code; 2 when no engine answers, 1 for any other error of ours.

    `namespace` is the connection's, by default that of the environment. Errors are one line on standard error.
    """
    return reporting(lambda: asyncio.run(_run(verb, main, url, PATIENCE, namespace)))


def reporting(main: Callable[[], int]) -> int:
    """As `on_engine`, for a program that has its own connection."""
    log = logging.getLogger("iii_bridge")
    before = log.level
    log.setLevel(logging.ERROR)  # what is wrong is said below, once
    try:
        return main()
    except EngineAway as error:
        typer.echo(f"error: {error}", err=True)
        return 2
    except ForbiddenError as error:
        typer.echo(f"error: {error}; the engine's access rules hide its catalogue, or the function", err=True)
        return 1
    except BridgeError as error:
        typer.echo(f"error: {error}", err=True)
        return 1
    finally:
        log.setLevel(before)


async def _run(
    verb: str,
    main: Callable[[Bridge], Awaitable[int]],
    url: str | None,
    patience: float,
    namespace: str | None = None,
) -> int:
    name = f"iii-bridge-{verb}:{os.getpid()}"
    try:
        bridge = await connect(url, worker_name=name, namespace=namespace, connect_timeout=patience)
    except ConnectionLostError:
        raise EngineAway.at(url) from None
    try:
        return await main(bridge)
    finally:
        await bridge.close()


def complete_function(incomplete: str) -> list[str]:
    """The ids of live functions that begin so, for the shell; none when no engine answers at once."""
    found: list[str] = []

    async def ask(bridge: Bridge) -> int:
        answer = await bridge.call("engine::functions::list", {"prefix": incomplete}, timeout=_PATIENCE_WHILE_TYPING)
        found.extend(row["function_id"] for row in answer["functions"])
        return 0

    try:
        asyncio.run(_run("complete", ask, None, _PATIENCE_WHILE_TYPING))
    except (BridgeError, KeyError, TypeError):
        return []
    return found
