"""Bounds: what is too much is refused with a text, and what is there goes on."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from iii_bridge.engine import Engine, HttpSecurity
from iii_bridge.engine import limits as limits_module
from iii_bridge.engine.channels import Channel
from tests.engine.support import WAIT, BareWorker, asynchronous, until

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "engine-limits.md"


def test_every_limit_is_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in limits_module.__all__:
        value = getattr(limits_module, name)
        assert f"{value:,}".replace(",", " ") in text or f"{value:g}" in text, f"{name} = {value}"


@asynchronous
async def test_calls_that_need_a_worker_never_keep_it_from_being_read() -> None:
    """The worker that keeps the items asks for thousands of them itself, and answers only then."""
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.function("stream::get(mine)")
        item = {"stream_name": "mine", "group_id": "g", "item_id": "i"}
        total = limits_module.MOST_OWN_CALLS + 200
        for _ in range(total):
            await worker.start("stream::get", item)
        for _ in range(total):
            await worker.answer(7)
        answers = [(await worker.receive("invocationresult"))["result"] for _ in range(total)]
        assert answers == [7] * total


@asynchronous
async def test_calls_that_wait_inside_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.engine.hub.MOST_WAITING_CALLS", 3)
    async with Engine() as engine:
        worker, other = await BareWorker.join(engine), await BareWorker.join(engine)
        await worker.function("stream::get(mine)")
        item = {"stream_name": "mine", "group_id": "g", "item_id": "i"}
        for _ in range(3):
            await other.start("stream::get", item)
        error = (await other.call("stream::get", item))["error"]
        assert error["code"] == "too_many_calls"
        for _ in range(3):
            await worker.answer(7)
            assert (await other.receive("invocationresult"))["result"] == 7
        await other.start("stream::get", item)
        await worker.answer(8)
        assert (await other.receive("invocationresult"))["result"] == 8


@asynchronous
async def test_calls_of_one_worker_that_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.protocol.invocations.MAX_PENDING_CALLS", 3)
    async with Engine() as engine:
        worker, other = await BareWorker.join(engine), await BareWorker.join(engine)
        await worker.function("a::f")
        for _ in range(3):
            await other.start("a::f", 1)
        assert (await other.call("a::f", 1))["error"]["code"] == "too_many_calls"
        assert (await worker.call("engine::baggage::get_all", {}))["result"] == {"baggage": {}}
        await worker.answer(2)
        assert (await other.receive("invocationresult"))["result"] == 2


@asynchronous
async def test_registrations_of_a_connection_without_a_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.protocol.engine.MAX_HELD_FRAMES", 3)
    async with Engine(namespace_grace=1000) as engine:
        worker = await BareWorker.connect(engine)
        for number in range(3):
            await worker.send(type="registerfunction", id=f"a::{number}")
        await worker.barrier()
        assert engine.hub.protocol.catalogue.find("default", "a::2") is not None


@asynchronous
async def test_what_is_registered_is_counted(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("iii_bridge.protocol.catalogue.MAX_FUNCTIONS", 2)
    monkeypatch.setattr("iii_bridge.protocol.triggers.MAX_TRIGGERS", 2)
    monkeypatch.setattr("iii_bridge.protocol.triggers.MAX_TRIGGER_TYPES", 2)
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        for number in (1, 2, 2, 3):
            await worker.function(f"a::{number}")
            await worker.send(type="registertriggertype", id=f"kind-{number}", description="")
            await worker.trigger(f"t{number}", "http", "a::1", {"api_path": f"/{number}"})
        refused = await worker.receive("triggerregistrationresult")
        assert (refused["id"], "are registered already" in refused["error"]["message"]) == ("t3", True)
        asked = {"trigger_type": "http", "function_id": "a::1", "config": {"api_path": "/4"}}
        assert (await worker.call("engine::register_trigger", asked))["error"]["code"] == "trigger_registration_failed"
        found = (await worker.call("engine::functions::list", {"prefix": "a::"}))["result"]["functions"]
        assert [row["function_id"] for row in found] == ["a::1", "a::2"]
        kinds = (await worker.call("engine::triggers::list", {"prefix": "kind"}))["result"]["triggers"]
        assert [row["id"] for row in kinds] == ["kind-1", "kind-2"]
        assert "function a::3 is left out" in caplog.text
        assert "trigger type kind-3 is left out" in caplog.text
        await worker.send(type="unregisterfunction", id="a::1")
        await worker.function("a::3")
        assert engine.hub.protocol.catalogue.find("default", "a::3") is not None


@asynchronous
async def test_a_channel_is_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.engine.channels.CHANNEL_BYTES", 10)
    channel = Channel(100)
    await channel.put(b"x" * 50)  # alone it is taken, whatever its size
    waiting = asyncio.create_task(channel.put(b"y"))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert await channel.get() == b"x" * 50
    await waiting
    await channel.put(b"z" * 9)
    assert [await channel.get(), await channel.get()] == [b"y", b"z" * 9]


@asynchronous
async def test_channels_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.engine.channels.MOST_CHANNELS", 2)
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        for _ in range(2):
            assert "result" in await worker.call("engine::channels::create", {})
        assert (await worker.call("engine::channels::create", {}))["error"]["code"] == "too_many_channels"


@asynchronous
async def test_connections_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.engine.listener.MOST_CONNECTIONS", 2)
    monkeypatch.setattr("iii_bridge.engine.stream_socket.MOST_STREAM_SOCKETS", 2)
    async with Engine() as engine:
        for url in (engine.url, engine.stream_url):
            first, second = await connect(url), await connect(url)
            with pytest.raises(InvalidStatus, match="503"):
                await connect(url)
            await first.close()
            while True:
                try:
                    third = await connect(url)
                    break
                except InvalidStatus:  # the first is still on its way out
                    continue
            await second.close()
            await third.close()


def raw_request(url: str, *parts: bytes) -> bytes:
    """What comes back for some bytes, until the engine closes the connection."""
    host, port = url.rpartition("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=WAIT) as sock:
        answer = b""
        try:
            for part in parts:
                sock.sendall(part)
            while data := sock.recv(65536):
                answer += data
        except (ConnectionResetError, BrokenPipeError):
            pass
        return answer


@asynchronous
async def test_an_http_head_is_bounded_in_size_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Engine() as engine:
        lines = [b"GET /x HTTP/1.1\r\nhost: a\r\n"] + [b"x-%d: %s\r\n" % (n, b"y" * 8000) for n in range(40)]
        answer = await asyncio.to_thread(raw_request, engine.http_url, *lines)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
        monkeypatch.setattr("iii_bridge.engine.http_server.HEAD_SECONDS", 0.05)
        assert await asyncio.to_thread(raw_request, engine.http_url) == b""
        assert await asyncio.to_thread(raw_request, engine.http_url, b"GET /x HTTP/1.1\r\nhost:") == b""
        monkeypatch.undo()
        async with httpx.AsyncClient(base_url=engine.http_url, trust_env=False) as client:
            assert (await client.get("/x")).status_code == 404


@asynchronous
async def test_a_json_body_has_to_fit_into_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.engine.http_exchange.MAX_MESSAGE_BYTES", 100)
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.function("a::f")
        await worker.trigger("t", "http", "a::f", {"api_path": "/x", "http_method": "POST"})
        async with httpx.AsyncClient(base_url=engine.http_url, trust_env=False) as client:
            large = await client.post("/x", json=["y" * 100])
            assert (large.status_code, large.json()["error"]["code"]) == (413, "payload_too_large")
            request = asyncio.create_task(client.post("/x", json=["y"]))
            assert (await worker.answer({"body": 1}))["data"]["body"] == ["y"]
            assert (await request).status_code == 200


class _Bomb(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = gzip.compress(b'"' + b"0" * 1_000_000 + b'"')
        self.send_response(200)
        self.send_header("content-encoding", "gzip")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def bomb() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Bomb)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@asynchronous
async def test_an_endpoint_that_answers_with_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.engine.http_functions.MAX_MESSAGE_BYTES", 100_000)
    open_doors = HttpSecurity(block_private_ips=False, require_https=False)
    with bomb() as url:
        async with Engine(http_functions=open_doors) as engine:
            worker = await BareWorker.join(engine)
            await worker.send(type="registerfunction", id="b::f", invocation={"url": url})
            await until(lambda: engine.hub.protocol.catalogue.find("default", "b::f") is not None)
            error = (await worker.call("b::f", {}))["error"]
            assert (error["code"], "100000 bytes" in error["message"]) == ("http_response_failed", True)
