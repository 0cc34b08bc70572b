"""Channels at work: bounded buffers between a writer and a reader (wire.md 10)."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, cast

import msgspec
from msgspec import Raw

from iii_bridge.aio.ids import new_id
from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure
from iii_bridge.engine.limits import CHANNEL_BYTES, MOST_CHANNELS
from iii_bridge.protocol.channel import ChannelEntry, ChannelRef, ChannelTable, Claim, Direction
from iii_bridge.wire.codec import raw

__all__ = ["Channel", "ChannelGone", "Channels", "Item"]

Item = str | bytes
"""One text or binary item; the kind is preserved from writer to reader."""

_SWEEP_SECONDS: Final = 60.0


class ChannelGone(Exception):
    """The other end has left: no item will be taken any more."""


class Channel:
    """One channel's buffer. A full one makes the writer wait; nothing is dropped while both ends live."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._ended = False
        self._gone = False
        self._changed = asyncio.Event()

    async def put(self, item: Item) -> None:
        """Adds an item, waiting for room. Raises `ChannelGone` once the reader has left."""
        while self._full(len(item)) and not self._gone:
            await self._wait()
        if self._gone or self._ended:
            raise ChannelGone
        self._items.append(item)
        self._bytes += len(item)
        self._changed.set()

    async def get(self) -> Item | None:
        """The next item; None once the writer has ended and the buffer is empty."""
        while not self._items:
            if self._ended or self._gone:
                return None
            await self._wait()
        item = self._items.popleft()
        self._bytes -= len(item)
        self._changed.set()
        return item

    async def get_all(self) -> list[Item]:
        """Everything that is buffered, at least one item; nothing at the end, as `get`."""
        item = await self.get()
        if item is None:
            return []
        items = [item, *self._items]
        self._items.clear()
        self._bytes = 0
        return items

    def end(self) -> None:
        """The writer is done, or has vanished: the reader gets what is buffered, then the end."""
        self._ended = True
        self._changed.set()

    def drop(self) -> None:
        """The reader has left: what is buffered goes, and the writer is told at its next item."""
        self._gone = True
        self._items.clear()
        self._bytes = 0
        self._changed.set()

    def _full(self, more: int) -> bool:
        return len(self._items) >= self._capacity or bool(self._items and self._bytes + more > CHANNEL_BYTES)

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()


class _CreateRequest(msgspec.Struct):
    buffer_size: int | None = None


class _Created(msgspec.Struct):
    writer: ChannelRef
    reader: ChannelRef


class Channels:
    """Every channel of one engine, with `engine::channels::create` as the way in."""

    def __init__(self) -> None:
        self._table = ChannelTable(new_id)
        self._sweeper: asyncio.TimerHandle | None = None

    def builtins(self) -> list[Builtin]:
        """The function that creates channels."""
        return [Builtin("engine::channels::create", self._create, "Create a channel; returns a reference to each end")]

    def open(self, buffer_size: int | None = None) -> tuple[ChannelEntry, Channel]:
        """Creates a channel for use from inside the engine. Raises `BuiltinFailure` when there are too many."""
        if len(self._table) >= MOST_CHANNELS:
            text = f"there are {MOST_CHANNELS} channels already; open both ends of some, or wait until they are removed"
            raise BuiltinFailure("too_many_channels", text)
        loop = asyncio.get_running_loop()
        entry = self._table.create(loop.time(), buffer_size)
        channel = Channel(entry.capacity)
        entry.payload = channel
        if self._sweeper is None:
            self._sweeper = loop.call_later(_SWEEP_SECONDS, self._sweep)
        return entry, channel

    def known(self, channel_id: str, key: str) -> bool:
        """Is there such a channel, and is that its key?"""
        return self._table.find(channel_id, key) is not None

    def claim(self, channel_id: str, key: str, direction: Direction) -> Channel | Claim:
        """Opens one end, for good; says why it cannot be opened."""
        entry = self._table.claim(channel_id, key, direction)
        return entry if isinstance(entry, Claim) else cast(Channel, entry.payload)

    def remove(self, channel_id: str) -> None:
        """Forgets a channel whose ends are through; an end that is open keeps its buffer."""
        self._table.remove(channel_id)

    def close(self) -> None:
        """Ends every channel, whose writers would wait for room for ever, and stops the sweep."""
        for entry in self._table.clear():
            _end(entry)
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    def _create(self, call: BuiltinCall) -> Raw:
        entry, _ = self.open(call.read(_CreateRequest).buffer_size)
        return raw(_Created(writer=entry.ref("write"), reader=entry.ref("read")))

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        for entry in self._table.sweep(loop.time()):
            _end(entry)
        self._sweeper = loop.call_later(_SWEEP_SECONDS, self._sweep)


def _end(entry: ChannelEntry) -> None:
    channel = cast(Channel, entry.payload)
    channel.end()
    channel.drop()
