"""Code around calls, at clients and at servers."""

from __future__ import annotations

import asyncio
import dataclasses
import queue
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from iii_bridge import (
    ClientCall,
    EnqueueReceipt,
    LocalProtocolError,
    ServerCall,
    StatusCode,
    StatusError,
    connect_sync,
    in_memory,
    in_memory_sync,
)
from iii_bridge.abi.v1 import Empty
from iii_bridge.bridge.interceptors import chain
from iii_bridge.contract.spec import Delivery
from tests.bridge.contracts import shop
from tests.bridge.support import bench, run_really
from tests.bridge.test_in_memory import BlockingOrders, Orders
from tests.virtual_clock import run_virtually


class Spy:
    """An asynchronous interceptor of either side that writes down what passes."""

    def __init__(self, name: str, log: list[Any]) -> None:
        self.name = name
        self.log = log

    async def __call__(self, call: Any, proceed: Callable[[Any], Awaitable[Any]], /) -> Any:
        self.log.append((self.name, call))
        answer = await proceed(call)
        self.log.append((self.name, answer))
        return answer


def test_a_chain_calls_the_first_first() -> None:
    def tag(name: str) -> Callable[[str, Callable[[str], str]], str]:
        return lambda call, proceed: f"{name}({proceed(call + name)})"

    assert chain([tag("a"), tag("b")], lambda call: call)("") == "a(b(ab))"
    assert chain([], len)([1]) == 1


def test_every_verb_of_a_client_passes_and_may_be_changed() -> None:
    seen: list[ClientCall] = []

    async def tenant(call: ClientCall, proceed: Callable[[ClientCall], Awaitable[Any]], /) -> Any:
        seen.append(call)
        return await proceed(dataclasses.replace(call, metadata={**call.metadata, "tenant": "blue"}, timeout=3.0))

    async def main() -> None:
        service = Orders()
        async with in_memory(service, client_interceptors=[tenant]) as orders:
            request = shop.PlaceRequest(sku="tea")
            assert (await orders.place(request, metadata={"a": 1})).order_id == "tea"
            assert await orders.note(request) == Empty()
            await orders.note.void(request)
            assert isinstance(await orders.note.enqueue(request), EnqueueReceipt)
            assert service.seen[0] == ("tea", {"a": 1, "tenant": "blue"}, 1, 3.0)
        place, note = shop.OrdersClient.place.method, shop.OrdersClient.note.method
        assert [(c.method, c.function_id, c.delivery) for c in seen] == [
            (place, "orders::place", Delivery.SYNC),
            (note, "orders::note", note.delivery),
            (note, "orders::note", Delivery.VOID),
            (note, "orders::note", Delivery.ENQUEUE),
        ]
        assert seen[0].request is request

    run_virtually(main())


def test_an_interceptor_may_answer_itself_repeat_and_translate() -> None:
    async def twice(call: ClientCall, proceed: Callable[[ClientCall], Awaitable[Any]], /) -> Any:
        try:
            return await proceed(call)
        except StatusError:
            return await proceed(dataclasses.replace(call, request=shop.PlaceRequest(sku="cake")))

    async def cached(call: ServerCall, proceed: Callable[[ServerCall], Awaitable[Any]], /) -> Any:
        if call.request.sku == "cached":
            return shop.Receipt(order_id="from the cache")
        if call.request.sku == "secret":
            raise StatusError(StatusCode.PERMISSION_DENIED, "not for you")
        return await proceed(call)

    async def main() -> None:
        async with in_memory(Orders(), client_interceptors=[twice], server_interceptors=[cached]) as orders:
            for sku, answer in (("cached", "from the cache"), ("none", "cake"), ("secret", "cake"), ("tea", "tea")):
                assert (await orders.place(shop.PlaceRequest(sku=sku))).order_id == answer

    run_virtually(main())


def test_servers_show_the_checked_request_its_context_and_its_method() -> None:
    async def main() -> None:
        log: list[Any] = []
        async with in_memory(Orders(), server_interceptors=[Spy("outer", log), Spy("inner", log)]) as orders:
            answer = await orders.place(shop.PlaceRequest(sku="tea"))
        assert [name for name, _ in log] == ["outer", "inner", "inner", "outer"]
        call = log[0][1]
        assert call.request == shop.PlaceRequest(sku="tea")
        assert call.context.function_id == "orders::place"
        assert call.method is shop.OrdersClient.place.method
        assert log[-1][1] == answer

    run_virtually(main())


def test_on_an_engine_they_go_around_plain_functions_too() -> None:
    async def main() -> None:
        log: list[Any] = []
        async with bench() as b:
            worker = await b.bridge("worker", server_interceptors=[Spy("server", log)])
            caller = await b.bridge("caller", client_interceptors=[Spy("client", log)])
            worker.register_function("x::double", lambda payload: payload * 2)
            await worker.confirm("x::double")
            await worker.serve(Orders())
            assert await caller.call("x::double", 21) == 42
            client, server = log[0][1], log[1][1]
            assert (client.function_id, client.method, client.request) == ("x::double", None, 21)
            assert (server.request, server.method) == (21, None)
            assert [entry for _, entry in log[2:]] == [42, 42]
            log.clear()
            await shop.OrdersClient(caller).place(shop.PlaceRequest(sku="tea"))
            assert [name for name, _ in log] == ["client", "server", "server", "client"]

    run_really(main())


def test_blocking_ones_run_where_the_blocking_code_runs() -> None:
    threads: dict[str, str] = {}

    def client(call: ClientCall, proceed: Callable[[ClientCall], Any], /) -> Any:
        threads["client"] = threading.current_thread().name
        return proceed(call)

    def server(call: ServerCall, proceed: Callable[[ServerCall], Any], /) -> Any:
        threads["server"] = threading.current_thread().name
        return proceed(call)

    noted: queue.Queue[str] = queue.Queue()

    class Noting(BlockingOrders):
        def note(self, request: Any, context: Any, /) -> Any:
            noted.put(request.sku)
            return super().note(request, context)

    service = Noting()
    log: list[Any] = []
    with in_memory_sync(
        service, client_interceptors=[client], server_interceptors=[server, Spy("async", log)]
    ) as orders:
        assert orders.place(shop.PlaceRequest(sku="tea")).order_id == "tea"
        assert threads["client"] == threading.current_thread().name
        assert threads["server"] in service.threads
        orders.note.void(shop.PlaceRequest(sku="void"))
        assert orders.note.enqueue(shop.PlaceRequest(sku="queued")).message_receipt_id
        assert {noted.get(timeout=30), noted.get(timeout=30)} == {"void", "queued"}, "nothing is under way any more"
    assert log[0][0] == "async"


def test_one_of_the_wrong_kind_is_refused_at_once() -> None:
    def blocking(call: Any, proceed: Any, /) -> Any:
        return proceed(call)

    async def enter(**interceptors: Any) -> None:
        async with in_memory(Orders(), **interceptors):
            pass

    with pytest.raises(LocalProtocolError, match=r"client interceptor .*blocking is blocking on this bridge"):
        asyncio.run(enter(client_interceptors=[blocking]))
    with pytest.raises(LocalProtocolError, match=r"server interceptor .*blocking blocks"):
        asyncio.run(enter(server_interceptors=[blocking]))
    with (
        pytest.raises(LocalProtocolError, match="client interceptor Spy is asynchronous"),
        in_memory_sync(BlockingOrders(), client_interceptors=[Spy("x", [])]),  # type: ignore[list-item]
    ):
        pass
    assert connect_sync  # the same check stands behind it
