"""One connection's way out: a bounded queue and the only task that writes to its transport."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from iii_bridge.aio.transport import Transport, TransportClosed

__all__ = ["OUTBOX_LIMIT", "Connection"]

OUTBOX_LIMIT: Final = 64
"""Frames that may wait; whoever sends beyond it waits for room (wire.md 1.2)."""


class Connection:
    """Frames are never dropped while the connection lives, and leave in the order given."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._outbox: deque[bytes] = deque()
        self._ready = asyncio.Event()
        self._room: asyncio.Event | None = None
        self._closing: tuple[int, str] | None = None
        self._ended = False

    @property
    def congested(self) -> bool:
        """More frames wait than the limit allows: senders should await `room`."""
        return len(self._outbox) > OUTBOX_LIMIT and not self._ended

    def push(self, frame: bytes) -> None:
        """Queues one frame; on a connection that ends it goes nowhere."""
        if self._closing is None and not self._ended:
            self._outbox.append(frame)
            self._ready.set()

    def finish(self, code: int, reason: str) -> None:
        """Sends what is queued, then closes. Does not wait for it."""
        if self._closing is None:
            self._closing = (code, reason)
            self._ready.set()

    async def room(self) -> None:
        """Waits until the queue is below its limit, or the connection has ended."""
        while self.congested:
            if self._room is None:
                self._room = asyncio.Event()
            await self._room.wait()

    async def write(self) -> None:
        """Writes until the connection ends; runs as the connection's one writer task."""
        try:
            while True:
                while self._outbox:
                    frame = self._outbox.popleft()
                    if self._room is not None and not self.congested:
                        self._free()
                    await self.transport.send(frame)
                if self._closing is not None:
                    await self.transport.close(*self._closing)
                    return
                self._ready.clear()
                await self._ready.wait()
        except TransportClosed:
            return
        finally:
            self._ended = True
            self._outbox.clear()
            self._free()

    def _free(self) -> None:
        waiting, self._room = self._room, None
        if waiting is not None:
            waiting.set()
