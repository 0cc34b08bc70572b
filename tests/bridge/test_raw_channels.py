"""Channels for a user's own purposes, and raw http bodies, on the embedded engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from iii_bridge import Bridge, ConnectionLostError, LocalProtocolError
from iii_bridge.abi.v1 import Value
from iii_bridge.v1 import HttpResponse
from tests.bridge.contracts import shop
from tests.bridge.support import bench, run_really


def test_items_cross_a_channel_in_order_and_the_end_is_seen() -> None:
    async def main() -> None:
        async with bench() as b:
            one, two = await b.bridge("one"), await b.bridge("two")
            to_write, to_read = await one.create_channel()
            items = [f"item {number}" for number in range(500)]  # more than every buffer on the way

            async def write() -> None:
                async with one.write_channel(to_write) as out:
                    for item in items:
                        await out.write(item)

            writing = asyncio.create_task(write())
            async with two.read_channel(to_read) as reader:
                found = [item.decode() async for item in reader]
            await writing
            assert found == items

    run_really(main())


def test_a_writer_waits_for_a_slow_reader_and_hears_when_it_leaves() -> None:
    async def main() -> None:
        async with bench() as b:
            bridge = await b.bridge("one")
            to_write, to_read = await bridge.create_channel()
            written = 0

            async def write() -> None:
                nonlocal written
                async with bridge.write_channel(to_write) as out:
                    while True:
                        await out.write(bytes(256 * 1024))
                        written += 1

            async with bridge.read_channel(to_read) as reader:
                writing = asyncio.create_task(write())
                assert len(await anext(reader)) == 64 * 1024
                before = -1
                while before != written:  # until every buffer is full: nothing more in that many round trips
                    before = written
                    for _ in range(200):
                        await bridge.call("engine::workers::list")
                assert not writing.done()
                assert written < 2000
            with pytest.raises(ConnectionLostError, match="the reader of the channel has left"):
                await writing

    run_really(main(), 60)


def test_ends_open_once_and_in_their_own_direction() -> None:
    async def main() -> None:
        async with bench() as b:
            bridge = await b.bridge("one")
            to_write, to_read = await bridge.create_channel()
            with pytest.raises(LocalProtocolError, match="is to the end to write, not to read"):
                async with bridge.read_channel(to_write):
                    raise AssertionError("must not open")
            with pytest.raises(LocalProtocolError, match="no channel here"):
                bridge.read_channel(None)
            with pytest.raises(LocalProtocolError, match="inside `async with`"):
                await bridge.write_channel(to_write).write("x")
            async with bridge.write_channel(to_write) as out, bridge.read_channel(to_read) as reader:
                await out.write("x")
                assert await anext(reader) == b"x"
                # A taken end is closed at once, which looks like a channel without items (wire.md 10).
                async with bridge.read_channel(to_read) as second:
                    assert await second.read() == b""

    run_really(main())


class Raw(shop.OrdersService):  # type: ignore[misc]
    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge

    async def place(self, request: Any, context: Any, /) -> Any:
        raise AssertionError("must not run")

    get = note = place

    async def raw(self, request: Any, context: Any, /) -> Any:
        if request.path_params["id"] == "count":
            async with self.bridge.read_channel(request.request_body) as body:
                return HttpResponse(body=Value.from_python({"size": len(await body.read())}))
        headers = {"content-type": "application/octet-stream", "x-kind": request.path_params["id"]}
        async with self.bridge.read_channel(request.request_body) as body:
            data = await body.read()
        async with self.bridge.http_response(request.response, status=206, headers=headers) as out:
            for start in range(0, len(data), 1000):
                await out.write(data[start : start + 1000])
        return HttpResponse(status_code=500)


def test_raw_bodies_go_in_and_out() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"\x00\xff" * 5000

    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("orders")
            await worker.serve(Raw(worker))
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{b.engine.http_port}", timeout=30) as http:
                counted = await http.post("/raw/count", content=pieces())
                assert counted.json() == {"size": 500_000}
                answer = await http.post("/raw/echo", content=b"\x00\xff" * 5000)
                assert (answer.status_code, answer.headers["x-kind"]) == (206, "echo")
                assert answer.content == b"\x00\xff" * 5000

    run_really(main(), 60)
