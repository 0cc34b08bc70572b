"""Streams over real sockets whose connections keep breaking: the main ones, and those of the channels."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from iii_bridge import ConnectionLostError, InvocationError, StreamTruncatedError, connect
from iii_bridge.engine import Engine
from iii_bridge.protocol import stream_items
from tests.bridge.contracts import shop
from tests.bridge.streams import Watch, until
from tests.bridge.support import run_really

STREAMS = 60
LENGTH = 400


class Proxy:
    """Between bridges and an engine; breaks each connection after a number of bytes, or not at all."""

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._random = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self.harmful = False
        self.broken = 0
        self.url = ""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Proxy]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
            # Most connections are a channel's, and carry about 30 kB: some of them break.
            left = self._random.randint(500, 60_000) if self.harmful and self._random.random() < 0.4 else None
            try:
                there = asyncio.ensure_future(self._pump(reader, far_writer, left))
                back = asyncio.ensure_future(self._pump(far_reader, writer, left))
                await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
                there.cancel()
                back.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
            finally:
                for end in (writer, far_writer):
                    end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int | None) -> None:
        while data := await reader.read(8192):
            if left is not None:
                left -= len(data)
                if left < 0:
                    self.broken += 1
                    writer.write(data[:left])  # half a frame, usually
                    return
            writer.write(data)
            await writer.drain()
        await asyncio.sleep(0.02)  # what goes the other way is still under way


async def requests(given: list[int]) -> AsyncIterator[Any]:
    for number in range(LENGTH):
        given.append(number)
        yield shop.PlaceRequest(sku="s" * 40, quantity=number)


class Counting(Watch):
    """Uploads are noted as far as they were read, and whether to their end."""

    def __init__(self) -> None:
        super().__init__()
        self.uploads: list[tuple[list[int], bool]] = []

    async def upload(self, requests: AsyncIterator[Any], context: Any, /) -> Any:
        read: list[int] = []
        whole = False
        try:
            async for request in requests:
                read += [request.quantity]
            whole = True
        finally:
            self.uploads.append((read, whole))
        return shop.Receipt(order_id="all", total=len(read))


@pytest.mark.parametrize("seed", range(2))
def test_every_stream_ends_once_and_whole_or_with_an_error(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    ends: Counter[str] = Counter()

    async def one(client: Any, number: int) -> None:
        seen: list[int] = []
        doubled = 2 if number % 3 == 1 else 1
        try:
            async with asyncio.timeout(60):
                if number % 3 == 0:
                    async for receipt in client.watch(shop.GetRequest(order_id="o" * 40, limit=LENGTH)):
                        seen += [receipt.total]
                elif number % 3 == 1:
                    async for receipt in client.chat(requests([])):
                        seen += [receipt.total]
                else:
                    seen = list(range((await client.upload(requests([]))).total))
        except (ConnectionLostError, InvocationError, StreamTruncatedError) as error:
            ends[type(error).__name__] += 1
        else:
            ends["whole"] += 1
            assert len(seen) == LENGTH
        assert seen == [doubled * n for n in range(len(seen))], "in order, each once"

    async def main() -> None:
        async with Engine(port=0, http_port=0) as engine:
            port = int(engine.url.rpartition(":")[2].strip("/"))
            async with Proxy(port, seed).listening() as proxy, contextlib.AsyncExitStack() as stack:
                worker = await stack.enter_async_context(connect(proxy.url, worker_name="orders"))
                caller = await stack.enter_async_context(connect(proxy.url, worker_name="caller"))
                service = Counting()
                await worker.serve(service)
                client = shop.WatchClient(caller)
                proxy.harmful = True
                for wave in range(STREAMS // 12):
                    await asyncio.gather(*(one(client, wave * 12 + number) for number in range(12)))
                proxy.harmful = False
                assert sum(ends.values()) == STREAMS
                assert proxy.broken > 5
                assert 5 < ends["whole"] < STREAMS - 5, "some of both, or this shows nothing"
                for read, whole in service.uploads:
                    assert read == list(range(len(read)))
                    assert not whole or len(read) == LENGTH, "half an upload was taken for all of it"
                await until(lambda: not worker._dispatcher.running and not len(caller._streams.lingering))
                await one(client, 0)
                said.append(f"{proxy.broken} connections broken, {STREAMS} streams: {dict(ends)}")

    said: list[str] = []
    run_really(main(), 110)
    with capsys.disabled():
        print(f"\n{said[0]}")  # noqa: T201 -- what happened differs from run to run


@pytest.mark.parametrize("which", ["worker", "caller"])
def test_a_main_connection_that_breaks_ends_its_streams(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_items, "KEEP_ALIVE_SECONDS", 0.2)

    async def main() -> None:
        async with Engine(port=0, http_port=0) as engine, contextlib.AsyncExitStack() as stack:
            worker = await stack.enter_async_context(connect(engine.url, worker_name="orders"))
            caller = await stack.enter_async_context(connect(engine.url, worker_name="caller"))
            service = Watch()
            await worker.serve(service)
            stream = shop.WatchClient(caller).watch(shop.GetRequest(order_id="wait", limit=2))
            assert [(await anext(stream)).total for _ in range(2)] == [0, 1]
            transport: Any = (worker if which == "worker" else caller)._session._transport
            transport._connection.transport.abort()
            with pytest.raises((ConnectionLostError, InvocationError)) as lost:
                await anext(stream)
            assert str(lost.value).endswith("outcome unknown")
            await asyncio.wait_for(service.closed.wait(), 30)  # at its next keep-alive

    run_really(main(), 60)
