"""An engine with workers on it, beside the test: programs run in the test's own thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from iii_bridge import Bridge, connect
from iii_bridge.aio.portal import Portal
from iii_bridge.engine import Engine

Serve = Callable[[Bridge], Awaitable[None]]


@contextmanager
def live_engine(*workers: tuple[str, Serve]) -> Iterator[str]:
    """The address of an engine on which each of the named workers has been set up."""
    portal = Portal()
    engine = Engine(port=0, http_port=0)
    bridges: list[Bridge] = []

    async def start() -> None:
        await engine.start()
        for name, serve in workers:
            bridge = await connect(engine.url, worker_name=name)
            bridges.append(bridge)
            await serve(bridge)

    async def stop() -> None:
        for bridge in bridges:
            await bridge.close()
        await engine.stop()

    try:
        portal.call(start)
        yield engine.url
    finally:
        portal.close(stop)
