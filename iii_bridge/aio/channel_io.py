"""Both ends of a channel as a user holds them: items in, items out, each side waiting for the other (wire.md 10)."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Final, Self

from iii_bridge.aio.channels import ChannelEnd, Channels
from iii_bridge.aio.transport import TransportClosed
from iii_bridge.errors import ConnectionLostError, LocalProtocolError, Outcome
from iii_bridge.protocol.channel import ChannelRef

__all__ = ["ChannelReader", "ChannelWriter"]

_BUFFERED: Final = 64
"""Items held for a reader that is slow; then the channel is not read, and its writer waits."""

_CHUNK: Final = 64 * 1024
"""What official SDKs write at once."""

_CLOSE_DELAY: Final = 0.01  # between the last item and the close (wire.md 10)


class ChannelReader:
    """Iterates over the items of a channel as bytes, text or binary, until its writer closes it.

    Use it in `async with`; leaving early closes the end. A channel that broke
    looks like one that was closed: only the writer knows (wire.md 10).
    """

    def __init__(self, channels: Channels, ref: ChannelRef) -> None:
        self._channels = channels
        self._ref = ref
        self._items: deque[bytes] = deque()
        self._end: ChannelEnd | None = None
        self._over = False
        self._paused = False
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Opens the end. Raises ConnectionLostError when there is no such channel, or the end is taken."""
        self._end = await _open(self._channels, self._ref, self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._end is not None:
            self._end.leave()
            await self._end.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._end is None:
            raise LocalProtocolError("a channel is read inside `async with`")
        while not self._items:
            if self._over:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        item = self._items.popleft()
        if self._paused and len(self._items) <= _BUFFERED // 2:
            self._paused = False
            self._end.resume()
        return item

    async def read(self) -> bytes:
        """Everything until the end, as one."""
        return b"".join([item async for item in self])

    # --- what the channel says -------------------------------------------------

    def item(self, data: bytes) -> None:
        """As `ChannelSink.item`."""
        self._items.append(data)
        if len(self._items) >= _BUFFERED and not self._paused and self._end is not None:
            self._paused = True
            self._end.pause()
        self._changed.set()

    def closed(self) -> None:
        """As `ChannelSink.closed`."""
        self._over = True
        self._changed.set()


class ChannelWriter:
    """Writes items to a channel. Use it in `async with`; leaving closes the end, which is how a reader sees it."""

    def __init__(self, channels: Channels, ref: ChannelRef) -> None:
        self._channels = channels
        self._ref = ref
        self._end: ChannelEnd | None = None

    async def __aenter__(self) -> Self:
        """Opens the end. Raises ConnectionLostError when there is no such channel, or the end is taken."""
        self._end = await _open(self._channels, self._ref, self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._end is not None:
            await asyncio.sleep(_CLOSE_DELAY)
            await self._end.close(1000, "stream_complete")

    async def write(self, data: bytes | str) -> None:
        """One item: bytes, in pieces of 64 KiB, or a text; returns once there is room for more.

        Raises ConnectionLostError when the reader has left.
        """
        if self._end is None:
            raise LocalProtocolError("a channel is written inside `async with`")
        try:
            if isinstance(data, str):
                await self._end.send_all([data.encode()])
                return
            for start in range(0, len(data), _CHUNK):
                await self._end.send_binary(data[start : start + _CHUNK])
        except TransportClosed as gone:
            problem = "the reader of the channel has left"
            raise ConnectionLostError("channel", Outcome.UNKNOWN, problem) from gone

    # --- what the channel says -------------------------------------------------

    def item(self, data: bytes) -> None:
        """As `ChannelSink.item`: an engine sends nothing here (wire.md 10)."""

    def closed(self) -> None:
        """As `ChannelSink.closed`: the next write says so."""


async def _open(channels: Channels, ref: ChannelRef, sink: ChannelReader | ChannelWriter) -> ChannelEnd:
    wanted = "read" if isinstance(sink, ChannelReader) else "write"
    if ref.direction != wanted:
        raise LocalProtocolError(f"the reference is to the end to {ref.direction}, not to {wanted}")
    try:
        return await channels.open(ref, sink)
    except TransportClosed as refused:
        problem = f"the channel cannot be opened: {refused.reason or 'there is none, or its end is taken'}"
        raise ConnectionLostError("channel", Outcome.NOT_SENT, problem) from refused
