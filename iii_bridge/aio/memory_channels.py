"""Channels within one process: for services in memory, and for tests. They behave as an engine's (wire.md 10)."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from iii_bridge.aio.channels import ChannelEnd, ChannelSink
from iii_bridge.aio.transport import TransportClosed
from iii_bridge.protocol.channel import ChannelRef, Direction
from iii_bridge.wire.limits import CHANNEL_BUFFER_DEFAULT

__all__ = ["MemoryChannel", "MemoryChannels"]

_NOT_FOUND: Final = "no such channel"


class MemoryChannel:
    """One channel: a bounded buffer between two ends, each of which opens once."""

    def __init__(self, capacity: int, over: Callable[[], object]) -> None:
        """`capacity` in items; `over` is called once both ends are closed."""
        self._capacity = capacity
        self._over = over
        self._items: deque[bytes] = deque()
        self._sinks: dict[Direction, ChannelSink] = {}
        self._closed: set[Direction] = set()
        self._paused = False
        self._scheduled = False
        self._waiters: list[asyncio.Future[None]] = []
        self._loop = asyncio.get_running_loop()

    def open(self, direction: Direction, sink: ChannelSink) -> ChannelEnd:
        """Opens an end. Raises TransportClosed for one that was opened before, as the engine closes it at once."""
        if direction in self._sinks:
            raise TransportClosed(1005, "the end is taken")
        self._sinks[direction] = sink
        self._schedule()
        return _End(self, direction)

    def break_off(self) -> None:
        """As when the sockets die: what is buffered is lost, and both ends are closed."""
        self._items.clear()
        self.close_end("write")
        self.close_end("read")

    async def put(self, item: bytes) -> None:
        """Adds an item, waiting for room. Raises TransportClosed; a reader's leaving is noticed here, not before."""
        while len(self._items) >= self._capacity and not self._closed:
            waiter: asyncio.Future[None] = self._loop.create_future()
            self._waiters.append(waiter)
            await waiter
        if self._closed:
            self.close_end("write")
            raise TransportClosed(1005)
        self._items.append(item)
        self._schedule()

    def set_paused(self, paused: bool) -> None:
        """Whether the reader takes items."""
        self._paused = paused
        self._schedule()

    def close_end(self, direction: Direction) -> None:
        """The end is closed, by its user or by the channel."""
        if direction in self._closed:
            return
        self._closed.add(direction)
        if len(self._closed) == 2:
            self._over()
        if direction == "read":
            self._items.clear()
        self._release()
        self._schedule()
        sink = self._sinks.get(direction)
        if sink is not None and (direction == "write" or not self._items):
            self._loop.call_soon(sink.closed)

    # --- inside --------------------------------------------------------------

    def _schedule(self) -> None:
        if not self._scheduled and "read" in self._sinks:
            self._scheduled = True
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False
        sink = self._sinks["read"]
        while self._items and not self._paused and "read" not in self._closed:
            sink.item(self._items.popleft())
            self._release()
        if not self._items and "write" in self._closed:
            self.close_end("read")

    def _release(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class _End:
    """One end, as its user holds it."""

    def __init__(self, channel: MemoryChannel, direction: Direction) -> None:
        self._channel = channel
        self._direction: Direction = direction

    async def send_all(self, messages: Sequence[bytes]) -> None:
        """As `ChannelEnd.send_all`."""
        for item in messages:
            await self._channel.put(item)

    async def send_binary(self, message: bytes) -> None:
        """As `ChannelEnd.send_binary`."""
        await self._channel.put(message)

    def pause(self) -> None:
        """As `ChannelEnd.pause`."""
        self._channel.set_paused(True)

    def resume(self) -> None:
        """As `ChannelEnd.resume`."""
        self._channel.set_paused(False)

    def leave(self) -> None:
        """As `ChannelEnd.leave`."""
        self._channel.close_end(self._direction)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """As `ChannelEnd.close`."""
        self._channel.close_end(self._direction)


class MemoryChannels:
    """A `Channels` without an engine."""

    def __init__(self, capacity: int = CHANNEL_BUFFER_DEFAULT) -> None:
        self._capacity = capacity
        self.channels: dict[str, MemoryChannel] = {}
        """Every channel with an end that is not closed, by id."""

    async def create(self) -> tuple[ChannelRef, ChannelRef]:
        """As `Channels.create`."""
        key = str(uuid.uuid4())
        self.channels[key] = MemoryChannel(self._capacity, lambda: self.channels.pop(key, None))
        return ChannelRef(key, key, "write"), ChannelRef(key, key, "read")

    async def open(self, ref: ChannelRef, sink: ChannelSink) -> ChannelEnd:
        """As `Channels.open`."""
        channel = self.channels.get(ref.channel_id)
        if channel is None:
            raise TransportClosed(1006, _NOT_FOUND)
        return channel.open(ref.direction, sink)
