"""The official Python SDK (iii-sdk 0.25), unchanged, against the embedded engine."""

from __future__ import annotations

import asyncio
import functools
import gc
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import iii
import pytest
from iii.helpers import create_channel

from iii_bridge.engine import Engine

WAIT = 10.0

# the SDK leaves its loop and sockets to the garbage collector; the fixture below has it run inside these filters
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()


@contextmanager
def engine_in_thread(**options: Any) -> Iterator[Engine]:
    """The SDK blocks, so the engine runs on a loop in another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    engine = Engine(**options)

    def run(work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(WAIT)

    try:
        run(engine.start())
        yield engine
        run(engine.stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def sdk(engine: Engine, name: str, **options: Any) -> Iterator[Any]:
    worker = iii.register_worker(engine.url, iii.InitOptions(worker_name=name, otel={"enabled": False}, **options))
    try:
        yield worker
    finally:
        end(worker)


def end(worker: Any) -> None:
    """Shuts an SDK client down. It stops its loop but leaves it open, to be reported in some later test."""
    worker.shutdown()
    loop = worker._loop
    for _ in range(3):  # what it left half done, sockets among it, ends here
        loop.call_soon(loop.stop)
        loop.run_forever()
    loop.close()


def until(check: Callable[[], bool]) -> None:
    """Waits for what the SDK does not tell of: it has no acknowledgement of a registration."""
    end = time.monotonic() + WAIT
    pause = threading.Event()
    while not check():
        assert time.monotonic() < end, "nothing happened in time"
        pause.wait(0.005)


def known(engine: Engine, function_id: str, namespace: str = "default") -> None:
    until(lambda: engine.hub.protocol.catalogue.find(namespace, function_id) is not None)


def test_calls_errors_and_void() -> None:
    seen: list[Any] = []
    arrived = threading.Event()

    def note(data: Any) -> None:
        seen.append(data)
        arrived.set()

    def fail(_data: Any) -> None:
        raise ValueError("boom")

    with engine_in_thread() as engine, sdk(engine, "server") as server, sdk(engine, "client") as client:
        server.register_function("t::echo", lambda data: {"got": data})
        server.register_function("t::note", note)
        server.register_function("t::fail", fail)
        known(engine, "t::fail")
        workers = engine.hub.protocol.workers
        until(lambda: "client" in {worker.details.name for worker in workers()})
        caller = next(worker.id for worker in workers() if worker.details.name == "client")
        answer = client.trigger({"function_id": "t::echo", "payload": {"a": [1, None, "ü"], "big": 2**63}})
        assert answer == {"got": {"a": [1, None, "ü"], "big": 2**63, "_caller_worker_id": caller}}
        client.trigger({"function_id": "t::note", "payload": {"v": 1}, "action": iii.TriggerAction.Void()})
        assert arrived.wait(WAIT)
        assert seen == [{"v": 1, "_caller_worker_id": caller}]
        with pytest.raises(iii.InvocationError, match="boom"):
            client.trigger({"function_id": "t::fail", "payload": {}})
        with pytest.raises(iii.InvocationError, match="function_not_found"):
            client.trigger({"function_id": "t::none", "payload": {}})


def test_what_the_sdk_cannot_send_properly_is_answered_at_once() -> None:
    """NaN is no JSON; the real engine drops such a frame and the caller waits 30 s (sdks.md 1.10)."""
    with engine_in_thread() as engine, sdk(engine, "server") as server:
        server.register_function("t::nan", lambda _data: {"n": float("nan")})
        server.register_function("t::echo", lambda data: data)
        known(engine, "t::echo")
        with pytest.raises(iii.InvocationError, match="serialization_error"):
            server.trigger({"function_id": "t::nan", "payload": {}})
        with pytest.raises(iii.InvocationError, match="invalid_request"):
            server.trigger({"function_id": "t::echo", "payload": {"n": float("nan")}})


def test_enqueue_to_the_default_queue_with_a_retry() -> None:
    seen: list[Any] = []
    done = threading.Event()

    def job(data: Any) -> dict[str, Any]:
        seen.append(data)
        if len(seen) == 1:
            raise ValueError("again")
        done.set()
        return {}

    with engine_in_thread() as engine, sdk(engine, "w") as worker:
        worker.register_function("t::job", job)
        known(engine, "t::job")
        request = {"function_id": "t::job", "payload": {"q": 1}}
        receipt = worker.trigger({**request, "action": iii.TriggerAction.Enqueue(queue="default")})
        assert len(receipt["messageReceiptId"]) == 36
        assert done.wait(WAIT)
        assert seen == [{"q": 1}, {"q": 1}]
        with pytest.raises(iii.InvocationError, match="enqueue_error"):
            worker.trigger({**request, "action": iii.TriggerAction.Enqueue(queue="")})


@pytest.fixture
def quiet_sdk() -> Iterator[None]:
    """registerTrigger still is how 0.25 binds triggers, and warns about it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@pytest.mark.usefixtures("quiet_sdk")
