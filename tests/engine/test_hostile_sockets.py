"""Bytes no client sends, on every port: only their own connection suffers, and nothing is logged as a fault."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import struct
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from iii_bridge.engine import Engine
from tests.engine.support import WAIT, BareWorker, asynchronous, until

HANDSHAKE = (
    b"GET %s HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
REQUESTS = [
    b"",
    b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,  # TLS
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET " + b"/a" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /x HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    b"GET /x HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
    b"0\r\n\r\nGET /y HTTP/1.1\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc",
    b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
    b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc",
    b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n",
    b"GET /x?%ff%fe=%zz HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /%00%0d%0a HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET http://elsewhere/x HTTP/1.1\r\nHost: a\r\n\r\n",
    b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"get /x http/1.1\r\nhost: a\r\n\r\n",
    b"GET /x HTTP/1.1\nHost: a\n\n",
    b"GET /x HTTP/1.1\r\nHost : a\r\n\r\n",
    b"GET /x HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
    b"GET /x HTTP/1.1\r\n\x00: \xff\r\n\r\n",
    b"GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    HANDSHAKE.replace(b"13", b"99") % b"/",
    HANDSHAKE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"!") % b"/",
    HANDSHAKE % b"/ws/channels/",
    HANDSHAKE % b"/ws/channels/%ff?key=%ff&dir=read",
    HANDSHAKE % b"/ws/channels/a?key=a&dir=write&dir=up",
    HANDSHAKE % b"/../../etc/passwd",
]


def frame(
    opcode: int, payload: bytes = b"", *, first: int = 0x80, masked: bool = True, length: bytes | None = None
) -> bytes:
    """A frame as a client writes it, or nearly."""
    head = bytes([first | opcode])
    mask_bit = 0x80 if masked else 0
    if length is None:
        size = len(payload)
        length = bytes([mask_bit | size]) if size < 126 else bytes([mask_bit | 126]) + struct.pack(">H", size)
    return head + length + (b"\x00" * 4 if masked else b"") + payload


FRAMES = [
    frame(1, b'{"type":"ping"}', masked=False),
    frame(1, b"\xff\xfe"),
    frame(2, b"\xff\xfe"),
    frame(1, b"x", first=0xC0),  # a compressed message nobody agreed to
    frame(1, b"x", first=0xF0),
    frame(3, b"x"),
    frame(11, b"x"),
    frame(0, b"continues nothing"),
    frame(1, b"begins", first=0) + frame(1, b"begins again"),
    frame(9, b"p" * 126),
    frame(9, b"p", first=0),
    frame(8, b"\x03"),
    frame(8, struct.pack(">H", 1)),
    frame(8, struct.pack(">H", 1000) + b"\xff"),
    frame(1, b"", length=bytes([0xFF]) + struct.pack(">Q", 2**63)),
    frame(1, b"abc", length=bytes([0xFF]) + struct.pack(">Q", 64 * 1024 * 1024 + 1)),
    frame(1, b"abc", length=bytes([0xFF]) + struct.pack(">Q", 2)),
    frame(1, b"", first=0) * 1000,
    frame(9) * 1000,
    frame(1, b"{}")[:1],
]


class Faults(logging.Handler):
    """Keeps what is logged as an error anywhere."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.name}: {self.format(record)}")


def descriptors() -> int:
    """Open files of this process, 0 where that cannot be told."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


async def throw(url: str, data: bytes, *, wait: bool) -> None:
    """Sends bytes and leaves, rudely; with `wait` after something came back, or not for a moment."""
    host, port = url.rpartition("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(data)
        await writer.drain()
        if wait:
            async with asyncio.timeout(0.2):
                await reader.read(65536)
    except (TimeoutError, OSError):
        pass
    finally:
        writer.transport.abort()


async def still_well(engine: Engine, worker: BareWorker) -> None:
    assert (await worker.call("engine::baggage::get_all", {}))["result"] == {"baggage": {}}
    async with httpx.AsyncClient(base_url=engine.http_url, trust_env=False) as client:
        assert (await client.get("/nowhere")).status_code == 404
    async with connect(engine.stream_url) as socket:
        await socket.send('{"type":"join","data":{"subscriptionId":"s","streamName":"a","groupId":"b"}}')
        async with asyncio.timeout(WAIT):
            await socket.recv()


def mutated(data: bytes, choice: random.Random) -> bytes:
    """Some bytes changed, removed, doubled, or cut off."""
    changed = bytearray(data)
    for _ in range(choice.randint(1, 6)):
        at = choice.randrange(len(changed) + 1)
        match choice.randrange(4):
            case 0:
                changed[at : at + 1] = choice.randbytes(1)
            case 1:
                del changed[at : at + choice.randint(1, 20)]
            case 2:
                changed[at:at] = choice.randbytes(choice.randint(1, 20))
            case _:
                del changed[at:]
    return bytes(changed)


@pytest.mark.parametrize("seed", [1])
@asynchronous
async def test_every_port_survives_whatever_is_thrown_at_it(seed: int) -> None:
    faults, choice = Faults(), random.Random(seed)
    logging.getLogger().addHandler(faults)
    before = descriptors()
    try:
        async with Engine() as engine:
            worker = await BareWorker.join(engine)
            urls = (engine.url, engine.http_url, engine.stream_url)
            openings: list[Any] = [HANDSHAKE % b"/", HANDSHAKE % b"/otel"]
            for url in urls:
                for request in REQUESTS:
                    await throw(url, request, wait=choice.random() < 0.2)
                for _ in range(60):
                    await throw(url, mutated(choice.choice([*REQUESTS[3:], *openings]), choice), wait=False)
            for url in (engine.url, engine.stream_url):
                for text in FRAMES:
                    await throw(url, choice.choice(openings) + text, wait=choice.random() < 0.2)
                for _ in range(60):
                    noise = b"".join(mutated(choice.choice(FRAMES), choice) for _ in range(3))
                    await throw(url, HANDSHAKE % b"/" + noise, wait=False)
            await still_well(engine, worker)
            await until(lambda: len(engine.hub.protocol.workers()) == 1)
            await worker.close()
    finally:
        logging.getLogger().removeHandler(faults)
    assert faults.texts == []
    assert descriptors() <= before + 3
