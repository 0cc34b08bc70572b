"""One connection's way out: a queue and the only task that writes to its transport (wire.md 1.2).

Frames are never dropped while the connection lives. What keeps the queue from
growing without end differs by kind: an answer waits beside the call it ends,
and there are no more of those than the peer has asked for; a call waits on
behalf of its caller, and a caller with too many waiting here is not read from
until there is room. So a worker that has stopped reading holds up only those
who flood it, never those it owes answers, nor itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

from iii_bridge.aio.transport import Transport, TransportClosed

__all__ = ["BACKLOG_LIMIT", "FLUSH_SECONDS", "BatchTransport", "Connection"]

BACKLOG_LIMIT: Final = 1024
"""Calls of one caller that may wait for one connection before that caller is not read from.

The real engine's queue holds 64, but its senders are tasks and its readers never wait for them (wire.md 2.4).
"""

_BATCH_BYTES: Final = 64 * 1024

FLUSH_SECONDS: Final = 2.0
"""How long a connection that is to close may take for what is queued: its peer may not read any more."""


@runtime_checkable
class BatchTransport(Protocol):
    """A transport that can take several messages at once."""

    async def send_all(self, frames: Sequence[bytes]) -> None:
        """Sends text messages, given as UTF-8, in order. Raises TransportClosed."""
        ...


class Connection:
    """Frames leave in the order given."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._batches = transport if isinstance(transport, BatchTransport) else None
        self._outbox: deque[tuple[bytes, str | None]] = deque()
        self._waiting: dict[str, int] = {}
        self._ready = asyncio.Event()
        self._room: asyncio.Event | None = None
        self._closing: tuple[int, str] | None = None
        self._flush = asyncio.timeout(None)
        self._writing = False
        self._ended = False

    def push(self, frame: bytes, caller: str | None = None) -> None:
        """Queues one frame; on a connection that ends it goes nowhere. `caller` is whose call it is, if it is one."""
        if self._closing is not None or self._ended:
            return
        self._outbox.append((frame, caller))
        if caller is not None:
            self._waiting[caller] = self._waiting.get(caller, 0) + 1
        self._ready.set()

    def congested(self, caller: str) -> bool:
        """Do more calls of this caller wait than may? It should await `room`."""
        return self._waiting.get(caller, 0) > BACKLOG_LIMIT

    def finish(self, code: int, reason: str) -> None:
        """Sends what is queued, as far as the peer takes it in time, then closes. Does not wait for it."""
        if self._closing is None:
            self._closing = (code, reason)
            self._ready.set()
            self._limit()

    async def room(self, caller: str) -> None:
        """Waits until fewer calls of this caller wait here, or the connection has ended."""
        while self.congested(caller):
            if self._room is None:
                self._room = asyncio.Event()
            await self._room.wait()

    async def write(self) -> None:
        """Writes until the connection ends; runs as the connection's one writer task."""
        try:
            with contextlib.suppress(TimeoutError):
                async with self._flush:
                    self._writing = True
                    self._limit()
                    await self._send_until_closing()
            if self._closing is not None:
                await self.transport.close(*self._closing)
        except TransportClosed:
            return
        finally:
            self._writing = False
            self._ended = True
            self._outbox.clear()
            self._waiting.clear()
            self._free()

    async def _send_until_closing(self) -> None:
        while True:
            while self._outbox:
                await self._send(self._next())
            if self._closing is not None:
                return
            self._ready.clear()
            await self._ready.wait()

    def _next(self) -> list[bytes]:
        """What goes to the transport at once: for a socket, one system call for many small frames."""
        frames: list[bytes] = []
        size, limit = 0, 1 if self._batches is None else _BATCH_BYTES
        while self._outbox and size < limit:
            frame, caller = self._outbox.popleft()
            if caller is not None:
                self._took(caller)
            frames.append(frame)
            size += len(frame)
        return frames

    async def _send(self, frames: list[bytes]) -> None:
        if self._batches is not None:
            await self._batches.send_all(frames)
        else:
            for frame in frames:
                await self.transport.send(frame)

    def _limit(self) -> None:
        if self._writing and self._closing is not None and not self._ended:
            self._flush.reschedule(asyncio.get_running_loop().time() + FLUSH_SECONDS)

    def _took(self, caller: str) -> None:
        left = self._waiting[caller] - 1
        if left:
            self._waiting[caller] = left
        else:
            del self._waiting[caller]
        if self._room is not None and left <= BACKLOG_LIMIT:
            self._free()

    def _free(self) -> None:
        waiting, self._room = self._room, None
        if waiting is not None:
            waiting.set()
