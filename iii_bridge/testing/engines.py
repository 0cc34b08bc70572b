"""The engine of a test run, and the test's own connection to it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from iii_bridge.aio.portal import Portal
from iii_bridge.bridge.blocking import BridgeSync
from iii_bridge.bridge.connecting import connect
from iii_bridge.bridge.settings import DEFAULT_CONNECT_TIMEOUT
from iii_bridge.client import Bridge
from iii_bridge.testing.processes import Process

__all__ = ["EngineKind", "Link", "LiveEngine", "engine_at", "linked", "live_engine", "run_bridge"]

EngineKind = Literal["embedded", "process"]
"""An engine in a thread of this process, or `iii-bridge engine` as a process of its own."""

T = TypeVar("T")

_READY: Final = "engine ready:"
_ADDRESSES: Final = re.compile(r"workers (ws://\S+)\s+http (http://\S+)")
_READY_WITHIN: Final = 60.0


@dataclass(frozen=True, slots=True)
class LiveEngine:
    """Where an engine is."""

    url: str
    """Of workers, `ws://…`: what `$III_URL` is for them."""
    http_url: str | None = None
    """Of http triggers; None where that is not known."""
    process: Process | None = None
    """The program, where it is one of ours."""


@contextmanager
def live_engine(kind: EngineKind = "embedded") -> Generator[LiveEngine]:
    """An engine of its own on free ports, all in memory. Needs the extra `engine`. Raises ProcessError, OSError."""
    with _embedded() if kind == "embedded" else _as_process() as engine:
        yield engine


def engine_at(url: str) -> LiveEngine:
    """One that somebody else runs; `$III_HTTP_URL` says where its http triggers are."""
    return LiveEngine(url, os.environ.get("III_HTTP_URL") or None)


@contextmanager
def _embedded() -> Generator[LiveEngine]:
    from iii_bridge.engine import Engine

    portal = Portal()
    engine = Engine()
    try:
        portal.call(engine.start)
    except BaseException:
        portal.close()
        raise
    try:
        yield LiveEngine(engine.url, engine.http_url)
    finally:
        portal.close(engine.stop)


@contextmanager
def _as_process() -> Generator[LiveEngine]:
    arguments = ["engine", "--port", "0", "--http-port", "0", "--memory"]
    process = Process([sys.executable, "-m", "iii_bridge", *arguments], name="iii-bridge engine")
    process.start()
    try:
        line = process.wait_for_line(_READY, _READY_WITHIN)
        addresses = _ADDRESSES.search(line)
        if addresses is None:
            raise process.failure("does not name", "its addresses")
        yield LiveEngine(addresses[1], addresses[2], process)
    finally:
        process.stop()


class Link:
    """The test's own connection: blocking verbs in `sync`, coroutines with `run`."""

    def __init__(self, portal: Portal, bridge: Bridge) -> None:
        self.portal = portal
        self.bridge = bridge
        """Belongs to the background loop."""
        self.sync = BridgeSync(portal, bridge)

    def run(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Runs `main()` on the background loop and returns its result."""
        return self.portal.call(main)


@contextmanager
def linked(
    url: str | None, *, worker_name: str | None = None, connect_timeout: float = DEFAULT_CONNECT_TIMEOUT
) -> Generator[Link]:
    """Connects, and disconnects at the end. Takes what `connect` takes, and raises what it raises."""
    name = worker_name or f"iii-bridge-testing:{os.getpid()}"

    async def start() -> Bridge:
        return await connect(url, worker_name=name, connect_timeout=connect_timeout)

    with run_bridge(start) as link:
        yield link


@contextmanager
def run_bridge(start: Callable[[], Coroutine[Any, Any, Bridge]]) -> Generator[Link]:
    """A bridge that lives in a thread of its own: `start` makes it, the end closes it. Raises what `start` raises."""
    portal = Portal()
    try:
        link = Link(portal, portal.call(start))
    except BaseException:
        portal.close()
        raise
    try:
        yield link
    finally:
        link.sync.close()
