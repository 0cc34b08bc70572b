"""An engine with all three workers on a loop of its own, for tests that are not asynchronous themselves."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from demo.processes import Command, running
from iii_bridge import Bridge, connect
from iii_bridge.engine import Engine

T = TypeVar("T")
START_WITHIN = 60.0
CALL_WITHIN = 30.0


@dataclass(frozen=True)
class Bus:
    """A bridge connected to the engine, where its calls run, and the engine itself."""

    bridge: Bridge
    loop: asyncio.AbstractEventLoop
    engine: Engine

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        """The outcome of a coroutine on the bridge's loop."""
        return asyncio.run_coroutine_threadsafe(call, self.loop).result(CALL_WITHIN)


class _Host:
    """Keeps the engine, the workers and the bridge alive in one task until told to stop."""

    def __init__(self, commands: tuple[Command, ...]) -> None:
        self._commands = commands
        self._started = threading.Event()
        self._bus: Bus | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="contract-bus")

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as failure:
            self._failure = failure
        finally:
            self._started.set()

    async def _live(self) -> None:
        self._stop = asyncio.Event()
        async with (
            Engine(port=0, http_port=0, stream_port=0) as engine,
            running(engine.url, *self._commands),
            connect(engine.url, worker_name="contract-test") as bridge,
        ):
            self._bus = Bus(bridge, asyncio.get_running_loop(), engine)
            self._started.set()
            await self._stop.wait()

    def start(self) -> Bus:
        self._thread.start()
        assert self._started.wait(START_WITHIN), "engine and workers did not start"
        if self._bus is None:
            self._thread.join()
            raise self._failure or AssertionError("engine and workers ended at once")
        return self._bus

    def stop(self) -> None:
        if self._bus is not None:
            self._bus.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._failure is not None:
            raise self._failure


@contextlib.contextmanager
def bus_with(*commands: Command) -> Iterator[Bus]:
    """An engine with these workers, each of which has said that it is ready."""
    host = _Host(commands)
    bus = host.start()
    try:
        yield bus
    finally:
        host.stop()
