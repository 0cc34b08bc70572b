"""A typed bridge and the official Python SDK (iii-sdk 0.25) as each other's peer."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import iii
import pytest

from iii_bridge import BridgeSync, ContractError, InvocationError, Side, connect_sync
from iii_bridge.abi.v1 import Empty
from iii_bridge.aio.portal import Portal
from iii_bridge.engine import Engine
from iii_bridge.status import parse_status_line
from iii_bridge.v1 import HttpResponse
from tests.bridge.contracts import shop

# The SDK leaves its loop and sockets to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Set up first, so torn down last: the collector runs inside the filters above."""
    yield
    gc.collect()


@pytest.fixture
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
    with connect_sync(url, worker_name="ours") as made:
        yield made


@contextmanager
def official(url: str) -> Iterator[Any]:
    """Not a fixture: pytest would hold on to it beyond the filters."""
    worker = iii.register_worker(url, iii.InitOptions(worker_name="theirs", otel={"enabled": False}))
    try:
        yield worker
    finally:
        worker.shutdown()


def until_listed(bridge: BridgeSync, function_id: str) -> None:
    """The SDK has no acknowledgement of a registration."""
    pause = threading.Event()
    for _ in range(200):
        if bridge.call("engine::functions::list", {"prefix": function_id})["functions"]:
            return
        pause.wait(0.02)
    raise AssertionError(f"{function_id} was never listed")


ANSWERS = {
    "renamed": ({"order_ID": "o"}, "$.orderId"),
    "wrong-type": ({"orderId": "o", "gift": "yes"}, "$.gift"),
    "out-of-range": ({"orderId": "o", "total": 2**63}, "$.total"),
    "unknown-enum": ({"orderId": "o", "colour": "COLOUR_GREEN"}, "$.colour"),
    "not-an-object": ("receipt", "$"),
    "nothing": (None, "$"),
}


def test_a_typed_client_checks_what_an_sdk_worker_answers(bridge: BridgeSync, url: str) -> None:
    with official(url) as sdk:
        check_answers(bridge, sdk)


def check_answers(bridge: BridgeSync, sdk: Any) -> None:
    seen: list[dict[str, Any]] = []

    async def get(data: dict[str, Any], metadata: Any) -> Any:
        seen.append({"data": data, "metadata": metadata})
        if data["orderId"] == "raise":
            raise ValueError("no such order")
        return ANSWERS.get(data["orderId"], ({"orderId": data["orderId"], "total": "7"},))[0]

    sdk.register_function("orders::get", get)
    until_listed(bridge, "orders::get")
    client = shop.OrdersClientSync(bridge)
    good = client.get(shop.GetRequest(order_id="good"), metadata={"who": "me"}, timeout=9)
    assert good == shop.Receipt(order_id="good", total=7)
    assert seen[0]["data"]["limit"] == 0, "defaults are written for hand-written peers"
    assert seen[0]["metadata"]["who"] == "me"
    assert 0 < seen[0]["metadata"]["iii-bridge"]["remaining_ms"] <= 3000, "a third of the timeout"
    for name, (_, path) in ANSWERS.items():
        with pytest.raises(ContractError) as caught:
            client.get(shop.GetRequest(order_id=name))
        assert (caught.value.function_id, caught.value.side) == ("orders::get", Side.RESPONSE)
        assert caught.value.path == path, name
    with pytest.raises(InvocationError) as failed:
        client.get(shop.GetRequest(order_id="raise"))
    assert (failed.value.code, failed.value.message) == ("invocation_failed", "no such order")


class Orders(shop.OrdersServiceSync):  # type: ignore[misc]
    def place(self, request: Any, context: Any, /) -> Any:
        return shop.Receipt(order_id=request.sku, total=request.quantity)

    def get(self, request: Any, context: Any, /) -> Any:
        return shop.Receipt(order_id=request.order_id)

    def note(self, request: Any, context: Any, /) -> Any:
        return Empty()

    def raw(self, request: Any, context: Any, /) -> Any:
        return HttpResponse()


def test_an_sdk_client_is_checked_by_a_typed_service(bridge: BridgeSync, url: str) -> None:
    with official(url) as sdk:
        check_requests(bridge, sdk)


def check_requests(bridge: BridgeSync, sdk: Any) -> None:
    bridge.serve(Orders())
    answer = sdk.trigger({"function_id": "orders::place", "payload": {"sku": "a", "quantity": 5}})
    assert answer == {"orderId": "a", "total": "5", "colour": "COLOUR_UNSPECIFIED", "gift": False, "tags": []}
    with pytest.raises(iii.InvocationError) as caught:
        sdk.trigger({"function_id": "orders::place", "payload": {"sku": "a", "quantity": "five"}})
    assert caught.value.code == "contract_violation"
    assert "orders::place request" in caught.value.message
    assert caught.value.message.endswith("at $.quantity")
    line = parse_status_line(caught.value.stacktrace)
    assert line is not None
    assert line[2][0]["path"] == "$.quantity"
