"""TLS, and the proxies that the environment names."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.server import serve

from iii_bridge.aio import websocket
from iii_bridge.aio.transport import TransportClosed
from iii_bridge.errors import LocalProtocolError
from tests.aio.test_websocket import Asked, echo, listening, run

TLS = Path(__file__).parent / "tls"


@asynccontextmanager
async def encrypted() -> AsyncIterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    async with serve(echo, "127.0.0.1", 0, ssl=context, ping_interval=None) as server:
        yield f"wss://localhost:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def proxy(asked: list[str]) -> AsyncIterator[str]:
    """An HTTP proxy that knows CONNECT."""
    pumps: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head.split("\r\n")[0])
        host, _, port = head.split()[1].partition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        pumps.add(asyncio.create_task(pump(reader, far_writer)))
        pumps.add(asyncio.create_task(pump(far_reader, writer)))

    server = await asyncio.start_server(tunnel, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in pumps:
            task.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


def test_tls_with_an_authority_of_ones_own_and_not_without() -> None:
    async def main() -> None:
        async with encrypted() as url:
            trusting = ssl.create_default_context(cafile=TLS / "cert.pem")
            asked = Asked(await websocket.dial(url, {}, tls=trusting))
            asked.line.write([b"secret"])
            assert await asked.recv() == "secret"
            await asked.line.close()
            with pytest.raises(TransportClosed, match=r"(?i)certificate"):
                await websocket.dial(url, {})

    run(main())


def test_tls_is_for_wss() -> None:
    with pytest.raises(LocalProtocolError, match="wss://"):
        asyncio.run(websocket.dial("ws://me:secret@h", {}, tls=ssl.create_default_context()))


@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy"])
def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    async def main() -> None:
        asked: list[str] = []
        async with listening(echo) as url, proxy(asked) as address:
            monkeypatch.setenv(variable, address)
            through = Asked(await websocket.dial(url.replace("127.0.0.1", "localhost"), {}))
            through.line.write([b"hello"])
            assert await through.recv() == "hello"
            await through.line.close()
            assert [line.split()[0] for line in asked] == ["CONNECT"]
            monkeypatch.setenv("no_proxy", "localhost")
            direct = Asked(await websocket.dial(url.replace("127.0.0.1", "localhost"), {}))
            await direct.line.close()
            assert len(asked) == 1

    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    run(main())
