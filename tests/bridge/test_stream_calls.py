"""Streaming calls through an embedded engine, from the caller's side."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest

from iii_bridge import (
    ClosedError,
    ConnectionLostError,
    ContractError,
    FunctionNotFoundError,
    InvocationTimeoutError,
    LocalProtocolError,
    Outcome,
    Side,
    StatusCode,
    StatusError,
    StreamTruncatedError,
)
from iii_bridge.contract.caller import ResponseStream
from tests.bridge.contracts import shop
from tests.bridge.streams import Watch, WatchSync, orders, until, until_nothing_is_left
from tests.bridge.support import bench, run_really


@pytest.mark.parametrize("service", [Watch, WatchSync])
def test_all_kinds_carry_everything_in_order_and_leave_nothing_behind(service: Any) -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            await worker.serve(service())
            client = shop.WatchClient(caller)
            stream: ResponseStream[Any] = client.watch(shop.GetRequest(order_id="o", limit=300))
            assert [receipt.total async for receipt in stream] == list(range(300))
            with pytest.raises(StopAsyncIteration):
                await anext(stream)
            assert [receipt async for receipt in client.watch(shop.GetRequest(limit=0))] == []
            assert (await client.upload(orders(300))).total == sum(range(300))
            assert (await client.upload(orders(0))).total == 0
            chat = [receipt async for receipt in client.chat(orders(300))]
            assert [(receipt.order_id, receipt.total) for receipt in chat] == [(f"s{n}", 2 * n) for n in range(300)]
            async with client.watch(shop.GetRequest(limit=5)) as receipts:
                assert len([receipt async for receipt in receipts]) == 5
            await until_nothing_is_left(b.engine, worker, caller)

    run_really(main(), 60)


def test_many_streams_share_one_worker() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            await worker.serve(Watch())
            client = shop.WatchClient(caller)

            async def one(number: int) -> list[int]:
                return [receipt.total async for receipt in client.chat(orders(number))]

            answers = await asyncio.gather(*(one(number) for number in range(60)))
            assert answers == [[2 * n for n in range(number)] for number in range(60)]
            await until_nothing_is_left(b.engine, worker, caller)

    run_really(main(), 90)


def test_requests_and_responses_take_turns() -> None:
    """Neither side waits for the other's end: every request is answered before the next is made."""

    async def main() -> None:
        async with bench() as b:
            await (await b.bridge("orders")).serve(Watch())
            answers: asyncio.Queue[int] = asyncio.Queue()
            seen: list[int] = []

            async def requests() -> AsyncIterator[Any]:
                quantity = 1
                while quantity < 1000:
                    yield shop.PlaceRequest(sku="s", quantity=quantity)
                    quantity = await answers.get()
                yield shop.PlaceRequest(sku="stop")

            async for receipt in shop.WatchClient(await b.bridge("caller")).chat(requests()):
                seen.append(receipt.total)
                answers.put_nowait(receipt.total)
            assert seen == [2**n for n in range(1, 11)]

    run_really(main())


def test_an_error_comes_after_what_was_sent_before_it() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            await worker.serve(Watch())
            client = shop.WatchClient(caller)
            seen: list[int] = []
            with pytest.raises(StatusError) as failed:
                async for receipt in client.watch(shop.GetRequest(order_id="fail", limit=200)):
                    seen += [receipt.total]
            assert (failed.value.status, failed.value.message) == (StatusCode.ABORTED, "enough")
            assert failed.value.details == ({"n": 1},)
            seen.clear()
            with pytest.raises(ContractError) as violated:
                async for receipt in client.watch(shop.GetRequest(order_id="violate", limit=3)):
                    seen += [receipt.total]
            assert seen == [0, 1, 2]
            assert (violated.value.side, violated.value.path) == (Side.RESPONSE, "$[3].total")
            await until_nothing_is_left(b.engine, worker, caller)

    run_really(main())


