"""uvicorn around an application: sockets, draining, cancelling."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest

from iii_bridge.engine.http_server import HttpServer
from tests.engine.support import asynchronous


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


def bound() -> socket.socket:
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock


@asynchronous
async def test_it_serves_and_stops() -> None:
    server, sock = HttpServer(hello), bound()
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    await server.start(sock)
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(url + "/here")).text == "/here"
        await server.stop()
        with pytest.raises(httpx.TransportError):
            await client.get(url)


@asynchronous
async def test_stopping_what_never_started_is_fine() -> None:
    await HttpServer(hello).stop()


@asynchronous
async def test_a_request_under_way_may_end() -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await release.wait()
        await hello(scope, receive, send)

    server, sock = HttpServer(slow), bound()
    await server.start(sock)
    async with httpx.AsyncClient(trust_env=False) as client:
        asked = asyncio.create_task(client.get(f"http://127.0.0.1:{sock.getsockname()[1]}/x"))
        await begun.wait()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        release.set()
        assert (await asked).text == "/x"
        await stopping
