"""Bridges for tests: in memory under the virtual clock, or on an embedded engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from iii_bridge import Bridge, connect
from iii_bridge.bridge.settings import Settings
from iii_bridge.engine import Engine
from tests.aio.fake_engine import FakeEngine, Peer

T = TypeVar("T")


def run_really(main: Coroutine[Any, Any, T], seconds: float = 30.0) -> T:
    """Runs on a real loop, for at most that long."""

    async def limited() -> T:
        async with asyncio.timeout(seconds):
            return await main

    return asyncio.run(limited())


@asynccontextmanager
async def bridge_in_memory(engine: FakeEngine, **options: Any) -> AsyncIterator[tuple[Bridge, Peer]]:
    """A connected bridge and the first connection as the engine sees it."""
    settings = Settings.resolve("ws://memory", **{"worker_name": "w", "environment": {}} | options)
    bridge = Bridge(settings, engine.dial)
    opening = asyncio.create_task(bridge.open())
    peer = await engine.accept()
    await peer.answer(await peer.next_call(), {"success": True})
    await opening
    try:
        yield bridge, peer
    finally:
        await bridge.close()


async def until(true: Callable[[], Any], bridge: Bridge) -> None:
    """Waits for something to become true, one round trip at a time."""
    async with asyncio.timeout(10):
        while not true():
            await bridge.call("engine::workers::list")


class Bench:
    """An embedded engine and any number of bridges on it."""

    def __init__(self, engine: Engine, stack: AsyncExitStack) -> None:
        self.engine = engine
        self._stack = stack

    async def bridge(self, name: str, **options: Any) -> Bridge:
        bridge = await connect(self.engine.url, worker_name=name, **options)
        self._stack.push_async_callback(bridge.close)
        return bridge


@asynccontextmanager
async def bench(**options: Any) -> AsyncIterator[Bench]:
    async with Engine(port=0, http_port=0, **options) as engine, AsyncExitStack() as stack:
        yield Bench(engine, stack)
