"""The engine as one object: ports, starting, stopping."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import httpx
import pytest

from iii_bridge.engine import Engine
from tests.engine.support import BareWorker, asynchronous


@asynchronous
async def test_it_is_ready_in_milliseconds() -> None:
    async with Engine():
        pass  # the libraries are loaded now
    begun = time.perf_counter()
    async with Engine() as engine:
        ready = time.perf_counter() - begun
        assert engine.url.startswith("ws://127.0.0.1:")
        assert engine.http_url.startswith("http://127.0.0.1:")
        assert engine.port != engine.http_port
    assert ready < 0.5


@asynchronous
async def test_small_answers_do_not_wait_for_acknowledgements() -> None:
    """Nagle's algorithm on an http answer, which is written as head and body, costs 40 ms a request."""
    async with Engine() as engine, httpx.AsyncClient(base_url=engine.http_url, trust_env=False) as client:
        await client.get("/none")
        begun = time.perf_counter()
        for _ in range(20):
            await client.get("/none")
        assert (time.perf_counter() - begun) / 20 < 0.03


@asynchronous
async def test_two_engines_do_not_meet() -> None:
    async with Engine() as first, Engine() as second:
        worker, other = await BareWorker.join(first, "w"), await BareWorker.join(second, "w")
        await worker.function("a::f")
        assert (await other.call("a::f", 1))["error"]["code"] == "function_not_found"


@asynchronous
async def test_a_taken_port_is_an_error_and_nothing_stays_open() -> None:
    async with Engine() as engine:
        with pytest.raises(OSError, match="in use"):
            await Engine(port=engine.port).start()
        with pytest.raises(OSError, match="in use"):
            await Engine(http_port=engine.http_port).start()


def test_the_same_ports_again(tmp_path: Path) -> None:
    async def run() -> None:
        async with Engine(data_dir=tmp_path) as first:
            await BareWorker.join(first)
        async with Engine(port=first.port, http_port=first.http_port, data_dir=tmp_path) as second:
            await BareWorker.join(second)
            assert (second.port, second.http_port) == (first.port, first.http_port)

    asyncio.run(run())


def test_unreadable_data_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "queue.db").write_bytes(b"not a database at all, " * 100)

    async def run() -> None:
        engine = Engine(data_dir=tmp_path)
        with pytest.raises(sqlite3.DatabaseError):
            await engine.start()
        async with Engine(port=engine.port, http_port=engine.http_port):
            pass

    asyncio.run(run())


@asynchronous
async def test_stopping_ends_requests_that_wait() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.function("a::slow")
        await worker.trigger("t", "http", "a::slow", {"api_path": "/slow"})
        client = httpx.AsyncClient(base_url=engine.http_url, trust_env=False)
        asked = asyncio.create_task(client.get("/slow"))
        await worker.receive("invokefunction")
    assert (await asked).json()["error"]["code"] == "invocation_stopped"
    await client.aclose()


@asynchronous
async def test_an_engine_starts_once() -> None:
    engine = Engine()
    await engine.start()
    await engine.stop()
    await engine.stop()
    with pytest.raises(RuntimeError, match="another Engine"):
        await engine.start()


def test_a_wrong_queue_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="NAME"):
        Engine(queues=["a:lifo"])


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("0.0.0.0", True)])  # noqa: S104 - that is the point
@asynchronous
async def test_an_open_host_is_said_in_the_log(host: str, warned: bool, caplog: pytest.LogCaptureFixture) -> None:
    async with Engine(host=host):
        assert ("whoever can reach the engine may call everything" in caplog.text) is warned
