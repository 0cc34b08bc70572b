"""`iii-bridge watch`: logs and registrations of a live engine, as they happen."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from iii_bridge.bridge.catalogue import Catalogue
from iii_bridge.cli.live import on_engine
from iii_bridge.cli.options import JsonOption, UrlOption
from iii_bridge.cli.watch_events import Event, Registrations, log_event
from iii_bridge.cli.watch_lines import line_of
from iii_bridge.client import Bridge
from iii_bridge.types import ConnectionState, Json
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["watch"]


class Level(StrEnum):
    """How grave a log record is at least."""

    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class Only(StrEnum):
    """One half of what there is to see."""

    LOGS = "logs"
    REGISTRATIONS = "registrations"


_LEAST: Final = {Level.TRACE: 1, Level.DEBUG: 5, Level.INFO: 9, Level.WARN: 13, Level.ERROR: 17}
"""Severity numbers (wire.md 7.7)."""


def watch(
    level: Annotated[Level, typer.Option("--level", help="Log records from this level on.")] = Level.TRACE,
    only: Annotated[Only | None, typer.Option("--only", help="Logs, or registrations; default both.")] = None,
    count: Annotated[int | None, typer.Option(min=1, metavar="N", help="End after N lines.")] = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
) -> None:
    """Show the logs that reach a live engine, and workers, functions and triggers that come and go.

    What was there at the start is not shown; `iii-bridge list` does. With --json each line is an object. The engine
    looks for new functions every five seconds. Ends with Ctrl+C.
    Exit codes: 0 after a signal or --count lines, 1 the engine refuses, 2 no engine answers.

    Examples:

    - `iii-bridge watch`
    - `iii-bridge watch --only logs --level warn`
    - `iii-bridge watch --json | jq -c 'select(.kind == "function")'`
    """

    async def run(bridge: Bridge) -> int:
        await _Watch(bridge, level, count, as_json).run(only)
        return 0

    raise typer.Exit(on_engine("watch", run, url=url, namespace=DEFAULT_NAMESPACE))


class _Watch:
    def __init__(self, bridge: Bridge, level: Level, count: int | None, as_json: bool) -> None:
        self._bridge = bridge
        self._least = _LEAST[level]
        self._left = count
        self._as_json = as_json
        self._ended = asyncio.Event()
        self._changed = asyncio.Event()
        self._prefix = f"iii-bridge::watch::{os.getpid()}"

    async def run(self, only: Only | None) -> None:
        """Shows events until a signal, or until there were enough."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C then ends the process the usual way
                loop.add_signal_handler(number, self._ended.set)
        if only is not Only.REGISTRATIONS:
            await self._listen("log", self._log)
        tasks: list[asyncio.Task[Any]] = [loop.create_task(self._ended.wait())]
        if only is not Only.LOGS:
            registrations = Registrations(Catalogue(self._bridge.call))
            await registrations.look()
            await self._listen("engine::workers-available", self._look)
            await self._listen("engine::functions-available", self._look)
            tasks.append(loop.create_task(self._follow(registrations)))
        off = self._bridge.on_state(self._connection)
        typer.echo("watching; Ctrl+C ends it", err=True)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            off()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, trigger_type: str, handler: Callable[[Json], Awaitable[Json]]) -> None:
        function_id = f"{self._prefix}::{trigger_type.rpartition('::')[2]}"
        self._bridge.register_function(function_id, handler, metadata={"internal": True})
        await self._bridge.confirm(function_id)
        self._bridge.register_trigger(trigger_type, function_id, {})

    async def _log(self, payload: Json) -> Json:
        event = log_event(payload)
        if event is not None and event.severity >= self._least:
            self._show(event)
        return {}

    async def _look(self, payload: Json) -> Json:
        self._changed.set()
        return {}

    async def _follow(self, registrations: Registrations) -> None:
        """Compares what is registered with what was, each time the engine says that something changed."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            for event in await registrations.look():
                if not event.name.startswith(self._prefix):
                    self._show(event)

    def _connection(self, state: ConnectionState) -> None:
        if state is ConnectionState.CONNECTED:
            self._changed.set()

    def _show(self, event: Event) -> None:
        if self._left == 0:
            return
        typer.echo(json.dumps(event.as_json(), ensure_ascii=False) if self._as_json else line_of(event))
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self._ended.set()
