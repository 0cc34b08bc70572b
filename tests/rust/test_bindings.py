"""What triggers bring to the Rust worker: http requests, transcoded or as they are, and events."""

from __future__ import annotations

import asyncio
import json
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests.contract.bus import Bus
from tests.rust.conftest import Recall


def ask(bus: Bus, method: str, path: str, **options: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        async with httpx.AsyncClient(base_url=bus.engine.http_url, timeout=30) as client:
            return await client.request(method, path, **options)

    return bus.run(send())


ANSWERED: dict[str, tuple[str, str, Any, dict[str, Any]]] = {
    "body": ("POST", "/v1/orders/17", {"size": "SIZE_LARGE"}, {"orderId": "17", "size": "SIZE_LARGE"}),
    "encoded path": ("POST", "/v1/orders/a%20b%2Fc", {}, {"orderId": "a b/c"}),
    "path and body agree": ("POST", "/v1/orders/17", {"order_id": "17"}, {"orderId": "17"}),
    "body field": ("PUT", "/v1/gifts/17?tags=a&urgent=true", {"sku": "t"}, {"orderId": "17", "urgent": True}),
    "many segments": ("GET", "/v1/files/a/b%20c/d?size=1&weight=0.5", None, {"orderId": "a/b c/d", "weight": 0.5}),
    "no segment": ("GET", "/v1/files", None, {"orderId": ""}),
    "nested query": ("GET", "/v1/files/x?gift.sku=tea&gift.count=3", None, {"gift": {"sku": "tea", "count": "3"}}),
    "unknown query": ("GET", "/v1/files/x?novel=1", None, {"orderId": "x"}),
}


@pytest.mark.parametrize(("method", "path", "body", "order"), ANSWERED.values(), ids=ANSWERED)
def test_an_http_request_becomes_the_request(
    bus: Bus, method: str, path: str, body: Any, order: dict[str, Any]
) -> None:
    answer = ask(bus, method, path, json=body) if body is not None else ask(bus, method, path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    seen = answer.json()
    assert {key: seen["order"][key] for key in order} == order
    assert (seen["functionId"], seen["binding"], seen["hasCaller"]) == ("desk::place::http", "http", False)


def test_one_field_of_the_response_may_be_the_body(bus: Bus) -> None:
    answer = ask(bus, "GET", "/v1/orders/17/tea?gift.count=2")
    assert answer.status_code == 200
    assert (answer.json()["orderId"], answer.json()["gift"]) == ("17", {"sku": "tea", "count": "2"})


@pytest.mark.parametrize(("verb", "method"), [("cancel", "cancel"), ("revive", "revive")])
def test_methods_share_a_route_by_their_verbs(bus: Bus, verb: str, method: str) -> None:
    answer = ask(bus, "POST", f"/v1/desk/17:{verb}")
    assert (answer.status_code, answer.json()["method"]) == (200, method)
    assert answer.json()["order"]["orderId"] == "17"


REFUSED: dict[str, tuple[str, str, Any, int, str]] = {
    "disagree": ("POST", "/v1/orders/17", {"orderId": "18"}, 400, "the body and the path disagree at $.orderId"),
    "no object": ("POST", "/v1/orders/17", [], 400, "the body is not a JSON object at $"),
    "twice": ("PUT", "/v1/gifts/17?gift.sku=a", {"sku": "t"}, 400, "the body holds this field"),
    "no scalar": ("GET", "/v1/files/x?items=1", None, 400, "only scalar fields fit into a URL"),
    "no boolean": ("GET", "/v1/files/x?urgent=yes", None, 400, "neither true nor false at $.urgent"),
    "range": ("GET", "/v1/files/x?gift.sku=a&gift.count=9223372036854775808", None, 400, "out of range for int64"),
    "query and path": ("GET", "/v1/files/x?orderId=y", None, 400, "the query and the path disagree"),
    "no verb": ("POST", "/v1/desk/17:burn", None, 404, "no method has this path"),
}


@pytest.mark.parametrize(("method", "path", "body", "status", "problem"), REFUSED.values(), ids=REFUSED)
def test_an_http_request_that_does_not_fit_is_refused(
    bus: Bus, method: str, path: str, body: Any, status: int, problem: str
) -> None:
    answer = ask(bus, method, path, json=body) if body is not None else ask(bus, method, path)
    assert answer.status_code == status
    assert answer.json()["code"] == ("NOT_FOUND" if status == 404 else "INVALID_ARGUMENT")
    assert problem in answer.json()["message"]


def test_a_body_that_is_no_json_is_named(bus: Bus) -> None:
    answer = ask(bus, "POST", "/v1/orders/17", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert "JSON" in answer.text


def test_a_method_may_take_http_as_it_is(bus: Bus) -> None:
    answer = ask(bus, "POST", "/raw/17", json={"a": 1})
    assert answer.status_code == 202
    assert answer.headers["x-method"] == "POST"
    assert answer.headers.get_list("x-many") == ["a", "b"]


def test_events_become_requests(bus: Bus, stubs: ModuleType, recall: Recall) -> None:
    async def fire() -> None:
        await bus.bridge.call("iii::durable::publish", {"topic": "noted", "data": {"orderId": "durable"}})
        seen = await recall("note", "durable")
        assert (seen.function_id, seen.binding) == ("desk::note::on-durable-subscriber", "durable:subscriber")
        assert json.loads(seen.binding_metadata) == {"owner": "desk"}
        await bus.bridge.call("publish", {"topic": "heard", "data": {"orderId": "heard"}})
        assert (await recall("note", "heard")).function_id == "desk::note::on-subscribe"
        await bus.bridge.call("state::set", {"scope": "desk", "key": "k", "value": 1})
        assert (await recall("changed", "k")).binding == "state"
        await bus.bridge.call("stream::set", {"stream_name": "desk", "group_id": "all", "item_id": "i", "data": 1})
        assert (await recall("streamed", "i")).binding == "stream"

    bus.run(fire())


def test_a_delivery_that_violates_is_acknowledged_where_the_contract_says_so(bus: Bus, recall: Recall) -> None:
    async def fire() -> None:
        await bus.bridge.call("iii::durable::publish", {"topic": "noted", "data": {"items": "none"}})
        await bus.bridge.call("iii::durable::publish", {"topic": "noted", "data": {"orderId": "after"}})
        await recall("note", "after")
        async with asyncio.timeout(30):
            stats = await bus.bridge.call("engine::queue::topic_stats", {"topic": "noted"})
            while stats["depth"]:
                await asyncio.sleep(0.05)
                stats = await bus.bridge.call("engine::queue::topic_stats", {"topic": "noted"})
        assert stats["dlq_depth"] == 0

    bus.run(fire())
