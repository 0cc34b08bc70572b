"""The blocking bridge on an embedded engine that runs on another loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from iii_bridge import (
    BridgeSync,
    ClosedError,
    ConnectionLostError,
    FunctionNotFoundError,
    LocalProtocolError,
    connect,
    connect_sync,
)
from iii_bridge.abi.v1 import Empty
from iii_bridge.aio.portal import Portal
from iii_bridge.contract.caller import SyncCaller
from iii_bridge.engine import Engine
from iii_bridge.v1 import HttpResponse
from tests.bridge.contracts import shop
from tests.bridge.support import run_really


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    portal = Portal()

    async def start() -> Engine:
        return await Engine(port=0, http_port=0).__aenter__()

    engine = portal.call(start)
    yield engine.url
    portal.call(lambda: engine.__aexit__(None, None, None))
    portal.close()


@pytest.fixture
def bridge(url: str) -> Iterator[BridgeSync]:
    with connect_sync(url, worker_name="blocking") as made:
        yield made


class Orders(shop.OrdersServiceSync):  # type: ignore[misc]
    """Calls another function while it serves: deadline and caller go along."""

    def __init__(self, bridge: BridgeSync) -> None:
        self.client = shop.OrdersClientSync(bridge)
        self.noted = threading.Event()

    def place(self, request: Any, context: Any, /) -> Any:
        assert 0 < context.remaining() <= 5
        inner = self.client.get(shop.GetRequest(order_id=request.sku), timeout=60)
        return shop.Receipt(order_id=inner.order_id, total=inner.total)

    def get(self, request: Any, context: Any, /) -> Any:
        assert context.remaining() <= 5, "a nested call outlives its parent"
        return shop.Receipt(order_id=request.order_id, total=7)

    def note(self, request: Any, context: Any, /) -> Any:
        self.noted.set()
        return Empty()

    def raw(self, request: Any, context: Any, /) -> Any:
        return HttpResponse()


def test_a_blocking_service_and_a_blocking_client(bridge: BridgeSync) -> None:
    service = Orders(bridge)
    bridge.serve(service)
    caller: SyncCaller = bridge
    client = shop.OrdersClientSync(caller)
    assert client.place(shop.PlaceRequest(sku="a"), timeout=5) == shop.Receipt(order_id="a", total=7)
    client.note.void(shop.PlaceRequest(sku="a"))
    assert service.noted.wait(10)
    service.noted.clear()
    assert client.note.enqueue(shop.PlaceRequest(sku="a"), queue="default").message_receipt_id
    assert service.noted.wait(10)


def test_untyped_verbs(bridge: BridgeSync) -> None:
    seen = threading.Event()

    @bridge.function("x::double")
    def double(payload: int) -> int:
        seen.set()
        return payload * 2

    bridge.confirm("x::double")
    assert bridge.call("x::double", 21) == 42
    seen.clear()
    bridge.void("x::double", 1)
    assert seen.wait(10)
    assert bridge.enqueue("x::double", 1).message_receipt_id
    with pytest.raises(FunctionNotFoundError):
        bridge.call("x::nothing")
    trigger = bridge.register_trigger("http", "x::double", {"api_path": "/double"})
    assert trigger.id
    bridge.unregister_trigger(trigger)


def test_a_blocking_call_inside_an_async_handler_is_refused(bridge: BridgeSync) -> None:
    @bridge.function("x::wrong")
    async def wrong(payload: Any) -> Any:
        with pytest.raises(LocalProtocolError, match="await instead"):
            bridge.call("x::nothing")
        return "refused"

    bridge.confirm("x::wrong")
    assert bridge.call("x::wrong") == "refused"


def test_many_threads_share_one_bridge(bridge: BridgeSync) -> None:
    bridge.function("x::echo")(lambda payload: payload)
    bridge.confirm("x::echo")
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda n=n: answers.append(bridge.call("x::echo", n))) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == list(range(20))


def portals() -> int:
    return [thread.name for thread in threading.enumerate()].count("iii-bridge portal")


def test_closing_ends_the_thread_and_later_calls_fail(url: str) -> None:
    before = portals()
    bridge = connect_sync(url, worker_name="short")
    assert portals() == before + 1
    bridge.close()
    bridge.close()
    assert portals() == before
    with pytest.raises(ClosedError):
        bridge.call("x::y")


def test_failing_to_connect_leaves_no_thread() -> None:
    before = portals()
    with pytest.raises(ConnectionLostError):
        connect_sync("ws://127.0.0.1:1", connect_timeout=0.1)
    assert portals() == before


def test_a_blocking_client_refuses_an_asynchronous_bridge(url: str) -> None:
    async def main() -> None:
        async with connect(url) as bridge:
            with pytest.raises(LocalProtocolError, match="OrdersClientSync needs a bridge of connect_sync"):
                shop.OrdersClientSync(bridge)

    run_really(main())
