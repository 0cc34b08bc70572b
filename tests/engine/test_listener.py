"""The WebSocket side: paths, limits, telemetry, closing."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from iii_bridge.engine import Engine
from tests.engine.support import BareWorker, asynchronous


@asynchronous
async def test_any_query_is_taken_and_other_paths_are_not() -> None:
    async with Engine() as engine:
        async with connect(engine.url + "/?token=x") as socket:
            assert json.loads(await socket.recv())["type"] == "workerregistered"
            assert socket.response is not None
            assert socket.response.headers["x-iii-capabilities"] == "tcp-nodelay"
        with pytest.raises(InvalidStatus) as refused:
            await connect(engine.url + "/elsewhere")
        assert refused.value.response.status_code == 404
        assert refused.value.response.headers["x-iii-capabilities"] == "tcp-nodelay"
        reader, writer = await asyncio.open_connection(engine.host, engine.port)
        writer.write(b"GET //[ HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 404 " in await reader.readline()
        writer.close()
        await writer.wait_closed()


@asynchronous
async def test_telemetry_is_drained_and_never_registers_a_worker() -> None:
    async with Engine() as engine:
        async with connect(engine.url + "/otel") as socket:
            await socket.send(b"OTLP{}")
            await socket.send("text")
            await (await socket.ping())
            assert engine.hub.protocol.workers() == []
        worker = await BareWorker.join(engine)
        for tag in (b"OTLP", b"MTRC", b"LOGS"):
            await worker.socket.send(tag + b'{"resourceSpans":[]}')
        await worker.barrier()


@asynchronous
async def test_other_binary_frames_are_read_as_text() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.socket.send(b'{"type":"ping"}')
        assert await worker.receive("pong") == {"type": "pong"}
        await worker.socket.send(b"\xff\xfe")
        await worker.socket.send("")
        await worker.barrier()


@asynchronous
async def test_a_large_message_in_fragments_arrives_whole() -> None:
    """Python SDKs send fragments of at most 1 MiB (wire.md 12.3); the engine sends one frame."""
    async with Engine() as engine:
        worker, caller = await BareWorker.join(engine), await BareWorker.join(engine)
        await worker.function("a::f")
        data = "x" * (20 * 1024 * 1024)
        frame = json.dumps(
            {"type": "invokefunction", "invocation_id": "i", "function_id": "a::f", "data": data, "action": None}
        )
        size = 1024 * 1024
        await caller.socket.send(frame[at : at + size] for at in range(0, len(frame), size))
        call = await worker.receive("invokefunction")
        assert call["data"] == data


@asynchronous
async def test_more_than_64_mib_ends_the_connection() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.function("a::f")
        size = 8 * 1024 * 1024
        with pytest.raises(ConnectionClosed):
            await worker.socket.send("x" * size for _ in range(9))
            await worker.socket.recv()
        caller = await BareWorker.join(engine)
        async with asyncio.timeout(5):
            # a call that is quicker than the engine's own notice of the end is stopped, a later one finds nothing
            error = (await caller.call("a::f", 1))["error"]
        assert error["code"] in ("invocation_stopped", "function_not_found")


@asynchronous
async def test_the_engine_answers_pings_and_sends_none() -> None:
    async with Engine() as engine, connect(engine.url, ping_interval=None) as socket:
        async with asyncio.timeout(5):
            await (await socket.ping())


@asynchronous
async def test_shutdown_closes_with_a_code_that_invites_reconnecting() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        telemetry = await connect(engine.url + "/otel")
    for socket in (worker.socket, telemetry):
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 1012


@asynchronous
async def test_workers_that_do_not_read_keep_neither_their_place_nor_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("iii_bridge.engine.connection.FLUSH_SECONDS", 0.05)
    monkeypatch.setattr("iii_bridge.engine.listener._CLOSE_SECONDS", 0.05)
    engine = Engine()
    await engine.start()
    caller = await BareWorker.join(engine)
    evicted, stuck = await BareWorker.join(engine), await BareWorker.join(engine)
    for number, worker in enumerate((evicted, stuck)):
        await worker.function(f"a::f{number}")
        worker.socket.transport.pause_reading()
        for _ in range(20):
            await caller.start(f"a::f{number}", "x" * 1024 * 1024)
    await caller.barrier()
    await caller.send(type="reattach", previous_worker_id=evicted.id, reattach_token=evicted.token)
    async with asyncio.timeout(10):
        while len(engine.hub._connections) > 2:
            await caller.barrier()
        await engine.stop()
    for worker in (caller, evicted, stuck):
        worker.socket.transport.abort()