def test_a_request_that_cannot_be_sent_ends_the_call_with_the_callers_own_error() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            service = Watch()
            await worker.serve(service)
            client = shop.WatchClient(caller)

            async def wrong() -> AsyncIterator[Any]:
                yield shop.PlaceRequest(sku="s")
                await until(lambda: bool(service.contexts))  # or the handler would never begin
                yield shop.PlaceRequest(sku="s", quantity=2**63)

            async def failing() -> AsyncIterator[Any]:
                yield shop.PlaceRequest(sku="s")
                await until(lambda: len(service.contexts) == 2)
                raise ZeroDivisionError

            with pytest.raises(ContractError) as violated:
                await client.upload(wrong())
            assert (violated.value.side, violated.value.path) == (Side.REQUEST, "$[1].quantity")
            await service.closed.wait()
            service.closed.clear()
            with pytest.raises(ZeroDivisionError):
                _ = [receipt async for receipt in client.chat(failing())]
            await service.closed.wait()
            with pytest.raises(ContractError, match="request does not fit") as violated:
                await anext(client.watch(shop.GetRequest(limit=2**31)))
            assert violated.value.path == "$.limit"
            await until_nothing_is_left(b.engine, worker, caller)

    run_really(main())


@pytest.mark.parametrize("way", ["leave", "close", "drop", "cancel"])
def test_who_stops_reading_stops_the_handler(way: str) -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            service = Watch()
            await worker.serve(service)
            client = shop.WatchClient(caller)
            stream = client.watch(shop.GetRequest(order_id="o", limit=10**9 if way != "cancel" else 3))
            if way == "leave":
                async with stream as receipts:
                    async for receipt in receipts:
                        if receipt.total == 100:
                            break
            elif way == "close":
                assert (await anext(stream)).total == 0
                await stream.aclose()
                with pytest.raises(StopAsyncIteration):
                    await anext(stream)
            elif way == "drop":
                assert (await anext(stream)).total == 0
                gone = weakref.ref(stream)
                del stream
                gc.collect()
                assert gone() is None
            else:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2), client.chat(endless()) as receipts:
                        async for _ in receipts:
                            pass
            await asyncio.wait_for(service.closed.wait(), 20)
            await until_nothing_is_left(b.engine, worker, caller)

    async def endless() -> AsyncIterator[Any]:
        yield shop.PlaceRequest(sku="s")
        await asyncio.Event().wait()

    run_really(main())


def test_a_slow_reader_makes_the_writer_wait() -> None:
    """Bounded from end to end: both ends hold so much, the engine and the sockets the rest."""

    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            service = Watch()
            await worker.serve(service)
            client = shop.WatchClient(caller)
            large = "x" * 50_000
            async with client.watch(shop.GetRequest(order_id=large, limit=4000)) as receipts:
                assert (await anext(receipts)).total == 0
                yielded = -1
                while yielded != service.yielded:  # until nothing moves any more
                    yielded = service.yielded
                    await asyncio.sleep(0.3)
                assert 10 < yielded < 2000, "200 MB are not in flight"
                seen = 1
                async for receipt in receipts:
                    assert receipt.total == seen
                    seen += 1
                    if seen == 500:
                        break

            sent = 0

            async def requests() -> AsyncIterator[Any]:
                nonlocal sent
                for number in range(4000):
                    sent = number
                    yield shop.PlaceRequest(sku=large)

            async with client.chat(requests()) as receipts:
                await anext(receipts)
                before = -1
                while before != sent:
                    before = sent
                    await asyncio.sleep(0.3)
                assert sent < 3000

    run_really(main(), 90)


def test_time_runs_out_where_a_limit_was_set() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders", timeout=0.2), await b.bridge("caller", timeout=0.2)
            service = Watch()
            await worker.serve(service)
            client = shop.WatchClient(caller)
            waiting = shop.GetRequest(order_id="wait", limit=2)
            stream = client.watch(waiting)
            assert [(await anext(stream)).total for _ in range(2)] == [0, 1]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(stream), 0.5)  # the default timeout of calls is not for streams
            assert service.contexts[0].remaining() is None
            await stream.aclose()
            seen: list[int] = []
            with pytest.raises(InvocationTimeoutError) as late:
                async for receipt in client.watch(waiting, timeout=0.3):
                    seen += [receipt.total]
            assert (seen, late.value.outcome) == ([0, 1], Outcome.UNKNOWN)
            assert service.contexts[1].remaining() + 0.3 > 0
            with pytest.raises(LocalProtocolError, match="must be positive"):
                await anext(client.watch(waiting, timeout=0))
            await until_nothing_is_left(b.engine, worker, caller)

    run_really(main())


