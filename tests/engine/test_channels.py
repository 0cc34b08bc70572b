"""Channels: bounded, ordered, kinds preserved; over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from iii_bridge.engine import Engine
from iii_bridge.engine.channels import Channel, ChannelGone, Channels
from iii_bridge.engine.limits import CHANNEL_BYTES
from iii_bridge.protocol.channel import Claim
from tests.engine.support import BareWorker, asynchronous


def url(engine: Engine, ref: dict[str, Any], **changes: str) -> str:
    parts = {"id": ref["channel_id"], "key": ref["access_key"], "dir": ref["direction"], **changes}
    return f"{engine.url}/ws/channels/{parts['id']}?key={parts['key']}&dir={parts['dir']}"


async def create(engine: Engine, size: int | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    worker = await BareWorker.join(engine)
    refs = (await worker.call("engine::channels::create", {"buffer_size": size}))["result"]
    await worker.close()
    return refs["writer"], refs["reader"]


@asynchronous
async def test_a_full_buffer_makes_the_writer_wait() -> None:
    channel = Channel(2)
    await channel.put("a")
    await channel.put(b"b")
    third = asyncio.create_task(channel.put("c"))
    await asyncio.sleep(0)
    assert not third.done()
    assert await channel.get() == "a"
    await third
    channel.end()
    assert [await channel.get() for _ in range(3)] == [b"b", "c", None]
    with pytest.raises(ChannelGone):
        await channel.put("d")


@asynchronous
async def test_a_reader_that_leaves_frees_the_writer() -> None:
    channel = Channel(1)
    await channel.put("a")
    second = asyncio.create_task(channel.put("b"))
    await asyncio.sleep(0)
    channel.drop()
    with pytest.raises(ChannelGone):
        await second
    assert await channel.get() is None


@asynchronous
async def test_items_written_before_the_reader_comes_are_kept() -> None:
    async with Engine() as engine:
        write, read = await create(engine)
        async with connect(url(engine, write)) as writer:
            for item in ("text", b"\x00\x01", "", "ü" * 100):
                await writer.send(item)
        async with connect(url(engine, read)) as reader:
            assert [item async for item in reader] == ["text", b"\x00\x01", "", "ü" * 100]
            assert reader.close_code == 1005


@asynchronous
async def test_backpressure_reaches_the_writers_socket_and_nothing_is_lost() -> None:
    async with Engine() as engine:
        write, read = await create(engine, 1)
        items = [bytes([number]) * 200_000 for number in range(100)]
        sent: list[int] = []

        async def produce() -> None:
            async with connect(url(engine, write), compression=None) as writer:
                for number, item in enumerate(items):
                    await writer.send(item)
                    sent.append(number)

        producing = asyncio.create_task(produce())
        async with connect(url(engine, read), compression=None, max_size=None) as reader:
            first = await reader.recv()
            assert len(sent) < len(items)
            rest = [item async for item in reader]
        await producing
        assert [first, *rest] == items


@asynchronous
async def test_each_end_opens_once() -> None:
    async with Engine() as engine:
        write, read = await create(engine)
        async with connect(url(engine, write)) as writer, connect(url(engine, read)) as reader:
            async with connect(url(engine, read)) as second:
                with pytest.raises(ConnectionClosed):
                    await second.recv()
            await writer.send("still")
            assert await reader.recv() == "still"


@asynchronous
async def test_a_reader_that_goes_closes_the_writer() -> None:
    async with Engine() as engine:
        write, read = await create(engine)
        async with connect(url(engine, write)) as writer:
            async with connect(url(engine, read)) as reader:
                await writer.send("one")
                await reader.recv()
            async with asyncio.timeout(5):
                while writer.close_code is None:
                    with contextlib.suppress(ConnectionClosed):
                        await writer.send("more")
                    await asyncio.sleep(0)  # let the engine, on this same loop, read it


@asynchronous
async def test_wrong_urls_are_refused_before_the_upgrade() -> None:
    async with Engine() as engine:
        write, _ = await create(engine)
        wrong = {
            404: [url(engine, write, key="x"), url(engine, write, id="x"), f"{engine.url}/nowhere"],
            400: [url(engine, write, dir="sideways"), f"{engine.url}/ws/channels/{write['channel_id']}"],
        }
        for status, urls in wrong.items():
            for bad in urls:
                with pytest.raises(InvalidStatus) as refused:
                    await connect(bad)
                assert refused.value.response.status_code == status


@asynchronous
async def test_a_channel_outlives_its_creator_and_is_claimed_in_process() -> None:
    channels = Channels()
    entry, channel = channels.open(3)
    assert channels.known(entry.id, entry.key)
    assert channels.claim(entry.id, entry.key, "read") is channel
    assert channels.claim(entry.id, entry.key, "read") is Claim.TAKEN
    channels.remove(entry.id)
    assert not channels.known(entry.id, entry.key)
    channels.close()


@asynchronous
async def test_everything_buffered_is_taken_at_once() -> None:
    channel = Channel(4)
    for item in ("a", b"b", "c"):
        await channel.put(item)
    assert await channel.get_all() == ["a", b"b", "c"]
    large = "x" * CHANNEL_BYTES
    for _ in range(3):
        await channel.put(large)  # there is room again in bytes, too
        assert await channel.get_all() == [large]
    waiting = asyncio.create_task(channel.get_all())
    await asyncio.sleep(0)
    assert not waiting.done()
    await channel.put("d")
    assert await waiting == ["d"]
    channel.end()
    assert await channel.get_all() == []
