"""Channel ends as streams use them: items in and out, bounded on both sides (wire.md 10).

The machines of `protocol.stream_items` decide; here are only the sockets, the
waiting and the timers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

from iii_bridge.aio.transport import TransportClosed
from iii_bridge.errors import LocalProtocolError
from iii_bridge.protocol.channel import ChannelRef
from iii_bridge.protocol.stream_items import IncomingItems, OutgoingItems

__all__ = ["ChannelEnd", "ChannelSink", "Channels", "Incoming", "Lingering", "Outgoing", "close_iterator"]

_log: Final = logging.getLogger("iii_bridge.streams")

_CLOSE_DELAY: Final = 0.01  # what official SDKs wait between the last item and the close (wire.md 10)
_STOP_GRACE: Final = 2.0


class ChannelSink(Protocol):
    """What a channel end tells its user; called on the loop, never after `closed`."""

    def item(self, data: bytes) -> None:
        """An item arrived, text or binary."""
        ...

    def closed(self) -> None:
        """The end is closed, by whichever side and in whichever way."""
        ...


class ChannelEnd(Protocol):
    """One end of a channel. Single use: it opens once, and never again."""

    async def send_all(self, messages: Sequence[bytes]) -> None:
        """Writes text items in order; returns once there is room for more. Raises TransportClosed."""
        ...

    async def send_binary(self, message: bytes) -> None:
        """Writes one binary item; as `send_all` otherwise."""
        ...

    def pause(self) -> None:
        """Takes nothing from the channel until `resume`: its buffer fills, then its writer waits."""
        ...

    def resume(self) -> None:
        """Goes on after `pause`."""
        ...

    def leave(self) -> None:
        """Closes the end at once, without waiting: an engine does not read what a reader says (wire.md 10)."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the end; closing a closed one does nothing."""
        ...


class Channels(Protocol):
    """Where channels come from: an engine, or this process."""

    async def create(self) -> tuple[ChannelRef, ChannelRef]:
        """A new channel: the reference to write to, and the one to read from. Raises as a call does."""
        ...

    async def open(self, ref: ChannelRef, sink: ChannelSink) -> ChannelEnd:
        """Opens one end. Raises TransportClosed when there is no such channel, or the end is taken."""
        ...