def test_http_triggers() -> None:
    def web(request: Any) -> dict[str, Any]:
        return {"status_code": 201, "body": {"id": request["path_params"]["id"], "n": request["body"]["n"]}}

    with engine_in_thread() as engine, sdk(engine, "w") as worker:
        worker.register_function("t::web", web)
        config = {"api_path": "/orders/:id", "http_method": "POST"}
        worker.register_trigger({"type": "http", "function_id": "t::web", "config": config})
        until(lambda: bool(engine.hub.protocol.triggers.bindings()))
        answer = httpx.post(f"{engine.http_url}/orders/7", json={"n": 5}, trust_env=False)
        assert (answer.status_code, answer.json()) == (201, {"id": "7", "n": 5})


def test_a_channel_round_trip() -> None:
    body = bytes(range(256)) * 1000

    async def read(data: Any) -> dict[str, int]:
        got = await data["reader"].read_all()
        return {"size": len(got), "sum": sum(got)}

    async def write(writer: Any) -> None:
        await writer.write(body)
        await writer.close_async()

    with engine_in_thread() as engine, sdk(engine, "w") as worker:
        worker.register_function("t::read", read)
        known(engine, "t::read")
        channel = create_channel(worker)
        answers: list[Any] = []
        payload = {"reader": channel.reader_ref.model_dump()}
        call = functools.partial(worker.trigger, {"function_id": "t::read", "payload": payload})
        thread = threading.Thread(target=lambda: answers.append(call()))
        thread.start()
        asyncio.run(write(channel.writer))
        thread.join(WAIT)
        assert answers == [{"size": len(body), "sum": sum(body)}]


def test_namespaces_and_conflicts() -> None:
    with engine_in_thread() as engine, sdk(engine, "one", namespace="shop") as one, sdk(engine, "two") as two:
        one.register_function("t::f", lambda _data: "shop")
        two.register_function("t::f", lambda _data: "default")
        known(engine, "t::f", "shop")
        known(engine, "t::f")
        assert one.trigger({"function_id": "t::f", "payload": {}}) == "shop"
        assert two.trigger({"function_id": "t::f", "payload": {}}) == "default"
        assert two.trigger({"function_id": "t::f", "payload": {}, "namespace": "shop"}) == "shop"
        rows = one.trigger({"function_id": "engine::workers::list", "payload": {}})["workers"]
        assert {row["name"]: row["namespace"] for row in rows} == {"one": "shop", "two": "default"}


def test_a_worker_comes_back_after_a_restart_of_the_engine() -> None:
    with engine_in_thread() as first:
        ports = {"port": first.port, "http_port": first.http_port}
        worker = iii.register_worker(first.url, iii.InitOptions(worker_name="w", otel={"enabled": False}))
        worker.register_function("t::f", lambda _data: "here")
        known(first, "t::f")
    with engine_in_thread(**ports) as second:
        known(second, "t::f")
        assert worker.trigger({"function_id": "t::f", "payload": {}}) == "here"
        end(worker)


def test_twenty_megabytes_there_and_back() -> None:
    text = "x" * (20 * 1024 * 1024)
    with engine_in_thread() as engine, sdk(engine, "w") as worker:
        worker.register_function("t::echo", lambda data: {"text": data["text"]})
        known(engine, "t::echo")
        assert worker.trigger({"function_id": "t::echo", "payload": {"text": text}}) == {"text": text}
