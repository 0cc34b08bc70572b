"""Deadlines, retries and sidecars on the way out, under the virtual clock."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from iii_bridge.aio.invocation import current_invocation
from iii_bridge.errors import (
    ConnectionLostError,
    ContractError,
    InvocationError,
    InvocationTimeoutError,
    LocalProtocolError,
    Outcome,
    Side,
    StatusError,
)
from iii_bridge.status import StatusCode, format_status_line
from iii_bridge.types import Context
from tests.aio.fake_engine import FakeEngine, Peer
from tests.bridge.contracts import shop
from tests.bridge.support import bridge_in_memory
from tests.virtual_clock import run_virtually

RECEIPT = {"orderId": "o", "total": "4"}


def now() -> float:
    return asyncio.get_running_loop().time()


def get(bridge: Any, **options: Any) -> asyncio.Task[Any]:
    """A call that may be retried."""
    return asyncio.create_task(shop.OrdersClient(bridge).get(shop.GetRequest(order_id="o"), **options))


def place(bridge: Any, **options: Any) -> asyncio.Task[Any]:
    """A call that may not."""
    return asyncio.create_task(shop.OrdersClient(bridge).place(shop.PlaceRequest(sku="a"), **options))


def test_a_typed_call_carries_the_time_left_and_comes_back_typed() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            calling = place(bridge, timeout=2.5, metadata={"who": "me"})
            call = await peer.next_call()
            assert call["function_id"] == "orders::place"
            assert call["data"]["sku"] == "a"
            assert call["metadata"] == {"iii-bridge": {"remaining_ms": 2500, "attempt": 1}, "who": "me"}
            await peer.answer(call, RECEIPT)
            assert await calling == shop.Receipt(order_id="o", total=4)

    run_virtually(main())


def test_a_request_that_does_not_fit_is_never_sent() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, _):
            with pytest.raises(ContractError) as caught:
                await shop.OrdersClient(bridge).place(shop.PlaceRequest(sku="a", quantity="many"))
            assert (caught.value.side, caught.value.path) == (Side.REQUEST, "$.quantity")
            assert bridge._session.protocol.pending_calls == 0

    run_virtually(main())


def test_a_response_that_does_not_fit_is_caught_here_and_not_retried() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            calling = get(bridge)
            await peer.answer(await peer.next_call(), {"orderID": "o"})
            with pytest.raises(ContractError) as caught:
                await calling
            assert (caught.value.side, caught.value.path) == (Side.RESPONSE, "$.orderId")

    run_virtually(main())


def test_a_lost_reply_is_tried_again_within_the_timeout() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            begin = now()
            calling = get(bridge, timeout=9.0)
            seen = []
            for _ in range(3):
                call = await peer.next_call()
                seen.append((round(now() - begin), call["metadata"]["iii-bridge"]["attempt"]))
            await peer.answer(call, RECEIPT)
            assert (await calling).order_id == "o"
            assert seen == [(0, 1), (3, 2), (6, 3)]

    run_virtually(main())


def test_retries_end_with_the_whole_timeout_and_say_what_is_known() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, _):
            begin = now()
            with pytest.raises(InvocationTimeoutError) as caught:
                await get(bridge, timeout=6.0)
            assert now() - begin == pytest.approx(6.0)
            assert (caught.value.timeout, caught.value.outcome) == (6.0, Outcome.UNKNOWN)

    run_virtually(main())


def test_a_retry_that_was_never_sent_says_so() -> None:
    async def main() -> None:
        engine = FakeEngine()
        async with bridge_in_memory(engine) as (bridge, peer):
            engine.away = True
            peer.transport.break_connection()
            with pytest.raises(InvocationTimeoutError) as caught:
                await get(bridge, timeout=6.0)
            assert caught.value.outcome is Outcome.NOT_SENT

    run_virtually(main())


def test_a_lost_connection_is_tried_again_on_the_next() -> None:
    async def main() -> None:
        engine = FakeEngine()
        async with bridge_in_memory(engine) as (bridge, peer):
            calling = get(bridge)
            await peer.next_call()
            peer.transport.break_connection()
            again = await engine.accept()
            await again.answer(await again.next_call(), RECEIPT)
            assert (await calling).order_id == "o"

    run_virtually(main())


@pytest.mark.parametrize("code", ["invocation_stopped", "channel_send_failed"])
def test_an_executor_that_went_away_is_tried_again_after_a_pause(code: str) -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            calling = get(bridge)
            begin = now()
            await peer.answer(await peer.next_call(), error={"code": code, "message": "m"})
            call = await peer.next_call()
            assert 0 < now() - begin < 0.1
            await peer.answer(call, RECEIPT)
            assert (await calling).order_id == "o"

    run_virtually(main())


def test_an_executor_that_stays_away_is_reported_at_the_end() -> None:
    async def main() -> None:
        engine = FakeEngine()
        async with bridge_in_memory(engine) as (bridge, peer):

            async def refuse() -> None:
                while True:
                    await peer.answer(await peer.next_call(), error={"code": "invocation_stopped", "message": "m"})

            refusing = asyncio.create_task(refuse())
            begin = now()
            with pytest.raises(InvocationError, match="invocation_stopped"):
                await get(bridge, timeout=3.0)
            assert now() - begin == pytest.approx(3.0)
            refusing.cancel()

    run_virtually(main())


@pytest.mark.parametrize("error", [{"code": "function_not_found", "message": "m"}, {"code": "E", "message": "m"}])
def test_other_errors_are_final_even_for_what_may_be_retried(error: dict[str, str]) -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            calling = get(bridge)
            await peer.answer(await peer.next_call(), error=error)
            with pytest.raises(InvocationError, match=error["code"]):
                await calling

    run_virtually(main())


def test_what_may_have_side_effects_is_tried_once() -> None:
    async def main() -> None:
        engine = FakeEngine()
        async with bridge_in_memory(engine) as (bridge, peer):
            calling = place(bridge, timeout=6.0)
            await peer.next_call()
            with pytest.raises(InvocationTimeoutError):
                await calling
            calling = place(bridge)
            assert (await peer.next_call())["metadata"]["iii-bridge"]["attempt"] == 1
            peer.transport.break_connection()
            with pytest.raises(ConnectionLostError):
                await calling

    run_virtually(main())


def test_a_callee_that_stopped_at_our_deadline_is_a_timeout() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            calling = place(bridge)
            await peer.answer(await peer.next_call(), error={"code": "TIMEOUT", "message": "stopped"})
            with pytest.raises(InvocationTimeoutError) as caught:
                await calling
            assert caught.value.outcome is Outcome.UNKNOWN

    run_virtually(main())


def test_a_status_from_the_stack_of_an_official_worker_arrives_as_that_status() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            calling = place(bridge)
            stack = "Error: no\n at x\n" + format_status_line("NOT_FOUND", "no such sku", [{"sku": "a"}])
            await peer.answer(
                await peer.next_call(), error={"code": "invocation_failed", "message": "no", "stacktrace": stack}
            )
            with pytest.raises(StatusError) as caught:
                await calling
            assert (caught.value.status, caught.value.details) == (StatusCode.NOT_FOUND, ({"sku": "a"},))

    run_virtually(main())


async def serve_outer(bridge: Any, peer: Peer, remaining_ms: int, handler: Any, **frame: Any) -> None:
    bridge.register_function("outer::f", handler)
    metadata = {"iii-bridge": {"remaining_ms": remaining_ms, "attempt": 1}}
    ids = {"invocation_id": "outer-1", "function_id": "outer::f"}
    await peer.send(type="invokefunction", **ids, data={}, metadata=metadata, **frame)


def test_a_nested_call_never_outlives_its_parent_and_carries_its_trace() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):

            async def outer(payload: Any) -> Any:
                await asyncio.sleep(1.0)
                return await bridge.call("inner::g", {}, timeout=60.0)

            await serve_outer(bridge, peer, 4000, outer, traceparent="00-t-s-01", baggage="k=v")
            call = await peer.next_call()
            assert call["metadata"]["iii-bridge"]["remaining_ms"] == 3000
            assert (call["traceparent"], call["baggage"]) == ("00-t-s-01", "k=v")
            await peer.answer(call, "done")
            assert (await peer.next("invocationresult"))["result"] == "done"

    run_virtually(main())


def test_detached_calls_keep_the_trace_and_lose_the_deadline() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            left_running: list[asyncio.Task[Any]] = []

            async def outer(payload: Any, context: Context) -> Any:
                with context.detached():
                    left_running.append(asyncio.create_task(bridge.call("inner::g", {}, timeout=60.0)))
                assert current_invocation.get() is context
                return "answered"

            await serve_outer(bridge, peer, 4000, outer, traceparent="00-t-s-01", baggage="k=v")
            assert (await peer.next("invocationresult"))["result"] == "answered"
            call = await peer.next_call()
            assert call["metadata"]["iii-bridge"]["remaining_ms"] == 60_000
            assert (call["traceparent"], call["baggage"]) == ("00-t-s-01", "k=v")
            await asyncio.sleep(30.0)
            await peer.answer(call, "late")
            assert await left_running[0] == "late"

    run_virtually(main())


def test_a_call_after_the_parents_deadline_is_not_sent() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            seen: list[BaseException] = []

            def read_clock() -> Any:
                invocation = current_invocation.get()
                assert invocation is not None
                invocation.deadline = now() - 1.0

            async def outer(payload: Any) -> Any:
                read_clock()
                try:
                    await bridge.call("inner::g", {})
                except InvocationTimeoutError as error:
                    seen.append(error)

            await serve_outer(bridge, peer, 4000, outer)
            await peer.next("invocationresult")
            assert [error.outcome for error in seen if isinstance(error, InvocationTimeoutError)] == [Outcome.NOT_SENT]

    run_virtually(main())


def test_a_call_left_running_by_a_handler_that_has_returned_has_its_own_time() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            later: list[asyncio.Task[Any]] = []

            async def call_later() -> Any:
                await asyncio.sleep(10.0)
                return await bridge.call("inner::g", {}, timeout=60.0)

            async def outer(payload: Any) -> Any:
                later.append(asyncio.create_task(call_later()))

            await serve_outer(bridge, peer, 4000, outer, traceparent="00-t-s-01")
            await peer.next("invocationresult")
            call = await peer.next_call()
            assert call["metadata"]["iii-bridge"]["remaining_ms"] == 60_000
            assert call["traceparent"] == "00-t-s-01"
            await peer.answer(call, "done")
            assert await later[0] == "done"

    run_virtually(main())


def test_void_and_enqueue_carry_no_sidecar() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            client = shop.OrdersClient(bridge)
            await client.note.void(shop.PlaceRequest(sku="a"), metadata={"k": 1})
            void = await peer.next("invokefunction")
            assert (void["action"], void["metadata"]) == ({"type": "void"}, {"k": 1})
            assert "invocation_id" not in void
            queueing = asyncio.create_task(client.note.enqueue(shop.PlaceRequest(sku="a")))
            call = await peer.next_call()
            assert call["action"] == {"type": "enqueue", "queue": "notes"}
            assert "metadata" not in call
            await peer.answer(call, {"messageReceiptId": "r-1"})
            assert (await queueing).message_receipt_id == "r-1"
            queueing = asyncio.create_task(client.note.enqueue(shop.PlaceRequest(sku="a"), queue="other"))
            call = await peer.next_call()
            assert call["action"]["queue"] == "other"
            await peer.answer(call, {"receipt": "?"})
            with pytest.raises(ContractError, match=r"not a receipt at \$\.messageReceiptId"):
                await queueing

    run_virtually(main())


def test_the_contract_chooses_the_delivery() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            client = shop.DeliveryClient(bridge)
            await client.fire(shop.PlaceRequest(sku="a"))
            assert (await peer.next("invokefunction"))["action"] == {"type": "void"}
            queueing = asyncio.create_task(client.queue(shop.PlaceRequest(sku="a")))
            call = await peer.next_call()
            assert call["action"] == {"type": "enqueue", "queue": "default"}
            await peer.answer(call, {"messageReceiptId": "r"})
            await queueing

    run_virtually(main())


@pytest.mark.parametrize("verb", ["call", "void"])
def test_the_reserved_member_is_refused(verb: str) -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, _):
            with pytest.raises(LocalProtocolError, match="'iii-bridge' is reserved"):
                await getattr(bridge, verb)("x::y", {}, metadata={"iii-bridge": 1})

    run_virtually(main())


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan"), float("inf")])
def test_a_timeout_is_positive(timeout: float) -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, _):
            with pytest.raises(LocalProtocolError, match="must be positive seconds"):
                await bridge.call("x::y", {}, timeout=timeout)

    run_virtually(main())


def test_engine_functions_get_no_sidecar() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine(), namespace="shop") as (bridge, peer):
            calling = asyncio.create_task(bridge.call("engine::functions::list", {}))
            call = await peer.next_call()
            assert "metadata" not in call
            assert call["namespace"] == "default"
            await peer.answer(call, json.loads('{"functions":[]}'))
            assert await calling == {"functions": []}

    run_virtually(main())
