"""The two ends of a stream over channels: waiting, waking, keeping alive, closing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from iii_bridge.aio.channels import Incoming, Lingering, Outgoing, close_iterator
from iii_bridge.aio.memory_channels import MemoryChannels
from iii_bridge.aio.transport import TransportClosed
from iii_bridge.errors import LocalProtocolError, Side, StreamTruncatedError
from iii_bridge.protocol.stream_items import BUFFER_ITEMS, KEEP_ALIVE_SECONDS, IncomingItems, OutgoingItems
from tests.virtual_clock import run_virtually


class Pair:
    """Both ends of one channel."""

    def __init__(self) -> None:
        self.channels = MemoryChannels(capacity=4)
        self.lingering = Lingering()
        self.changes = 0
        self.left = asyncio.Event()
        self.incoming = Incoming(IncomingItems("a::b", Side.REQUEST, counted=True), self.changed)
        self.outgoing = Outgoing(OutgoingItems(0.0), self.left.set)

    async def open(self) -> Pair:
        write, read = await self.channels.create()
        await self.incoming.open(self.channels, read, self.lingering)
        await self.outgoing.open(self.channels, write, self.lingering)
        return self

    def changed(self) -> None:
        self.changes += 1

    async def read(self) -> list[bytes]:
        messages: list[bytes] = []
        while True:
            message = self.incoming.take()
            if message is not None:
                messages.append(message)
            elif self.incoming.items.finished:
                return messages
            else:
                await self.incoming.wait()


def test_everything_arrives_however_slow_the_reader() -> None:
    async def main() -> None:
        pair = await Pair().open()
        ahead: list[int] = []

        async def write() -> None:
            for number in range(1000):
                if not pair.outgoing.put(b'{"n":%d}' % number):
                    await pair.outgoing.room()
                ahead.append(number - pair.incoming.items.received)
            pair.outgoing.items.end()
            pair.outgoing.finish()
            await pair.outgoing.flushed()

        writing = asyncio.create_task(write())
        await asyncio.sleep(5)
        assert not writing.done(), "nobody reads"
        assert pair.incoming.items.waiting <= BUFFER_ITEMS + 4
        assert await pair.read() == [b'{"n":%d}' % number for number in range(1000)]
        await writing
        assert max(ahead) <= 2 * BUFFER_ITEMS + 4
        assert pair.incoming.items.error is None
        assert pair.changes > 0
        await asyncio.sleep(1)
        pair.incoming.leave()
        await asyncio.sleep(1)
        assert (len(pair.lingering), pair.channels.channels) == (0, {})

    run_virtually(main())


def test_a_silent_writer_learns_that_its_reader_left() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pair = await Pair().open()
        pair.outgoing.put(b"{}")
        await pair.incoming.wait()
        pair.incoming.leave()
        await asyncio.wait_for(pair.left.wait(), 3 * KEEP_ALIVE_SECONDS)
        assert loop.time() == pytest.approx(KEEP_ALIVE_SECONDS)
        with pytest.raises(TransportClosed):
            await pair.outgoing.room()
        assert not pair.outgoing.put(b"{}")
        await pair.outgoing.flushed()

    run_virtually(main())


def test_a_channel_that_nobody_reads_keeps_its_writer_only_so_long() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        pair = Pair()
        write, _ = await pair.channels.create()
        await pair.outgoing.open(pair.channels, write, pair.lingering)
        for _ in range(20):
            pair.outgoing.put(b"{}")
        await asyncio.sleep(1)
        pair.outgoing.items.cancel()
        pair.outgoing.finish(within=2.0)
        await pair.outgoing.flushed()
        assert loop.time() == pytest.approx(3.0)
        await asyncio.sleep(0)
        assert not len(pair.lingering)

    run_virtually(main())


def test_one_task_reads_at_a_time() -> None:
    async def main() -> None:
        pair = await Pair().open()
        first = asyncio.create_task(pair.incoming.wait())
        await asyncio.sleep(0)
        with pytest.raises(LocalProtocolError, match="two tasks read one stream"):
            await pair.incoming.wait()
        pair.outgoing.put(b"{}")
        await first
        assert pair.incoming.take() == b"{}"

    run_virtually(main())


def test_keep_alives_are_not_messages() -> None:
    async def main() -> None:
        pair = await Pair().open()
        await asyncio.sleep(5 * KEEP_ALIVE_SECONDS)
        pair.outgoing.put(b"{}")
        pair.outgoing.items.end()
        pair.outgoing.finish()
        assert await pair.read() == [b"{}"]

    run_virtually(main())


def test_a_channel_that_breaks_ends_both_sides() -> None:
    async def main() -> None:
        pair = await Pair().open()
        pair.outgoing.put(b"{}")
        reading = asyncio.create_task(pair.read())
        await asyncio.sleep(1)
        next(iter(pair.channels.channels.values())).break_off()
        assert await reading == [b"{}"]
        assert isinstance(pair.incoming.items.error, StreamTruncatedError)
        await pair.left.wait()
        assert not len(pair.lingering)

    run_virtually(main())


def test_a_writer_that_waits_for_room_is_freed_when_the_reader_leaves() -> None:
    async def main() -> None:
        pair = await Pair().open()
        pair.incoming.item(b"{}")
        while pair.outgoing.put(b"{}"):  # noqa: ASYNC110 -- until there is no room
            await asyncio.sleep(0)
        waiting = asyncio.create_task(pair.outgoing.room())
        await asyncio.sleep(1)
        assert not waiting.done()
        pair.incoming.leave()
        with pytest.raises(TransportClosed):
            await waiting

    run_virtually(main())


def test_what_lingers_is_stopped_after_a_moment() -> None:
    async def main() -> None:
        lingering = Lingering()
        lingering.start(asyncio.sleep(0), "short")
        long = lingering.start(asyncio.sleep(1000), "long")

        async def failing() -> None:
            raise ZeroDivisionError

        lingering.start(failing(), "failing")  # nobody looks at its error, and nothing complains
        await lingering.stop()
        assert long.cancelled()
        assert not len(lingering)
        await lingering.stop()

    run_virtually(main())


def test_generators_are_closed_and_other_iterators_left_alone() -> None:
    async def main() -> None:
        closed: list[bool] = []

        async def generator() -> AsyncIterator[int]:
            try:
                yield 1
            finally:
                closed.append(True)

        started = generator()
        assert await anext(started) == 1
        await close_iterator(started)
        assert closed == [True]
        await close_iterator(iter([]))

    run_virtually(main())
