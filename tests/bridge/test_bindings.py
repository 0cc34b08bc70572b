"""Bindings of served methods: what is registered for them, and what a delivery becomes."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest

from iii_bridge import ContractError, Side
from iii_bridge.abi.v1 import Empty
from iii_bridge.v1 import HttpHeader, HttpResponse
from tests.bridge.contracts import shop
from tests.bridge.support import bench, run_really


class Events(shop.EventsService):  # type: ignore[misc]
    def __init__(self) -> None:
        self.seen: list[tuple[Any, Any]] = []

    async def _note(self, request: Any, context: Any, /) -> Any:
        self.seen.append((request, context))
        return Empty()

    tick = paid = changed = streamed = joined = custom = _note


TARGETS = {
    "events::tick::on-cron": ("cron", {"expression": "0 0 * * * *"}, {"owner": "shop"}),
    "events::paid::on-durable-subscriber": ("durable:subscriber", {"topic": "paid"}, {"owner": "shop"}),
    "events::paid::on-durable-subscriber-2": ("durable:subscriber", {"topic": "paid-again"}, None),
    "events::paid::on-subscribe": ("subscribe", {"topic": "gossip"}, None),
    "events::changed::on-state": ("state", {"scope": "orders"}, None),
    "events::streamed::on-stream": ("stream", {"stream_name": "orders"}, None),
    "events::joined::on-stream-join": ("stream:join", {}, None),
    "events::custom::on-shop--opened": ("shop::opened", {"city": "rome"}, None),
}


async def provide(bridge: Any, *type_ids: str) -> dict[str, Any]:
    """Trigger types provided by a worker, so that a test decides when they fire."""
    types = {type_id: bridge.register_trigger_type(type_id) for type_id in type_ids}
    await bridge.call("engine::workers::register", {"name": bridge.worker_name})
    return types


def bound_to(types: dict[str, Any], function_id: str) -> tuple[Any, Any]:
    """The trigger type a function is bound to, and the binding."""
    return next(
        (kind, binding)
        for kind in types.values()
        for binding in kind.bindings.values()
        if binding.function_id == function_id
    )


PAYLOADS = {
    "events::tick::on-cron": {
        "trigger": "cron",
        "job_id": "j",
        "scheduled_time": "2026-01-02T03:00:00+00:00",
        "actual_time": "2026-01-02T03:00:00.012+00:00",
    },
    "events::paid::on-durable-subscriber": {"sku": "a", "quantity": "3"},
    "events::paid::on-durable-subscriber-2": {"sku": "b"},
    "events::paid::on-subscribe": {"sku": "c"},
    "events::changed::on-state": {
        "type": "state",
        "event_type": "state:created",
        "scope": "orders",
        "key": "k",
        "old_value": None,
        "new_value": {"total": 1},
    },
    "events::streamed::on-stream": {
        "type": "stream",
        "timestamp": 1767322800000,
        "streamName": "orders",
        "groupId": "g",
        "id": "i",
        "event": {"type": "create", "data": {"total": 1}},
    },
    "events::joined::on-stream-join": {"subscription_id": "s", "stream_name": "orders", "group_id": "g", "context": {}},
    "events::custom::on-shop--opened": {"sku": "d"},
}


def test_every_trigger_type_reaches_its_method_and_names_the_binding() -> None:
    async def main() -> None:
        async with bench() as b:
            provider, worker = await b.bridge("provider"), await b.bridge("events")
            types = await provide(provider, *{kind for kind, _, _ in TARGETS.values()})
            service = Events()
            await worker.serve(service)
            for function_id, (kind, config, metadata) in TARGETS.items():
                found, binding = bound_to(types, function_id)
                assert (found.id, binding.config, dict(binding.metadata)) == (kind, config, metadata or {})
                assert await found.fire(binding, PAYLOADS[function_id]) == {}
                _, context = service.seen[-1]
                assert context.function_id == function_id
                assert (context.binding.trigger_type, context.binding.trigger_id) == (kind, binding.id)
                assert dict(context.binding.metadata) == (metadata or {})
            requests = [request for request, _ in service.seen]
            assert requests[0].scheduled_time.hour == 3
            assert [requests[i].sku for i in (1, 2, 3, 7)] == ["a", "b", "c", "d"]
            assert requests[4].new_value.to_python() == {"total": 1}
            assert (requests[5].stream_name, requests[5].event.type) == ("orders", "create")
            assert requests[6].subscription_id == "s"
            listed = await provider.call("engine::functions::list", {"prefix": "events::"})
            assert [row["function_id"] for row in listed["functions"]] == sorted(
                f"events::{name}" for name in ("tick", "paid", "changed", "streamed", "joined", "custom")
            )

    run_really(main())


def test_a_delivery_that_violates_the_contract_follows_the_policy(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with bench() as b:
            provider, worker = await b.bridge("provider"), await b.bridge("events")
            types = await provide(provider, *{kind for kind, _, _ in TARGETS.values()})
            service = Events()
            await worker.serve(service)
            # A queue would deliver it again and again; the contract says to acknowledge it.
            kind, binding = bound_to(types, "events::paid::on-durable-subscriber")
            assert await kind.fire(binding, {"quantity": "1"}) is None
            # Nobody retries a plain topic: the violation is told.
            kind, binding = bound_to(types, "events::paid::on-subscribe")
            with pytest.raises(ContractError) as caught:
                await kind.fire(binding, {"quantity": "1"})
            assert (caught.value.side, caught.value.path) == (Side.REQUEST, "$.sku")
            assert service.seen == []

    with caplog.at_level(logging.ERROR):
        run_really(main())
    assert "acknowledged a delivery that violates its contract: events::paid request" in caplog.text


def test_bindings_are_taken_back_with_the_service() -> None:
    async def main() -> None:
        async with bench() as b:
            provider, worker = await b.bridge("provider"), await b.bridge("events")
            types = await provide(provider, *{kind for kind, _, _ in TARGETS.values()})
            served = await worker._worker.serve(Events())
            assert sum(len(kind.bindings) for kind in types.values()) == len(TARGETS)
            worker._worker.withdraw(served)
            async with asyncio.timeout(10):
                while any(kind.bindings for kind in types.values()):
                    await provider.call("engine::workers::list")
            assert [bound.trigger for bound in served.bindings] == [None] * len(TARGETS)

    run_really(main())


class Raw(shop.OrdersService):  # type: ignore[misc]
    async def place(self, request: Any, context: Any, /) -> Any:
        raise AssertionError("must not run")

    get = note = place

    async def raw(self, request: Any, context: Any, /) -> Any:
        if request.path_params["id"] == "plain":
            return HttpResponse()
        cookies = [HttpHeader(name="Set-Cookie", value=value) for value in ("a=1", "b=2")]
        binding = context.binding.trigger_type
        return HttpResponse(status_code=202, headers={"x-binding": binding}, more_headers=cookies)


def test_a_raw_response_may_repeat_a_header() -> None:
    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("orders")
            await worker.serve(Raw())
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{b.engine.http_port}") as http:
                answer = await http.post("/raw/cookies")
                assert (answer.status_code, answer.headers["x-binding"]) == (202, "http")
                assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
                assert (await http.post("/raw/plain")).status_code == 200

    run_really(main())


def test_transcoded_routes_work_through_the_engine() -> None:
    class Things(shop.ThingsService):  # type: ignore[misc]
        async def _say(self, request: Any, context: Any, /) -> Any:
            said = {**request.to_dict(), "method": context.function_id}
            return shop.Thing(said=json.dumps(said, sort_keys=True), tags=["t"])

        get = find = cancel = approve = move = read = part = parts = _say

    async def main() -> None:
        async with bench() as b:
            await (await b.bridge("things")).serve(Things())
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{b.engine.http_port}") as http:

                async def said(method: str, path: str, **request: Any) -> Any:
                    answer = await http.request(method, path, **request)
                    assert answer.status_code == 200, answer.text
                    return json.loads(answer.json()["said"])

                assert (await said("GET", "/streets/High%20St?address.zip=7"))["address"] == {
                    "street": "High St",
                    "zip": 7,
                }
                assert (await said("GET", "/v1/shops/a%2Fb/things/c"))["name"] == "shops/a%2Fb/things/c"
                assert (await said("GET", "/files"))["name"] == "files"
                assert (await said("GET", "/files/a/b/c.txt"))["name"] == "files/a/b/c.txt"
                assert (await said("POST", "/things:find", json={"limit": 2}))["limit"] == 2
                assert (await said("POST", "/things/x:cancel", json={}))["name"] == "x"
                assert (await said("POST", "/things/x:approve"))["name"] == "x"
                assert (await http.post("/things/x")).status_code == 404
                assert (await http.get("/parts/x/tags")).json() == ["t"]

    run_really(main())
