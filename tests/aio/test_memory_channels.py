"""Channels in memory behave as an engine's."""

from __future__ import annotations

import asyncio

import pytest

from iii_bridge.aio.memory_channels import MemoryChannels
from iii_bridge.aio.transport import TransportClosed
from iii_bridge.protocol.channel import ChannelRef
from tests.virtual_clock import run_virtually


class Sink:
    def __init__(self) -> None:
        self.items: list[bytes] = []
        self.ended = asyncio.Event()

    def item(self, data: bytes) -> None:
        assert not self.ended.is_set(), "an item after the end"
        self.items.append(data)

    def closed(self) -> None:
        assert not self.ended.is_set(), "closed twice"
        self.ended.set()


def test_items_arrive_in_order_and_the_end_after_them() -> None:
    async def main() -> None:
        channels = MemoryChannels(capacity=2)
        write, read = await channels.create()
        writer, reader = Sink(), Sink()
        out = await channels.open(write, writer)
        sending = asyncio.create_task(out.send_all([b"1", b"2", b"3"]))
        await asyncio.sleep(0)
        assert not sending.done(), "the buffer is full, and nobody reads"
        end = await channels.open(read, reader)
        await sending
        end.pause()
        await out.send_all([b"4"])
        await out.close()
        await writer.ended.wait()
        assert not reader.ended.is_set()
        end.resume()
        await reader.ended.wait()
        assert reader.items == [b"1", b"2", b"3", b"4"]
        assert channels.channels == {}

    run_virtually(main())


def test_a_reader_that_left_is_noticed_at_the_next_item() -> None:
    async def main() -> None:
        channels = MemoryChannels(capacity=1)
        write, read = await channels.create()
        writer, reader = Sink(), Sink()
        out, end = await channels.open(write, writer), await channels.open(read, reader)
        end.leave()
        await reader.ended.wait()
        assert not writer.ended.is_set()
        with pytest.raises(TransportClosed):
            await out.send_all([b"1"])
        await writer.ended.wait()
        assert reader.items == []
        assert channels.channels == {}

    run_virtually(main())


def test_a_broken_channel_loses_what_it_holds_and_frees_whoever_waits() -> None:
    async def main() -> None:
        channels = MemoryChannels(capacity=1)
        write, _ = await channels.create()
        writer = Sink()
        out = await channels.open(write, writer)
        sending = asyncio.create_task(out.send_all([b"1", b"2"]))
        await asyncio.sleep(0)
        channels.channels[write.channel_id].break_off()
        with pytest.raises(TransportClosed):
            await sending
        await writer.ended.wait()

    run_virtually(main())


def test_each_end_opens_once_and_only_where_there_is_a_channel() -> None:
    async def main() -> None:
        channels = MemoryChannels()
        write, _ = await channels.create()
        await channels.open(write, Sink())
        with pytest.raises(TransportClosed, match="taken"):
            await channels.open(write, Sink())
        with pytest.raises(TransportClosed, match="no such channel"):
            await channels.open(ChannelRef("nothing", "k", "read"), Sink())

    run_virtually(main())
