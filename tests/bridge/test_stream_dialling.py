"""Streams and channels over TLS and through proxies: every end of a channel is a connection of its own."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from iii_bridge import Bridge, connect
from iii_bridge.engine import Engine
from tests.bridge.contracts import shop
from tests.bridge.streams import Watch, orders, until_nothing_is_left
from tests.bridge.support import run_really

TLS = Path(__file__).parents[1] / "aio" / "tls"

Greeting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[tuple[str, int]]]
"""Hears where a client of a proxy wants to go."""


async def http_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    host, _, port = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode().partition(":")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    return host, int(port)


async def socks5(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """Without authentication, by name or by IPv4 address (RFC 1928)."""
    _, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    writer.write(b"\x05\x00")
    _, command, _, kind = await reader.readexactly(4)
    assert command == 1
    if kind == 3:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    else:
        host = ".".join(str(number) for number in await reader.readexactly(4))
    (port,) = struct.unpack(">H", await reader.readexactly(2))
    writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    return host, port


class Relay:
    """Listens, asks `greeting` where to go, and carries bytes both ways; counts whom it carried."""

    def __init__(self, greeting: Greeting, tls: ssl.SSLContext | None = None) -> None:
        self.carried = 0
        self.port = 0
        self._greeting = greeting
        self._tls = tls
        self._tasks: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Relay]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        far_writer: asyncio.StreamWriter | None = None
        try:
            far_reader, far_writer = await asyncio.open_connection(*await self._greeting(reader, writer))
            self.carried += 1
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            for end in (writer, far_writer):
                if end is not None:
                    end.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


async def streams_of_every_kind(engine: Engine, worker: Bridge, caller: Bridge) -> None:
    await worker.serve(Watch())
    client = shop.WatchClient(caller)
    assert [answer.total async for answer in client.watch(shop.GetRequest(limit=100))] == list(range(100))
    assert (await client.upload(orders(100))).total == 4950
    assert [answer.total async for answer in client.chat(orders(100))] == [2 * number for number in range(100)]
    writer, reader = await caller.create_channel()
    async with caller.read_channel(reader) as chunks, caller.write_channel(writer) as out:
        await out.write(b"x" * 200_000)
        await out.__aexit__(None, None, None)
        assert len(await chunks.read()) == 200_000
    await until_nothing_is_left(engine, worker, caller)


CONNECTIONS = 2 + 2 + 2 + 4 + 2
"""Both bridges' own, and both ends of each channel: one for watch and upload, two for chat, one by hand."""


def test_over_tls() -> None:
    async def main() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
        trusting = ssl.create_default_context(cafile=TLS / "cert.pem")
        async with Engine(port=0, http_port=0) as engine:

            async def straight_on(reader: Any, writer: Any) -> tuple[str, int]:
                return "127.0.0.1", engine.port

            async with Relay(straight_on, context).listening() as front:
                url = f"wss://localhost:{front.port}"
                async with (
                    connect(url, worker_name="worker", tls=trusting) as worker,
                    connect(url, worker_name="caller", tls=trusting) as caller,
                ):
                    await streams_of_every_kind(engine, worker, caller)
                    assert front.carried == CONNECTIONS

    run_really(main(), 90)


@pytest.mark.parametrize(
    ("variable", "scheme", "greeting"), [("socks_proxy", "socks5h", socks5), ("http_proxy", "http", http_connect)]
)
def test_through_a_proxy(monkeypatch: pytest.MonkeyPatch, variable: str, scheme: str, greeting: Greeting) -> None:
    async def main() -> None:
        async with Engine(port=0, http_port=0) as engine, Relay(greeting).listening() as proxy:
            monkeypatch.setenv(variable, f"{scheme}://127.0.0.1:{proxy.port}")
            url = engine.url.replace("127.0.0.1", "localhost")
            async with connect(url, worker_name="worker") as worker, connect(url, worker_name="caller") as caller:
                await streams_of_every_kind(engine, worker, caller)
                assert proxy.carried == CONNECTIONS

    for name in ("http_proxy", "https_proxy", "socks_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    run_really(main(), 90)
