"""The hub: connections over memory, calls from inside, builtins, acknowledgements, backpressure."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from msgspec import Raw

from iii_bridge.aio.memory import MemoryTransport, memory_pair
from iii_bridge.aio.transport import TransportClosed
from iii_bridge.engine import Engine
from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure
from iii_bridge.engine.connection import BACKLOG_LIMIT
from iii_bridge.engine.hub import Hub
from iii_bridge.errors import InvocationError
from iii_bridge.wire.codec import raw
from tests.engine.support import BareWorker, asynchronous


class InMemory:
    """A worker joined to a hub without a socket."""

    def __init__(self, hub: Hub) -> None:
        near, far = memory_pair()
        self.transport: MemoryTransport = near
        self.served = asyncio.create_task(hub.serve(far))

    async def send(self, **frame: Any) -> None:
        await self.transport.send(json.dumps(frame).encode())

    async def receive(self) -> Any:
        async with asyncio.timeout(5):
            return json.loads(await self.transport.recv())

    async def join(self) -> str:
        worker_id: str = (await self.receive())["worker_id"]
        await self.send(type="invokefunction", invocation_id="r", function_id="engine::workers::register", data={})
        assert (await self.receive())["result"] == {"success": True}
        return worker_id

    async def function(self, function_id: str) -> None:
        await self.send(type="registerfunction", id=function_id)
        await self.send(type="ping")
        assert (await self.receive()) == {"type": "pong"}

    async def leave(self) -> None:
        await self.transport.close()
        await self.served


@asynchronous
async def test_two_workers_without_a_socket() -> None:
    async with Engine() as engine:
        one, two = InMemory(engine.hub), InMemory(engine.hub)
        await one.join()
        caller = await two.join()
        await one.function("a::f")
        await two.send(type="invokefunction", invocation_id="c", function_id="a::f", data={"x": 1})
        call = await one.receive()
        assert call["data"] == {"_caller_worker_id": caller, "x": 1}
        await one.send(type="invocationresult", invocation_id=call["invocation_id"], result=2)
        assert (await two.receive())["result"] == 2
        await one.leave()
        await two.leave()


@asynchronous
async def test_accept_takes_any_transport() -> None:
    async with Engine() as engine:
        near, far = memory_pair()
        serving = asyncio.create_task(engine.accept(far))
        assert json.loads(await near.recv())["type"] == "workerregistered"
        await near.send(b"  \n ")
        await near.close()
        await serving


@asynchronous
async def test_the_grace_runs_on_the_loops_clock() -> None:
    hub = Hub(namespace_grace=0.01)
    worker = InMemory(hub)
    await worker.receive()
    await worker.send(type="registerfunction", id="a::f")
    await worker.send(type="registertrigger", id="t", trigger_type="trace", function_id="a::f", config={})
    assert (await worker.receive())["type"] == "triggerregistrationresult"
    assert hub.protocol.catalogue.find("default", "a::f") is not None
    await worker.leave()


@asynchronous
async def test_calls_from_inside() -> None:
    hub = Hub()
    worker = InMemory(hub)
    await worker.join()
    await worker.function("a::f")
    future = hub.call("a::f", raw([1]), metadata=raw({"m": 1}), traceparent="00-t")
    call = await worker.receive()
    assert (call["data"], call["metadata"], call["traceparent"]) == ([1], {"m": 1}, "00-t")
    await worker.send(type="invocationresult", invocation_id=call["invocation_id"], result=9)
    assert await future == Raw(b"9")
    with pytest.raises(InvocationError) as failed:
        await hub.call("a::none", raw(None))
    assert failed.value.code == "function_not_found"
    forgotten = hub.call("a::f", raw(1))
    call = await worker.receive()
    forgotten.cancel()
    await worker.send(type="invocationresult", invocation_id=call["invocation_id"], result=9)
    await worker.function("a::g")
    await worker.leave()


@asynchronous
async def test_builtins_answer_now_later_or_with_an_error() -> None:
    hub = Hub()

    def now(call: BuiltinCall) -> Raw:
        return raw(call.read(int) + 1)

    async def later(call: BuiltinCall) -> Raw | None:
        await asyncio.sleep(0)
        return None

    async def refuses(call: BuiltinCall) -> Raw | None:
        raise BuiltinFailure("NO", "not today")

    async def breaks(call: BuiltinCall) -> Raw | None:
        raise ZeroDivisionError

    for name, handler in {"now": now, "later": later, "refuses": refuses, "breaks": breaks}.items():
        hub.add_builtins([Builtin(name, handler, "")])
    assert await hub.call("now", raw(1)) == Raw(b"2")
    assert await hub.call("later", raw(1)) is None
    for name, code in (("refuses", "NO"), ("breaks", "invocation_error"), ("now", "deserialization_error")):
        with pytest.raises(InvocationError) as failed:
            await hub.call(name, raw("x"))
        assert failed.value.code == code


@asynchronous
async def test_a_worker_that_does_not_read_holds_up_who_floods_it_and_nobody_else() -> None:
    hub = Hub()
    caller, other = InMemory(hub), InMemory(hub)
    for worker in (caller, other):
        await worker.join()
    near, far = memory_pair()
    gate = asyncio.Event()
    gate.set()

    async def gated(data: bytes, send: Any = far.send) -> None:
        await gate.wait()
        await send(data)

    far.send = gated  # type: ignore[method-assign]
    serving = asyncio.create_task(hub.serve(far))
    await near.recv()
    await near.send(b'{"type":"invokefunction","function_id":"engine::workers::register","data":{}}')
    await near.send(b'{"type":"registerfunction","id":"slow::f"}')
    await near.send(b'{"type":"ping"}')
    assert await near.recv() == '{"type":"pong"}'
    gate.clear()
    total = BACKLOG_LIMIT + 100
    for number in range(total):
        await caller.send(type="invokefunction", function_id="slow::f", data=number, action={"type": "void"})
    await caller.send(type="ping")
    for _ in range(20):  # a few calls beside the flood are no reason to wait
        await other.send(type="invokefunction", function_id="slow::f", data=-1, action={"type": "void"})
    await other.send(type="ping")
    assert await other.receive() == {"type": "pong"}
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await caller.transport.recv()
    gate.set()
    got = [json.loads(await near.recv())["data"] for _ in range(total + 20)]
    assert [number for number in got if number >= 0] == list(range(total))
    assert await caller.receive() == {"type": "pong"}
    await near.close()
    await serving
    for worker in (caller, other):
        await worker.leave()


@asynchronous
async def test_a_client_that_writes_everything_before_it_reads_anything() -> None:
    """No deadlock for a single-threaded peer: the answers to its own calls never stop its frames being read."""
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.function("a::f")
        total = 3000
        for number in range(total):
            await worker.send(
                type="invokefunction", invocation_id=f"n{number}", function_id="engine::baggage::get_all", data={}
            )
        answers = [await worker.receive("invocationresult") for _ in range(total)]
        assert [answer["invocation_id"] for answer in answers] == [f"n{number}" for number in range(total)]


@asynchronous
async def test_closing_the_hub_tells_the_workers() -> None:
    hub = Hub()
    worker = InMemory(hub)
    await worker.join()
    await hub.close(1012, "engine shutdown")
    with pytest.raises(TransportClosed) as closed:
        await worker.transport.recv()
    assert closed.value.code == 1012
    await worker.served
