"""Calls that serve the operation of a gateway, health and reflection: they may last, and must not hold up its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from iii_bridge.gateway.rpc import RpcContext

__all__ = ["Auxiliary"]


class Auxiliary:
    """Runs them until `stop`."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._stopping = False

    async def run(self, context: RpcContext, body: Callable[[], Awaitable[None]]) -> None:
        """Awaits a body; one that is cut off by `stop` ends with UNAVAILABLE."""
        task = asyncio.current_task()
        if task is None or self._stopping:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the gateway is stopping")
        self._running.add(task)
        try:
            await body()
            return
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            task.uncancel()
        finally:
            self._running.discard(task)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the gateway is stopping")

    def stop(self) -> None:
        """Ends what is running, and whatever comes."""
        self._stopping = True
        for task in self._running:
            task.cancel()
