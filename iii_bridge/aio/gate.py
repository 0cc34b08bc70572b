"""How many handlers run at once, and how many wait for their turn."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final

from iii_bridge.errors import StatusError
from iii_bridge.status import StatusCode

__all__ = ["DEFAULT_BACKLOG", "Gate"]

DEFAULT_BACKLOG: Final = 10_000
"""Invocations that may wait at one gate."""


class Gate:
    """`async with gate` lets `limit` in at once; the others wait in order, and only so many of them."""

    def __init__(self, name: str, limit: int, backlog: int = DEFAULT_BACKLOG) -> None:
        """`name` is what the refusal calls it; `limit` and `backlog` count invocations."""
        self._name = name
        self._limit = limit
        self._backlog = backlog
        self._places = asyncio.Semaphore(limit)
        self._waiting = 0

    async def __aenter__(self) -> None:
        """Raises StatusError with RESOURCE_EXHAUSTED when too many wait already."""
        if not self._places.locked():
            await self._places.acquire()
            return
        if self._waiting >= self._backlog:
            problem = f"{self._name} serves {self._limit} at once and {self._waiting} wait already; call again later"
            raise StatusError(StatusCode.RESOURCE_EXHAUSTED, problem)
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._places.release()
