"""A bare gRPC server behind an engine, and a caller with generated clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from iii_bridge import Bridge, connect
from iii_bridge.aio.portal import Portal
from iii_bridge.engine import Engine
from iii_bridge.gateway.upstream import Exposure, Target
from tests.gateway.edge import contracts, edge
from tests.gateway.support import until
from tests.gateway.upstream.server import EDGE, BareServer

__all__ = ["Exposed", "exposed"]


@dataclass
class Exposed:
    """What runs, and where."""

    portal: Portal
    engine: Engine
    server: BareServer
    bridge: Bridge
    """The one that serves."""
    caller: Bridge
    exposure: Exposure
    changes: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def client(self) -> Any:
        return edge.EdgeClient(self.caller)

    def run(self, main: Any) -> Any:
        """Awaits `main()` on the loop."""
        return self.portal.call(main)

    async def until_nothing_is_left(self) -> None:
        """No handler, stream, pending invocation or channel."""
        await until(
            lambda: (
                not self.bridge._dispatcher.running
                and not self.bridge._streams.lingering
                and not self.caller._streams.open_calls
                and not self.caller._session._waiters
                and not self.engine._channels._table
            )
        )


@contextmanager
def exposed(server: BareServer, target: dict[str, Any] | None = None, **options: Any) -> Iterator[Exposed]:
    """An engine, `server`, and a bridge that exposes it; everything on a loop of its own."""
    portal = Portal()
    running: list[Exposed] = []

    async def start() -> None:
        engine = Engine(port=0, http_port=0)
        await engine.start()
        await server.start()
        bridge = await connect(engine.url, worker_name="expose")
        caller = await connect(engine.url, worker_name="caller")
        changes: list[tuple[str, bool]] = []
        exposure = Exposure(
            bridge,
            [contracts.services[EDGE]],
            Target(server.address, **(target or {})),
            [contracts.descriptors],
            on_change=lambda name, present: changes.append((name, present)),
            **options,
        )
        exposure.start()
        running.append(Exposed(portal, engine, server, bridge, caller, exposure, changes))
        await until(lambda: changes)

    async def stop() -> None:
        for live in running:
            await live.exposure.stop()
            await live.caller.close()
            await live.bridge.close()
            await live.server.stop()
            await live.engine.stop()

    try:
        portal.call(start)
        yield running[0]
    finally:
        portal.close(stop)
