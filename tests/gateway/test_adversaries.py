"""Clients that mean no good, or are merely many: each call ends with the right status, and nothing is left."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import socket
import struct
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import grpc
import pytest

from iii_bridge.status import StatusCode
from tests.gateway.support import Live, live_gateway, message

SCRIPT = Path(__file__).parents[1] / "node" / "http2.mjs"
INVALID, INTERNAL, EXHAUSTED = StatusCode.INVALID_ARGUMENT, StatusCode.INTERNAL, StatusCode.RESOURCE_EXHAUSTED


def framed(data: bytes, flag: int = 0, length: int | None = None) -> str:
    """One message as gRPC frames it, in base64; `flag` and `length` may lie."""
    return base64.b64encode(struct.pack(">BI", flag, len(data) if length is None else length) + data).decode()


def request(
    *body: str, path: str = "/edge.v1.EdgeService/Echo", end: bool = True, **headers: str | None
) -> dict[str, Any]:
    """A request for `http2.mjs`; a header of None is left out."""
    usual: dict[str, str | None] = {
        "content-type": "application/grpc",
        "te": "trailers",
        ":method": "POST",
        ":path": path,
    }
    chosen = usual | {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "headers": {name: value for name, value in chosen.items() if value is not None},
        "body": body,
        "end": end,
        "patience": 30_000 if end else 500,
    }


EMPTY = framed(b"")
CASES: dict[str, tuple[dict[str, Any], int | None]] = {
    # what is sent, and the status; None: the stream is reset
    "good": (request(EMPTY), 0),
    "a message of one field": (request(framed(b"\x0a\x01x")), 0),
    "malformed": (request(framed(b"\xff")), INVALID),
    "cut off within the message": (request(framed(b"abc", length=100)), INVALID),
    "cut off within the frame": (request(base64.b64encode(b"\0\0").decode()), INVALID),
    "no message": (request(), INVALID),
    "no message of a stream's request": (request(path="/edge.v1.EdgeService/Watch"), INVALID),
    "no message of a void call": (request(path="/edge.v1.EdgeService/Fire"), INVALID),
    "more than fits": (request(framed(b"abc", length=2**32 - 1)), EXHAUSTED),
    # gRPC's core looks at no content type, and takes what is no frame for an empty message (docs/grpc.md)
    "json": (request(base64.b64encode(b'{"text": "a"}').decode(), content_type="application/json"), 0),
    "compressed without saying how": (request(framed(b"x", flag=1)), INTERNAL),
    "compressed as nobody can": (request(framed(b"x", flag=1), grpc_encoding="snappy"), INTERNAL),
    "no method of http2's gRPC": (request(**{":method": "GET"}), None),
    "no trailers wanted": (request(EMPTY, te=None), None),
    "no such method": (request(EMPTY, path="/edge.v1.EdgeService/Nothing"), StatusCode.UNIMPLEMENTED),
    "no such service": (request(EMPTY, path="/nothing"), StatusCode.UNIMPLEMENTED),
    "too much metadata": (request(EMPTY, x_large="y" * 30_000), EXHAUSTED),
    "no base64": (request(EMPTY, x_raw_bin="%%%"), INTERNAL),
    "no time": (request(EMPTY, grpc_timeout="soon"), INTERNAL),
    "never ended": (request(end=False), None),
    "half a message, and never ended": (request(framed(b"abc", length=100), end=False), None),
}


def test_what_no_grpc_client_would_send(live: Live) -> None:
    # each on a connection of its own: after a header that it cannot read, gRPC's core reads others wrongly
    job = [{"address": live.gateway.address, "request": asked} for asked, _ in CASES.values()]
    done = subprocess.run(["node", str(SCRIPT)], input=json.dumps(job), capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    found = {}
    for name, outcome in zip(CASES, json.loads(done.stdout), strict=True):
        status = (outcome["headers"] | outcome["trailers"]).get("grpc-status")
        found[name] = None if status is None else int(status)
    assert found == {name: None if code is None else int(code) for name, (_, code) in CASES.items()}


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),  # a TLS client, at a gateway without TLS
        PREFACE[:10],
        PREFACE + SETTINGS,
        PREFACE + SETTINGS + bytes([0, 0, 4, 1, 4, 0, 0, 0, 1]) + b"\xff\xff\xff\xff",  # headers that are none
        PREFACE + SETTINGS + bytes([0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 1]),  # a frame of 16 MB
        PREFACE + SETTINGS + bytes([0, 0, 5, 0, 0, 0, 0, 0, 99]) + b"hello",  # data of a stream that is not there
        random.Random(7).randbytes(5000),
    ],
    ids=range(9),
)
def test_connections_that_are_none(live: Live, said: bytes) -> None:
    """What it says is no gRPC; it may stay open, half open or be closed, and others are served all the same."""
    host, _, port = live.gateway.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        with pytest.raises(grpc.RpcError):
            live.rpcs().unary("Fail", message("FailRequest", code=5))
        assert live.rpcs().unary("Echo", message("Everything", large=7)).large == 7


async def tasks() -> int:
    return len(asyncio.all_tasks())


def test_thousands_of_calls_at_once_of_which_many_are_given_up() -> None:
    with live_gateway(options={"max_calls": 500}) as live:
        rpcs = live.rpcs()
        assert rpcs.unary("Look", message("LookRequest"))
        before = live.portal.call(tasks)
        chance = random.Random(3)
        look, wait = rpcs.method("unary_unary", "Look"), rpcs.method("unary_unary", "Wait")
        calls: list[tuple[Any, bool]] = []
        for number in range(3000):
            kind = number % 3
            if kind == 0:
                calls.append((look.future(message("LookRequest"), timeout=100), False))
            elif kind == 1:  # most of these find no room, or no time
                calls.append((wait.future(message("WaitRequest", seconds=30), timeout=chance.uniform(0.001, 2)), False))
            else:
                calls.append((look.future(message("LookRequest"), timeout=100), True))
                if chance.random() < 0.5:
                    calls[-1][0].cancel()
        for call, given_up in calls:
            if given_up:
                call.cancel()
        ended: dict[int, Counter[str]] = {kind: Counter() for kind in range(3)}
        for number, (call, _) in enumerate(calls):
            ended[number % 3][call.code().name] += 1  # waits for it
        assert set(ended[0]) <= {"OK", "RESOURCE_EXHAUSTED"}
        assert ended[0]["OK"] > 0
        assert set(ended[1]) <= {"DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"}
        assert set(ended[2]) <= {"OK", "CANCELLED", "RESOURCE_EXHAUSTED"}
        live.until_nothing_is_left()
        assert rpcs.unary("Look", message("LookRequest"))
        live.portal.call(lambda: settled(before))
        assert live.service.begun["wait"] == live.service.ended["wait"]


async def settled(before: int) -> None:
    """As many tasks as before; those of the connection to the engine come and go."""
    async with asyncio.timeout(60):
        while await tasks() > before + 2:  # noqa: ASYNC110 -- there is no event to wait for
            await asyncio.sleep(0.05)


def test_streams_at_once_of_which_many_are_given_up_or_not_read(live: Live) -> None:
    rpcs = live.rpcs()
    chat, watch = rpcs.method("stream_stream", "Chat"), rpcs.method("unary_stream", "Watch")
    items = [message("Item", number=number) for number in range(20)]
    unread = [watch(message("WatchRequest", count=300, size=10_000), timeout=100) for _ in range(20)]
    talks = [chat(iter(items), timeout=100) for _ in range(150)]
    for talk in talks[::3]:
        talk.cancel()
    for talk in talks[1::3]:
        next(talk)
        talk.cancel()
    for talk in talks[2::3]:
        assert [answer.number for answer in talk] == [2 * number for number in range(20)]
    assert rpcs.unary("Echo", message("Everything", large=7)).large == 7  # beside streams that nobody reads
    for stream in unread[::2]:
        stream.cancel()
    for stream in unread[1::2]:
        assert sum(1 for _ in stream) == 300
    codes = Counter(call.code().name for call in (*talks, *unread))
    assert codes == {"OK": 60, "CANCELLED": 110}
