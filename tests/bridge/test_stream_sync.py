"""Blocking clients of streams, and blocking services behind asynchronous ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from iii_bridge import (
    BridgeSync,
    ClientCall,
    ClosedError,
    ContractError,
    ServerCall,
    StatusError,
    connect_sync,
    in_memory_sync,
)
from iii_bridge.aio.portal import Portal
from iii_bridge.engine import Engine
from tests.bridge.contracts import shop
from tests.bridge.streams import WatchSync


@pytest.fixture
def bridge() -> Iterator[BridgeSync]:
    portal = Portal()
    engine = portal.call(Engine(port=0, http_port=0).__aenter__)
    with connect_sync(engine.url, worker_name="w") as made:
        yield made
    portal.call(lambda: engine.__aexit__(None, None, None))
    portal.close()


def orders(count: int) -> Iterator[Any]:
    for number in range(count):
        yield shop.PlaceRequest(sku=f"s{number}", quantity=number)


def test_blocking_clients_have_every_kind(bridge: BridgeSync) -> None:
    service = WatchSync()
    bridge.serve(service)
    client = shop.WatchClientSync(bridge)
    assert [receipt.total for receipt in client.watch(shop.GetRequest(limit=300))] == list(range(300))
    assert client.upload(orders(300)).total == sum(range(300))
    assert client.upload([shop.PlaceRequest(sku="s", quantity=4)]).total == 4
    assert [receipt.total for receipt in client.chat(orders(300))] == [2 * n for n in range(300)]
    seen: list[int] = []
    with pytest.raises(StatusError, match="enough"):
        for receipt in client.watch(shop.GetRequest(order_id="fail", limit=100)):
            seen += [receipt.total]
    assert seen == list(range(100))

    def failing() -> Iterator[Any]:
        yield shop.PlaceRequest(sku="s")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        client.upload(failing())
    with pytest.raises(ContractError) as violated:
        client.upload([shop.PlaceRequest(sku="s"), shop.PlaceRequest(sku="s", quantity=2**63)])
    assert violated.value.path == "$[1].quantity"


def test_leaving_a_blocking_loop_closes_the_blocking_generator(bridge: BridgeSync) -> None:
    service = WatchSync()
    bridge.serve(service)
    client = shop.WatchClientSync(bridge)
    with client.watch(shop.GetRequest(limit=10**9)) as receipts:
        assert next(receipts).total == 0
    stream = client.watch(shop.GetRequest(limit=10**9))
    assert next(stream).total == 0
    del stream
    pause = threading.Event()
    for _ in range(1000):
        if service.closed == 2:
            break
        pause.wait(0.01)
    assert service.closed == 2
    assert service.yielded < 10**6
    late = client.watch(shop.GetRequest(limit=3))
    assert next(late).total == 0
    bridge.close()
    late.close()
    with pytest.raises(ClosedError):
        next(client.watch(shop.GetRequest(limit=1)))


def test_interceptors_see_streams_as_calls() -> None:
    said: list[str] = []

    def client_side(call: ClientCall, proceed: Callable[[ClientCall], Any], /) -> Any:
        said.append(f"client {call.function_id}")
        return proceed(call)

    def server_side(call: ServerCall, proceed: Callable[[ServerCall], Any], /) -> Any:
        said.append(f"server {call.context.function_id}")
        return proceed(call)

    async def outer(call: ServerCall, proceed: Any, /) -> Any:
        said.append("outer")
        return await proceed(call)

    with in_memory_sync(
        WatchSync(), client_interceptors=[client_side], server_interceptors=[server_side, outer]
    ) as client:
        assert [receipt.total for receipt in client.watch(shop.GetRequest(limit=3))] == [0, 1, 2]
        assert client.upload(orders(3)).total == 3
        with client.chat(orders(3)) as receipts:
            assert next(receipts).total == 0
    for kind in ("watch", "upload", "chat"):
        assert [f"client watch::{kind}", "outer", f"server watch::{kind}"] == said[:3]
        del said[:3]
    assert said == []