class Lingering:
    """Tasks that outlive whoever started them: a channel end is closed a moment after the last item."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Runs it, and keeps it until it is done."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def stop(self) -> None:
        """Waits a moment for what runs, then cancels it."""
        if self._tasks:
            _, running = await asyncio.wait(tuple(self._tasks), timeout=_CLOSE_DELAY * 2)
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running, timeout=_STOP_GRACE)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.debug("%s failed", task.get_name(), exc_info=error)


class Incoming:
    """The reading end of a stream; a `ChannelSink`."""

    def __init__(self, items: IncomingItems, changed: Callable[[], None] | None = None) -> None:
        """`changed` is called when the end of the stream may have come nearer."""
        self.items = items
        self._changed = changed
        self._end: ChannelEnd | None = None
        self._lingering: Lingering | None = None
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None

    async def open(self, channels: Channels, ref: ChannelRef, lingering: Lingering) -> None:
        """Opens the channel's end. Raises TransportClosed."""
        self._end = await channels.open(ref, self)
        self._lingering = lingering
        if self._paused:
            self._end.pause()

    def item(self, data: bytes) -> None:
        """As `ChannelSink.item`."""
        items = self.items
        items.receive(data)
        if items.full and not self._paused:
            self._paused = True
            if self._end is not None:
                self._end.pause()
        if items.closed and self._changed is not None:
            self._changed()
        if self._waiter is not None:
            self.wake()

    def closed(self) -> None:
        """As `ChannelSink.closed`."""
        self.items.close()
        if self._changed is not None:
            self._changed()
        self.wake()

    def take(self) -> bytes | None:
        """The next message; None when none has arrived yet, or none will."""
        message = self.items.take()
        if self._paused and self.items.low:
            self._paused = False
            if self._end is not None:
                self._end.resume()
        return message

    async def wait(self) -> None:
        """Returns when something may have changed since. Raises LocalProtocolError while somebody waits already."""
        if self._waiter is not None:
            raise LocalProtocolError("two tasks read one stream at once; read it in one, and share what it gives")
        self._waiter = waiter = asyncio.get_running_loop().create_future()
        try:
            await waiter
        finally:
            self._waiter = None

    def wake(self) -> None:
        """Ends the `wait` that is going on."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def leave(self) -> None:
        """Reads no more: the writer is told at its next item."""
        end, self._end = self._end, None
        if end is not None and self._lingering is not None:
            end.leave()
            self._lingering.start(end.close(), "iii-bridge stream reader")


class Outgoing:
    """The writing end of a stream; a `ChannelSink`, whose channel sends nothing."""

    def __init__(self, items: OutgoingItems, left: Callable[[], None] | None = None) -> None:
        """`left` is called when the reader has gone away, or the channel with it."""
        self.items = items
        self._left = left
        self._task: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._last = False
        self._writing = False
        self._waiters: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None

    async def open(self, channels: Channels, ref: ChannelRef, lingering: Lingering) -> None:
        """Opens the channel's end and begins to write what is put. Raises TransportClosed."""
        end = await channels.open(ref, self)
        self._tick()
        self._task = lingering.start(self._write(end), "iii-bridge stream writer")

    def item(self, data: bytes) -> None:
        """As `ChannelSink.item`: an engine sends nothing here (wire.md 10)."""

    def closed(self) -> None:
        """As `ChannelSink.closed`."""
        if not self.items.gone:
            self.items.leave()
            if self._left is not None:
                self._left()
        self._wake.set()

    def put(self, data: bytes) -> bool:
        """Queues a message; False when `room` has to be awaited before the next."""
        items = self.items
        items.message(data)
        self._wake.set()
        return items.has_room

    async def room(self) -> None:
        """Returns once more may be put. Raises TransportClosed when the reader has left: nothing more will be read."""
        while not self.items.has_room:
            if self.items.gone:
                raise TransportClosed(1005, "the reader has left")
            await self._wait()

    def poke(self) -> None:
        """Has written what the machine has queued meanwhile."""
        self._wake.set()

    def finish(self, within: float | None = None) -> None:
        """What is queued is the last: the end is closed once it is written, or after `within` seconds.

        Without a limit a reader that takes its time gets everything. With one,
        a channel that nobody reads does not keep us.
        """
        self._last = True
        self._wake.set()
        if within is not None and self._task is not None:
            self._loop.call_later(within, self._task.cancel)

    async def flushed(self) -> None:
        """Returns once everything is with the socket, or nothing will be any more."""
        while self.items.has_items or self._writing:
            await self._wait()

    async def _write(self, end: ChannelEnd) -> None:
        items = self.items
        try:
            while True:
                self._wake.clear()
                while batch := items.take(self._loop.time()):
                    self._writing = True
                    await end.send_all(batch)
                    self._writing = False
                    self._notify()
                self._notify()
                if self._last or items.gone:
                    break
                await self._wake.wait()
            if not items.gone:
                await asyncio.sleep(_CLOSE_DELAY)
        except TransportClosed:
            self.closed()
        finally:
            self._writing = False
            if self._timer is not None:
                self._timer.cancel()
            items.leave()
            self._notify()
            await end.close(1000, "stream_complete")

    async def _wait(self) -> None:
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(waiter)
        await waiter

    def _notify(self) -> None:
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    def _tick(self) -> None:
        self.items.tick(self._loop.time())
        if self.items.has_items:
            self._wake.set()
        upcoming = self.items.next_deadline()
        self._timer = None if upcoming is None else self._loop.call_at(upcoming, self._tick)


async def close_iterator(iterator: object) -> None:
    """Ends an asynchronous generator that is not read to its end; other iterators have nothing to end."""
    close = getattr(iterator, "aclose", None)
    if close is not None:
        await close()