def test_a_contracts_time_limit_and_a_parents_deadline_hold_for_streams() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            service = Watch()

            class Strict(shop.StrictWatchService):  # type: ignore[misc]
                watch = Watch.watch
                contexts = service.contexts
                closed = service.closed
                yielded = 0

            await worker.serve(Strict())
            await worker.serve(service)
            with pytest.raises(InvocationTimeoutError):
                _ = [r async for r in shop.StrictWatchClient(caller).watch(shop.GetRequest(order_id="wait"))]

            async def outer(payload: Any) -> None:
                _ = [r async for r in shop.WatchClient(worker).watch(shop.GetRequest(order_id="wait"))]

            worker.register_function("outer::run", outer)
            await worker.confirm("outer::run")
            with pytest.raises(InvocationTimeoutError):
                await caller.call("outer::run", {}, timeout=0.5)
            assert service.contexts[-1].remaining() < 0.5
            await until_nothing_is_left(b.engine, worker, caller)

    run_really(main())


def test_metadata_and_the_caller_arrive_and_strict_contracts_do_not_see_the_references() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            service = Watch()

            class Strict(shop.StrictWatchService):  # type: ignore[misc]
                watch = service.watch

            await worker.serve(Strict())
            await worker.serve(service)
            strict, client = shop.StrictWatchClient(caller), shop.WatchClient(caller)
            assert len([r async for r in strict.watch(shop.GetRequest(limit=2), metadata={"who": "me"})]) == 2
            await client.upload(orders(1), metadata={"who": "me"})
            for context in service.contexts:
                assert (context.metadata, context.caller_worker_id) == ({"who": "me"}, caller.worker_id)
            with pytest.raises(LocalProtocolError, match="reserved"):
                await client.upload(orders(1), metadata={"iii-bridge": 1})

    run_really(main())


def test_a_lost_connection_leaves_the_outcome_open() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            service = Watch()
            await worker.serve(service)
            stream = shop.WatchClient(caller).watch(shop.GetRequest(order_id="wait", limit=2))
            assert [(await anext(stream)).total for _ in range(2)] == [0, 1]
            await b.engine.__aexit__(None, None, None)
            with pytest.raises((ConnectionLostError, StreamTruncatedError)) as lost:
                await anext(stream)
            assert isinstance(lost.value, ConnectionLostError)
            assert lost.value.outcome is Outcome.UNKNOWN
            await asyncio.wait_for(service.closed.wait(), 20)
            with pytest.raises(StopAsyncIteration):
                await anext(stream)

    run_really(main())


def test_calls_that_cannot_begin_say_that_nothing_was_sent() -> None:
    async def main() -> None:
        async with bench() as b:
            caller = await b.bridge("caller")
            client = shop.WatchClient(caller)
            with pytest.raises(FunctionNotFoundError):
                await anext(client.watch(shop.GetRequest()))
            with pytest.raises(FunctionNotFoundError):
                await client.upload(orders(10**6))
            await until(lambda: not len(caller._streams.lingering))  # although nobody will ever read them
            stream = client.watch(shop.GetRequest())
            await caller.close()
            with pytest.raises(ClosedError) as closed:
                await anext(stream)
            assert closed.value.outcome is Outcome.NOT_SENT

    run_really(main())


def test_closing_the_bridge_ends_its_streams() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            service = Watch()
            await worker.serve(service)
            stream = shop.WatchClient(caller).watch(shop.GetRequest(order_id="wait", limit=1))
            await anext(stream)
            await caller.close()
            with pytest.raises(ClosedError) as closed:
                await anext(stream)
            assert closed.value.outcome is Outcome.UNKNOWN
            await asyncio.wait_for(service.closed.wait(), 20)
            await until(lambda: not worker._dispatcher.running)

    run_really(main())
