"""Bindings of the contract: what the engine hands over reaches TypeScript handlers typed, and http is transcoded."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.typescript.bench import Lab


def http(lab: Lab, method: str, path: str, **more: Any) -> httpx.Response:
    return httpx.request(method, lab.bus.engine.http_url + path, timeout=30, **more)


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/lab/a%2Fb/weigh", {"amount": "3"}, {"name": "a/b", "amount": "3"}),
        ("POST", "/lab/n/weigh", {"name": "n", "parts": [{"sku": "p"}]}, {"name": "n"}),
        ("GET", "/lab/shelves/7/samples?amount=9&colours=COLOUR_RED&colours=1&ratio=0.5&part.sku=s&wrapped=5", None,
         {"name": "shelves/7", "amount": "9", "colours": ["COLOUR_RED"], "part": {"sku": "s", "weight": "0"},
          "ratio": 0.5, "wrapped": "5"}),
        ("GET", "/files/a/b%2Fc/d", None, {"name": "a/b%2Fc/d"}),
        ("POST", "/lab/it:open", {}, {"name": "it", "text": "opened"}),
        ("POST", "/lab/it:close", {}, {"name": "closed by http"}),
    ],
)  # fmt: skip
def test_http_is_transcoded(lab: Lab, method: str, path: str, body: Any, expected: dict[str, Any]) -> None:
    answer = http(lab, method, path, json=body) if body is not None else http(lab, method, path)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    if "colours=" in path:
        told["colours"] = told["colours"][-1:]  # the engine hands over the last of several
    assert {name: told[name] for name in expected} == expected


def test_a_rule_may_take_and_give_one_field(lab: Lab) -> None:
    answer = http(lab, "PUT", "/lab/parts/p1?name=n", json={"weight": "2"})
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/lab/n/weigh", {"amount": True}, 400, "at $.amount"),
        ("POST", "/lab/n/weigh", {"name": "other"}, 400, "the body and the path disagree at $.name"),
        ("POST", "/lab/n/weigh", [], 400, "not a JSON object"),
        ("POST", "/lab/n/weigh", "broken", 400, "not readable as JSON"),
        ("PUT", "/lab/parts/p1?name=n&part.weight=1", {}, 400, "take it out of the query"),
        ("PUT", "/lab/parts/p1?name=n", {"sku": "p2"}, 400, "disagree at $.part.sku"),
        ("GET", "/lab/shelves/7/samples?parts=1", None, 400, "only scalar fields fit into a URL"),
        ("GET", "/lab/shelves/7/samples?name=other", None, 400, "the query and the path disagree"),
        ("POST", "/lab/missing:close", {}, 404, "no such sample"),
        ("POST", "/lab/broken:close", {}, 500, "lab::close failed"),
        ("POST", "/lab/it:fly", {}, 404, "no method has this path"),
    ],
)
def test_http_says_what_does_not_fit(lab: Lab, method: str, path: str, body: Any, status: int, said: str) -> None:
    content = {"content": "{", "headers": {"content-type": "application/json"}} if body == "broken" else {"json": body}
    answer = http(lab, method, path, **(content if body is not None else {}))
    assert answer.status_code == status, answer.text
    assert said in answer.json()["message"]
    assert "secret" not in answer.text


def test_the_engine_s_request_as_it_is(lab: Lab) -> None:
    answer = http(lab, "POST", "/raw/17", json={"a": 1})
    assert (answer.status_code, answer.headers["x-owner"], answer.headers["x-id"]) == (201, "lab", "17")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.json() == "read"


def test_events_of_the_engine_arrive_typed(lab: Lab) -> None:
    async def fire() -> None:
        bridge = lab.bus.bridge
        await bridge.call("state::set", {"scope": "lab", "key": "k", "value": 1})
        event = {"stream_name": "lab", "group_id": "g", "item_id": "i", "data": {"a": 1}}
        await bridge.call("stream::set", event)
        await bridge.call("publish", {"topic": "heard", "data": {"what": "gossip"}})
        await bridge.call("iii::durable::publish", {"topic": "noted", "data": {"what": "durable"}})
        await bridge.call("iii::durable::publish", {"topic": "noted", "data": {"what": 5}})
        await bridge.call("iii::durable::publish", {"topic": "noted", "data": {"what": "after"}})

    lab.run(fire())
    expected = [
        "tick cron",
        "changed state:created k",
        "streamed create g",
        f"note gossip {binding('subscribe')}",
        f"note durable {binding('durable:subscriber', who='bus')}",
        f"note after {binding('durable:subscriber', who='bus')}",
    ]
    lab.until(lambda: set(expected) <= set(lab.lines()))
    assert not [line for line in lab.lines() if line.startswith("note 5")]


def binding(kind: str, **metadata: str) -> str:
    return json.dumps({"triggerType": kind, "metadata": metadata}, separators=(",", ":"))


def test_a_trigger_type_of_a_worker_s_own(lab: Lab) -> None:
    async def ring() -> dict[str, Any]:
        bound = asyncio.Event()
        bell = lab.bus.bridge.register_trigger_type("lab::bell", on_bind=lambda binding: bound.set())
        await asyncio.wait_for(bound.wait(), 30)
        (held,) = bell.bindings.values()
        await bell.fire(held, {"what": "dong"})
        return dict(held.config)

    assert lab.run(ring()) == {"tone": [1, 2]}
    lab.until(lambda: "own dong" in lab.lines())


def test_an_adapter_is_no_entrance_for_calls(lab: Lab) -> None:
    from iii_bridge import ContractError

    with pytest.raises(ContractError, match="call the method's own function"):
        lab.run(lab.bus.bridge.call("lab::weigh::http", {"name": "n"}))
