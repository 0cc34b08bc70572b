"""A bridge on an embedded engine: calling, plain functions, life and death."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from iii_bridge import (
    Bridge,
    ClosedError,
    ConnectionLostError,
    Context,
    ContractError,
    EnqueueReceipt,
    FunctionNotFoundError,
    InvocationError,
    InvocationTimeoutError,
    LocalProtocolError,
    Outcome,
    RegistrationRejectedError,
    StatusCode,
    StatusError,
    connect,
)
from iii_bridge.contract.caller import Caller
from iii_bridge.engine import Engine
from iii_bridge.wire.limits import FORWARDING_ROOM_BYTES, MAX_MESSAGE_BYTES
from tests.bridge.support import bench, run_really


def test_json_goes_to_any_function_and_back() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("worker"), await b.bridge("caller")

            @worker.function("math::double", description="Twice as much.", metadata={"team": "math"})
            async def double(payload: dict[str, int], context: Context) -> dict[str, int]:
                assert context.caller_worker_id == caller.worker_id
                assert context.metadata == {"who": "me"}
                assert 0 < (context.remaining() or 0) <= 5
                return {"n": payload["n"] * 2}

            await worker.confirm("math::double")
            assert await caller.call("math::double", {"n": 21}, timeout=5, metadata={"who": "me"}) == {"n": 42}
            info = await caller.call("engine::functions::info", {"function_id": "math::double"})
            assert (info["description"], info["metadata"]) == ("Twice as much.", {"team": "math"})
            assert info["request_schema"]["additionalProperties"] == {"type": "integer"}

    run_really(main())


@pytest.mark.parametrize("value", [None, True, 2**60, 1.5, "ü\U0001f600", [], [1, [2]], {"a": None}])
def test_every_kind_of_json_survives(value: Any) -> None:
    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("worker")

            @worker.function("x::echo")
            def echo(payload: Any) -> Any:
                return payload

            await worker.confirm("x::echo")
            assert await worker.call("x::echo", value) == value

    run_really(main())


def test_errors_say_what_happened() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("worker"), await b.bridge("caller")

            @worker.function("x::status")
            async def status(payload: Any) -> Any:
                raise StatusError(StatusCode.FAILED_PRECONDITION, "not now", [{"@type": "t", "n": 1}])

            @worker.function("x::broken")
            def broken(payload: Any) -> Any:
                raise KeyError("lost")

            @worker.function("x::slow")
            async def slow(payload: Any) -> Any:
                await asyncio.Event().wait()

            await worker.confirm("x::status", "x::broken", "x::slow")
            with pytest.raises(StatusError) as refused:
                await caller.call("x::status", {})
            assert refused.value.status is StatusCode.FAILED_PRECONDITION
            assert (refused.value.message, refused.value.details) == ("not now", ({"@type": "t", "n": 1},))
            with pytest.raises(InvocationError) as failed:
                await caller.call("x::broken", {})
            assert failed.value.code == "invocation_failed"
            assert "KeyError" in (failed.value.stacktrace or "")
            with pytest.raises(FunctionNotFoundError, match="x::nothing"):
                await caller.call("x::nothing", {})
            with pytest.raises(InvocationTimeoutError) as late:
                await caller.call("x::slow", {}, timeout=0.1)
            assert late.value.outcome is Outcome.UNKNOWN

    run_really(main())


def test_void_and_enqueue_reach_the_function() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("worker"), await b.bridge("caller")
            seen: asyncio.Queue[tuple[Any, bool]] = asyncio.Queue()

            @worker.function("x::note")
            async def note(payload: Any, context: Context) -> None:
                seen.put_nowait((payload, context.caller_worker_id is None))

            await worker.confirm("x::note")
            await caller.void("x::note", {"by": "void"})
            assert await seen.get() == ({"by": "void"}, False)
            receipt = await caller.enqueue("x::note", {"by": "queue"})
            assert isinstance(receipt, EnqueueReceipt)
            assert await seen.get() == ({"by": "queue"}, True)

    run_really(main())


def test_a_worker_that_dies_mid_call_is_reported() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("worker"), await b.bridge("caller")
            started = asyncio.Event()

            @worker.function("x::hang")
            async def hang(payload: Any) -> None:
                started.set()
                await asyncio.Event().wait()

            await worker.confirm("x::hang")
            calling = asyncio.create_task(caller.call("x::hang", {}))
            await started.wait()
            await worker.close()
            with pytest.raises(InvocationError, match="invocation_stopped"):
                await calling

    run_really(main())


def test_registering_twice_or_nameless_is_a_mistake_and_unregistering_frees_the_id() -> None:
    async def main() -> None:
        async with bench() as b:
            bridge = await b.bridge("worker")
            bridge.register_function("x::a", lambda payload: 1)
            with pytest.raises(LocalProtocolError, match="registered already"):
                bridge.register_function("x::a", lambda payload: 2)
            with pytest.raises(LocalProtocolError, match="function_id is empty"):
                bridge.register_function("", lambda payload: 2)
            bridge.unregister_function("x::a")
            bridge.unregister_function("x::a")
            bridge.register_function("x::a", lambda payload: 2)
            await bridge.confirm("x::a")
            assert await bridge.call("x::a") == 2

    run_really(main())


def test_a_second_worker_by_the_same_name_is_refused_at_once() -> None:
    async def main() -> None:
        async with bench() as b:
            await b.bridge("twin")
            with pytest.raises(RegistrationRejectedError) as caught:
                await b.bridge("twin")
            assert caught.value.code == "WORKER_NAMESPACE_CONFLICT"
            assert (await b.bridge("twin", namespace="elsewhere")).namespace == "elsewhere"

    run_really(main())


def test_namespaces_are_kept_apart() -> None:
    async def main() -> None:
        async with bench() as b:
            here = await b.bridge("here", namespace="shop")
            there = await b.bridge("there")
            here.register_function("x::where", lambda payload: "shop")
            await here.confirm("x::where")
            assert await here.call("x::where") == "shop"
            assert await there.call("x::where", namespace="shop") == "shop"
            with pytest.raises(FunctionNotFoundError):
                await there.call("x::where")

    run_really(main())


def test_connect_can_be_awaited_and_close_ends_everything() -> None:
    async def main() -> None:
        async with bench() as b:
            bridge = await connect(b.engine.url, worker_name="w")
            caller: Caller = bridge
            assert caller is bridge
            assert (bridge.url, bridge.worker_name, bridge.namespace) == (b.engine.url, "w", None)
            assert bridge.connected
            waiting = asyncio.create_task(bridge.wait_closed())
            async with bridge as same:
                assert same is bridge
            await waiting
            await bridge.close()
            assert not bridge.connected
            with pytest.raises(ClosedError):
                await bridge.call("x::y")

    run_really(main())


def test_an_engine_that_is_away_is_waited_for_and_then_given_up() -> None:
    async def main() -> None:
        async with Engine(port=0, http_port=0) as engine:
            url = engine.url
        with pytest.raises(ConnectionLostError, match=r"no connection within 0\.2 s") as caught:
            await connect(url, connect_timeout=0.2)
        assert caught.value.outcome is Outcome.NOT_SENT
        port = int(url.rpartition(":")[2].strip("/"))
        connecting = asyncio.ensure_future(connect(url, worker_name="patient"))
        await asyncio.sleep(0)
        async with Engine(port=port, http_port=0):
            bridge: Bridge = await connecting
            assert bridge.connected
            await bridge.close()

    run_really(main())


def test_it_comes_back_after_the_engine_with_all_its_functions() -> None:
    async def main() -> None:
        async with Engine(port=0, http_port=0) as engine:
            url = engine.url
            bridge = await connect(url, worker_name="w")
            bridge.register_function("x::a", lambda payload: "still here")
            await bridge.confirm("x::a")
        port = int(url.rpartition(":")[2].strip("/"))
        async with Engine(port=port, http_port=0), bridge:
            # Queued until the connection is back; the register call and the functions go first.
            await bridge.confirm("x::a")
            assert await bridge.call("x::a") == "still here"

    run_really(main())


def test_payloads_are_checked_before_they_leave() -> None:
    async def main() -> None:
        async with bench() as b:
            bridge = await b.bridge("w")
            with pytest.raises(ContractError, match=r"x::y request .* at \$\.n"):
                await bridge.call("x::y", {"n": float("inf")})
            with pytest.raises(ContractError):
                await bridge.void("x::y", object())

    run_really(main())


def test_a_message_that_grows_at_the_engine_costs_nobody_the_connection() -> None:
    async def main() -> None:
        async with bench() as bus:
            worker, caller = await bus.bridge("worker"), await bus.bridge("caller")

            @worker.function("x::size")
            async def size(payload: Any) -> Any:
                return len(payload["text"])

            await worker.confirm("x::size")
            before = worker.worker_id
            fits = MAX_MESSAGE_BYTES - FORWARDING_ROOM_BYTES - 400
            assert await caller.call("x::size", {"text": "a" * fits}) == fits
            for room in (400, 200):  # as sent it would still have fitted
                with pytest.raises(InvocationError, match="send it over a channel") as caught:
                    await caller.call("x::size", {"text": "a" * (MAX_MESSAGE_BYTES - room)})
                assert caught.value.code == "payload_too_large"
            assert await caller.call("x::size", {"text": "ab"}) == 2
            assert worker.worker_id == before

    run_really(main())
