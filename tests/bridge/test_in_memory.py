"""Services called with no engine and no socket."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest

from iii_bridge import (
    ClosedError,
    ContractError,
    InvocationError,
    InvocationTimeoutError,
    LocalProtocolError,
    Outcome,
    Side,
    StatusCode,
    StatusError,
    in_memory,
    in_memory_sync,
)
from iii_bridge.abi.v1 import Empty, Service
from iii_bridge.v1 import HttpResponse
from tests.bridge.contracts import shop
from tests.bridge.streams import Watch, WatchSync, orders
from tests.bridge.support import run_really
from tests.virtual_clock import run_virtually


class Orders(shop.OrdersService):  # type: ignore[misc]
    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.noted = asyncio.Event()

    async def place(self, request: Any, context: Any, /) -> Any:
        self.seen.append((request.sku, dict(context.metadata), context.attempt, context.remaining()))
        if request.sku == "none":
            raise StatusError(StatusCode.NOT_FOUND, "no such sku", [{"@type": "t", "sku": "none"}])
        if request.sku == "broken":
            raise KeyError("lost")
        if request.sku == "wrong":
            return shop.Receipt(order_id="o", total="many")
        if request.sku == "slow":
            await asyncio.Event().wait()
        return shop.Receipt(order_id=request.sku, total=request.quantity)

    async def get(self, request: Any, context: Any, /) -> Any:
        self.seen.append(context.attempt)
        if context.attempt < 3:
            await asyncio.Event().wait()
        return shop.Receipt(order_id=request.order_id)

    async def note(self, request: Any, context: Any, /) -> Any:
        self.seen.append((request.sku, dict(context.metadata), context.remaining()))
        self.noted.set()
        if request.sku == "broken":
            raise ValueError("nobody hears this")
        return Empty()

    async def raw(self, request: Any, context: Any, /) -> Any:
        return HttpResponse()


def test_a_call_is_typed_at_both_ends_and_carries_what_a_real_one_does() -> None:
    async def main() -> None:
        service = Orders()
        async with in_memory(service) as orders:
            answer = await orders.place(shop.PlaceRequest(sku="tea", quantity=2), timeout=5, metadata={"who": "me"})
            assert answer == shop.Receipt(order_id="tea", total=2)
        assert service.seen == [("tea", {"who": "me"}, 1, 5.0)]

    run_virtually(main())


def test_both_directions_are_checked() -> None:
    async def main() -> None:
        service = Orders()
        async with in_memory(service) as orders:
            with pytest.raises(ContractError) as caught:
                await orders.place(shop.PlaceRequest(sku="tea", quantity="many"))
            assert (caught.value.side, caught.value.path) == (Side.REQUEST, "$.quantity")
            assert service.seen == []
            with pytest.raises(ContractError) as caught:
                await orders.place(shop.PlaceRequest(sku="wrong"))
            assert (caught.value.side, caught.value.path) == (Side.RESPONSE, "$.total")

    run_virtually(main())


def test_errors_arrive_as_over_an_engine() -> None:
    async def main() -> None:
        async with in_memory(Orders()) as orders:
            with pytest.raises(StatusError) as status:
                await orders.place(shop.PlaceRequest(sku="none"))
            assert status.value.status is StatusCode.NOT_FOUND
            assert status.value.details == ({"@type": "t", "sku": "none"},)
            with pytest.raises(InvocationError, match="'lost'") as failed:
                await orders.place(shop.PlaceRequest(sku="broken"))
            assert failed.value.code == "invocation_failed"
            with pytest.raises(InvocationTimeoutError) as late:
                await orders.place(shop.PlaceRequest(sku="slow"), timeout=2)
            assert late.value.outcome is Outcome.UNKNOWN
            assert asyncio.get_running_loop().time() == pytest.approx(2.0)

    run_virtually(main())


def test_calls_that_may_be_repeated_are() -> None:
    async def main() -> None:
        service = Orders()
        async with in_memory(service) as orders:
            assert (await orders.get(shop.GetRequest(order_id="o"), timeout=9)).order_id == "o"
        assert service.seen == [1, 2, 3]

    run_virtually(main())


def test_void_and_enqueue_are_delivered_and_a_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        service = Orders()
        async with in_memory(service) as orders:
            await orders.note.void(shop.PlaceRequest(sku="a"), metadata={"who": "me"})
            await service.noted.wait()
            service.noted.clear()
            receipt = await orders.note.enqueue(shop.PlaceRequest(sku="b"))
            assert receipt.message_receipt_id
            await service.noted.wait()
            assert [entry[:2] for entry in service.seen] == [("a", {"who": "me"}), ("b", {})]
            with caplog.at_level(logging.WARNING, "iii_bridge"):
                service.noted.clear()
                await orders.note.void(shop.PlaceRequest(sku="broken"))
                await service.noted.wait()
                await asyncio.sleep(0.01)
            assert "nobody waits for it" in caplog.text

    run_virtually(main())


def test_leaving_ends_what_is_under_way_and_takes_no_more() -> None:
    async def main() -> None:
        async with in_memory(Orders()) as orders:
            waiting = asyncio.create_task(orders.place(shop.PlaceRequest(sku="slow")))
            await asyncio.sleep(1)
        with pytest.raises(ClosedError) as caught:
            await waiting
        assert caught.value.outcome is Outcome.UNKNOWN
        with pytest.raises(ClosedError):
            await orders.place(shop.PlaceRequest(sku="tea"))

    run_virtually(main())


def test_services_nest() -> None:
    class Outer(Orders):
        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        async def place(self, request: Any, context: Any, /) -> Any:
            return await self.inner.place(request, timeout=60)

    async def main() -> None:
        inner = Orders()
        async with in_memory(inner) as first, in_memory(Outer(first)) as second:
            await second.place(shop.PlaceRequest(sku="tea"), timeout=4)
            assert inner.seen[0][3] == pytest.approx(4.0), "a nested call outlives its parent"
            with pytest.raises(InvocationTimeoutError):
                await second.place(shop.PlaceRequest(sku="slow"), timeout=1)

    run_virtually(main())


class BlockingOrders(shop.OrdersServiceSync):  # type: ignore[misc]
    def __init__(self) -> None:
        self.threads: set[str] = set()

    def place(self, request: Any, context: Any, /) -> Any:
        self.threads.add(threading.current_thread().name)
        return shop.Receipt(order_id=request.sku)

    def get(self, request: Any, context: Any, /) -> Any:
        raise StatusError(StatusCode.NOT_FOUND, "no such order")

    def note(self, request: Any, context: Any, /) -> Any:
        return Empty()

    def raw(self, request: Any, context: Any, /) -> Any:
        return HttpResponse()


def test_blocking_services_and_blocking_clients() -> None:
    service = BlockingOrders()
    with in_memory_sync(service) as orders:
        assert orders.place(shop.PlaceRequest(sku="tea")).order_id == "tea"
        orders.note.void(shop.PlaceRequest(sku="tea"))
        with pytest.raises(StatusError):
            orders.get(shop.GetRequest(order_id="o"))
    assert threading.current_thread().name not in service.threads
    with pytest.raises(ClosedError):
        orders.place(shop.PlaceRequest(sku="tea"))


def test_what_is_no_service_is_refused() -> None:
    class Old(Service):
        pass

    async def enter(service: Any) -> None:
        async with in_memory(service):
            pass

    for service, problem in ((object(), "generated base"), (Orders, "generated base"), (Old(), "codegen again")):
        with pytest.raises(LocalProtocolError, match=problem):
            run_virtually(enter(service))
    with pytest.raises(LocalProtocolError, match="generated base"), in_memory_sync(object()):  # type: ignore[arg-type]
        pass


@pytest.mark.parametrize("service", [Watch, WatchSync])
def test_streams_work_without_an_engine_too(service: Any) -> None:
    async def main() -> None:
        async with in_memory(service()) as client:
            assert [receipt.total async for receipt in client.watch(shop.GetRequest(limit=300))] == list(range(300))
            assert (await client.upload(orders(300))).total == sum(range(300))
            chat = [receipt async for receipt in client.chat(orders(300))]
            assert [(receipt.order_id, receipt.total) for receipt in chat] == [(f"s{n}", 2 * n) for n in range(300)]
            with pytest.raises(StatusError, match="enough"):
                _ = [receipt async for receipt in client.watch(shop.GetRequest(order_id="fail", limit=3))]

    run_really(main())
