"""Serving generated services on an embedded engine."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
from typing import Any

import httpx
import pytest

from iii_bridge import (
    Bridge,
    ContractError,
    FunctionNotFoundError,
    LocalProtocolError,
    RegistrationRejectedError,
    Side,
    StatusCode,
    StatusError,
    UnsupportedError,
)
from iii_bridge.abi.v1 import Empty, HttpEndpointSpec
from iii_bridge.engine import Engine
from iii_bridge.v1 import HttpResponse
from tests.aio.fake_engine import FakeEngine
from tests.aio.test_websocket import dial
from tests.bridge.contracts import shop
from tests.bridge.support import bench, bridge_in_memory, run_really
from tests.virtual_clock import run_virtually


class Orders(shop.OrdersService):  # type: ignore[misc]
    def __init__(self) -> None:
        self.noted: asyncio.Queue[Any] = asyncio.Queue()

    async def place(self, request: Any, context: Any, /) -> Any:
        if request.sku == "sold-out":
            raise StatusError(StatusCode.FAILED_PRECONDITION, "sold out", [{"sku": request.sku}])
        if request.sku == "broken":
            return shop.Receipt(order_id="o", total=2**70)
        return shop.Receipt(order_id=request.sku, total=request.quantity * 2)

    async def get(self, request: Any, context: Any, /) -> Any:
        if request.order_id == "none":
            raise StatusError(StatusCode.NOT_FOUND, "no such order")
        return shop.Receipt(order_id=request.order_id, total=request.limit)

    async def note(self, request: Any, context: Any, /) -> Any:
        self.noted.put_nowait((request.sku, context.caller_worker_id))
        return Empty()

    async def raw(self, request: Any, context: Any, /) -> Any:
        return HttpResponse(status_code=201, headers={"x-owner": context.metadata["owner"]})


class OrdersBlocking(shop.OrdersServiceSync):  # type: ignore[misc]
    def place(self, request: Any, context: Any, /) -> Any:
        return shop.Receipt(order_id=request.sku)

    def get(self, request: Any, context: Any, /) -> Any:
        return shop.Receipt(order_id=request.order_id)

    def note(self, request: Any, context: Any, /) -> Any:
        return Empty()

    def raw(self, request: Any, context: Any, /) -> Any:
        return HttpResponse()


def implement(service: Any) -> Any:
    """A service whose methods are never reached."""

    async def never(self: Any, request: Any, context: Any, /) -> Any:
        raise AssertionError("must not run")

    methods = {method.name: never for method in service._service.methods}
    return type(service.__name__, (service,), methods)()


def test_typed_calls_are_checked_on_both_sides() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            await worker.serve(Orders())
            client = shop.OrdersClient(caller)
            receipt = await client.place(shop.PlaceRequest(sku="a", quantity=2**53))
            assert receipt == shop.Receipt(order_id="a", total=2**54)
            with pytest.raises(StatusError) as refused:
                await client.place(shop.PlaceRequest(sku="sold-out"))
            assert (refused.value.status, refused.value.details) == (
                StatusCode.FAILED_PRECONDITION,
                ({"sku": "sold-out"},),
            )
            with pytest.raises(ContractError) as broken:
                await client.place(shop.PlaceRequest(sku="broken"))
            assert (broken.value.function_id, broken.value.side, broken.value.path) == (
                "orders::place",
                Side.RESPONSE,
                "$.total",
            )
            with pytest.raises(ContractError) as untyped:
                await caller.call("orders::place", {"SKU": "a"})
            assert (untyped.value.side, untyped.value.path) == (Side.REQUEST, "$.sku")

    run_really(main())


def test_a_violation_reaches_other_languages_with_a_stable_code() -> None:
    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("orders")
            await worker.serve(Orders())
            asked = await dial(b.engine.url)
            ids = {"invocation_id": "5f0c0000-0000-4000-8000-000000000001", "function_id": "orders::place"}
            asked.line.write([json.dumps({"type": "invokefunction", **ids, "data": {"quantity": "x"}}).encode()])
            while (frame := json.loads(await asked.recv()))["type"] != "invocationresult":
                pass
            await asked.line.close()
            assert frame["error"]["code"] == "contract_violation"
            assert frame["error"]["message"].endswith("at $.quantity")
            assert frame["error"]["stacktrace"].startswith('iii-status/1 {"code":"INVALID_ARGUMENT"')

    run_really(main())


@pytest.mark.parametrize("dialect", ["2020-12", "draft-07"])
def test_functions_carry_schemas_and_the_contract_in_their_metadata(dialect: Any) -> None:
    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("orders")
            await worker.serve(Orders(), dialect=dialect)
            info = await worker.call("engine::functions::info", {"function_id": "orders::place"})
            assert info["description"] == "Places an order."
            digest = shop.OrdersService._service.digest
            contract = {"method": "shop.v1.OrdersService/Place", "digest": digest}
            assert info["metadata"] == {"team": "shop", "iii-bridge": contract}
            assert dialect in info["request_schema"]["$schema"]
            assert info["request_schema"]["title"] == "PlaceRequest"
            assert "orderId" in info["response_schema"]["properties"]
            note = await worker.call("engine::functions::info", {"function_id": "orders::note"})
            assert note["response_schema"]["type"] == "object"
            listed = await worker.call("engine::functions::list", {"prefix": "orders::"})
            assert [row["function_id"] for row in listed["functions"]] == [
                "orders::get",
                "orders::note",
                "orders::place",
                "orders::raw",
            ]

    run_really(main())


def test_http_requests_are_transcoded_checked_and_answered() -> None:
    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("orders")
            await worker.serve(Orders())
            async with httpx.AsyncClient(base_url=b.engine.http_url) as http:
                placed = await http.post("/v1/orders", json={"sku": "a", "quantity": 4})
                assert (placed.status_code, placed.json()["total"]) == (200, "8")
                assert placed.headers["content-type"] == "application/json"
                assert (await http.put("/v1/orders/b%20c", json={})).json()["orderId"] == "b c"
                assert (await http.get("/v1/orders/o?limit=7")).json()["total"] == "7"
                missing = await http.get("/v1/orders/none")
                assert (missing.status_code, missing.json()) == (
                    404,
                    {"code": "NOT_FOUND", "message": "no such order", "details": []},
                )
                bad = await http.post("/v1/orders", json={"sku": "a", "quantity": "four"})
                assert (bad.status_code, bad.json()["details"][0]["path"]) == (400, "$.quantity")
                ours = await http.post("/v1/orders", json={"sku": "broken"})
                assert (ours.status_code, ours.json()["details"][0]["side"]) == (500, "response")
                raw = await http.post("/raw/7", json={})
                assert (raw.status_code, raw.headers["x-owner"]) == (201, "shop")

    run_really(main())


def test_queue_deliveries_are_checked_and_acknowledged_as_the_contract_says(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            service = Orders()
            await worker.serve(service)
            client = shop.OrdersClient(caller)
            await caller.enqueue("orders::note", {"quantity": 1})
            await client.note.enqueue(shop.PlaceRequest(sku="good"), queue="default")
            assert await service.noted.get() == ("good", None)
            await client.note.void(shop.PlaceRequest(sku="void"))
            assert await service.noted.get() == ("void", caller.worker_id)

    run_really(main())
    assert "acknowledged a delivery that violates its contract" in caplog.text


def test_blocking_services_run_beside_the_loop() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, caller = await b.bridge("orders"), await b.bridge("caller")
            await worker.serve(OrdersBlocking())
            client = shop.OrdersClient(caller)
            receipts = await asyncio.gather(*(client.get(shop.GetRequest(order_id=str(n))) for n in range(50)))
            assert [receipt.order_id for receipt in receipts] == [str(n) for n in range(50)]

    run_really(main())


def test_a_function_of_somebody_else_is_refused_and_nothing_stays() -> None:
    async def main() -> None:
        async with bench() as b:
            first, second = await b.bridge("first"), await b.bridge("second")
            first.register_function("orders::note", lambda payload: None)
            await first.confirm("orders::note")
            with pytest.raises(RegistrationRejectedError, match=r"orders::note .* owned by worker first"):
                await second.serve(Orders())
            listed = await first.call("engine::functions::list", {"include_internal": True, "prefix": "orders::"})
            assert [(row["function_id"], row["worker_name"]) for row in listed["functions"]] == [
                ("orders::note", "first")
            ]
            bound = await first.call("engine::registered-triggers::list", {})
            assert bound["registered_triggers"] == []
            first.unregister_function("orders::note")
            await second.serve(Orders())
            with pytest.raises(LocalProtocolError, match="is served already"):
                await second.serve(Orders())

    run_really(main())


def test_waiting_takes_over_when_the_owner_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.worker._RETRY_CONFLICT", 0.05)

    async def main() -> None:
        async with bench() as b:
            first, second = await b.bridge("first"), await b.bridge("second")
            await first.serve(Orders())
            taking_over = asyncio.create_task(second.serve(Orders(), on_conflict="wait"))
            client = shop.OrdersClient(second)
            assert (await client.get(shop.GetRequest(order_id="by first"))).order_id == "by first"
            assert not taking_over.done()
            await first.close()
            await taking_over
            async with httpx.AsyncClient(base_url=b.engine.http_url) as http:
                assert (await http.get("/v1/orders/over-http")).json()["orderId"] == "over-http"

    run_really(main())


def test_the_namespace_must_be_the_connections() -> None:
    async def main() -> None:
        async with bench() as b:
            wrong, right = await b.bridge("wrong"), await b.bridge("right", namespace="warehouse")
            with pytest.raises(LocalProtocolError, match="connect with namespace='warehouse'"):
                await wrong.serve(implement(shop.NamespacedService))
            await right.serve(implement(shop.NamespacedService))
            info = await wrong.call(
                "engine::functions::info", {"function_ids": ["namespaced::get"], "namespace": "warehouse"}
            )
            assert info["functions"][0]["worker_name"] == "right"

    run_really(main())


def test_http_works_in_a_namespace() -> None:
    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("orders", namespace="shop")
            await worker.serve(Orders())
            async with httpx.AsyncClient(base_url=b.engine.http_url) as http:
                assert (await http.get("/v1/orders/o")).json()["orderId"] == "o"

    run_really(main())


def test_what_is_not_carried_is_refused_by_name_before_anything_is_registered() -> None:
    """Code generation refuses this as well; stubs may be older than that."""

    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, _):
            service = implement(shop.WatchService)
            spec = service._service
            watch = dataclasses.replace(spec.methods[0], http_endpoint=HttpEndpointSpec(url="https://example.com"))
            type(service)._service = dataclasses.replace(spec, methods=(watch, *spec.methods[1:]))
            with pytest.raises(UnsupportedError) as caught:
                await bridge.serve(service)
            assert "shop.v1.WatchService/Watch: http_endpoint of a server stream is not carried" in str(caught.value)
            assert bridge._session.protocol.desired.functions == {}

    run_virtually(main())


def test_a_refused_binding_fails_the_whole() -> None:
    async def main() -> None:
        async with bench() as b:
            worker, other = await b.bridge("orders"), await b.bridge("other")
            other.register_function("x::y", lambda payload: {})
            other.register_trigger("http", "x::y", {"api_path": "/v1/orders/:name", "http_method": "GET"})
            await other.confirm("x::y")
            with pytest.raises(RegistrationRejectedError, match="http trigger of orders::get::http"):
                await worker.serve(Orders())
            listed = await other.call("engine::functions::list", {"include_internal": True, "prefix": "orders::"})
            assert listed["functions"] == []

    run_really(main())


def test_a_missing_provider_is_a_warning_that_names_it(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            serving = asyncio.create_task(bridge.serve(Orders()))
            call = await peer.next_call()
            rows = [{"function_id": name, "worker_name": "w"} for name in call["data"]["function_ids"]]
            await peer.answer(call, {"functions": rows})
            asked = await peer.next_call()
            assert (asked["function_id"], asked["data"]["id"]) == ("engine::triggers::info", "http")
            await peer.answer(asked, error={"code": "NOT_FOUND", "message": "no such trigger type"})
            await serving

    with caplog.at_level(logging.WARNING):
        run_virtually(main())
    assert "nobody provides trigger type http yet: the bindings of shop.v1.OrdersService wait for it" in caplog.text


async def answer_serving(bridge: Bridge, peer: Any, **options: Any) -> None:
    """Plays a willing engine while a service is being served."""
    serving = asyncio.create_task(bridge.serve(Orders(), **options))
    while not serving.done():
        call = await peer.next_call()
        await answer_discovery(peer, call)
        if call["function_id"] == "engine::triggers::info":
            break
    await serving


async def answer_discovery(peer: Any, call: dict[str, Any], owner: str = "w") -> None:
    if call["function_id"] == "engine::functions::info":
        rows = [{"function_id": name, "worker_name": owner} for name in call["data"]["function_ids"]]
        await peer.answer(call, {"functions": rows})
    else:
        await peer.answer(call, {})


def rejection(function_id: str) -> dict[str, str]:
    code = {"code": "FUNCTION_NAMESPACE_CONFLICT", "namespace": "default", "owner_worker_id": "o"}
    return {"type": "registrationrejected", "function_id": function_id, **code}


def test_triggers_are_withdrawn_when_a_reconnect_finds_another_owner(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        engine = FakeEngine()
        async with bridge_in_memory(engine) as (bridge, peer):
            await answer_serving(bridge, peer)
            bound = dict(bridge._session.protocol.desired.triggers)
            assert len(bound) == 4
            peer.transport.break_connection()
            again = await engine.accept()
            replayed = [await again.next("registertrigger") for _ in bound]
            assert [frame["id"] for frame in replayed] == list(bound)
            await again.send(**rejection("orders::get"))
            withdrawn = [(await again.next("unregistertrigger"))["id"] for _ in bound]
            assert withdrawn == list(bound)
            assert bridge._session.protocol.desired.triggers == {}

    run_virtually(main())
    assert "the triggers of shop.v1.OrdersService are withdrawn" in caplog.text


def test_a_waiting_service_is_reclaimed_after_a_reconnect() -> None:
    async def main() -> None:
        engine = FakeEngine()
        async with bridge_in_memory(engine) as (bridge, peer):
            await answer_serving(bridge, peer, on_conflict="wait")
            peer.transport.break_connection()
            again = await engine.accept()
            await again.next("registertrigger")
            await again.send(**rejection("orders::get"))
            await answer_discovery(again, await again.next_call(), owner="somebody else")
            registered = await again.next("registerfunction")
            assert registered["id"] == "orders::place"
            for _ in range(2):
                await answer_discovery(again, await again.next_call())
            assert len(bridge._session.protocol.desired.triggers) == 4

    run_virtually(main())


def test_a_waiting_service_waits_for_an_engine_that_goes_away_meanwhile() -> None:
    async def main() -> None:
        engine = FakeEngine()
        async with bridge_in_memory(engine) as (bridge, peer):
            await answer_serving(bridge, peer, on_conflict="wait")
            peer.transport.break_connection()
            again = await engine.accept()
            await again.next("registertrigger")
            await again.send(**rejection("orders::get"))
            engine.away = True
            again.transport.break_connection()
            await asyncio.sleep(100)
            engine.away = False
            back = await engine.accept()
            while (call := await back.next_call())["function_id"] != "engine::triggers::info":
                await answer_discovery(back, call)
            await back.answer(call, {})
            assert len(bridge._session.protocol.desired.triggers) == 4

    run_virtually(main())


def test_what_is_no_service_is_refused() -> None:
    class Asynchronous(OrdersBlocking):
        async def get(self, request: Any, context: Any, /) -> Any:
            return shop.Receipt(order_id=request.order_id)

    async def main() -> None:
        async with bench() as b:
            bridge = await b.bridge("w")
            mistakes: tuple[tuple[Any, str], ...] = (
                (shop.OrdersService, "not the class OrdersService"),
                ("orders", "not a str"),
                (None, "not a NoneType"),
                (Asynchronous(), "Asynchronous.get is asynchronous in a blocking service"),
            )
            for wrong, text in mistakes:
                with pytest.raises(LocalProtocolError, match=text):
                    await bridge.serve(wrong)
            assert bridge._dispatcher.handlers == {}

    run_really(main())


def test_a_bridge_survives_its_engine_with_services_and_triggers() -> None:
    async def main() -> None:
        async with Engine(port=0, http_port=0) as engine:
            url = engine.url
            from iii_bridge import connect

            worker = await connect(url, worker_name="orders")
            await worker.serve(Orders())
        port = int(url.rpartition(":")[2].strip("/"))
        async with worker, Engine(port=port, http_port=0) as engine:
            await worker.confirm("orders::get")
            await worker.call("engine::triggers::info", {"id": "http"})
            async with httpx.AsyncClient(base_url=engine.http_url) as http:
                assert (await http.get("/v1/orders/again")).json()["orderId"] == "again"

    run_really(main())


def test_a_service_is_taken_back_while_the_bridge_stays() -> None:
    async def main() -> None:
        async with bench() as b:
            bridge, other = await b.bridge("orders"), await b.bridge("caller")
            service = Orders()
            await bridge.serve(service)
            assert (await shop.OrdersClient(other).place(shop.PlaceRequest(sku="a"))).order_id == "a"
            bridge.withdraw(service)
            bridge.withdraw(Orders())  # not served: nothing happens
            with pytest.raises(FunctionNotFoundError):
                await shop.OrdersClient(other).place(shop.PlaceRequest(sku="a"))
            await bridge.serve(service)
            assert (await shop.OrdersClient(other).place(shop.PlaceRequest(sku="b"))).order_id == "b"

    run_really(main(), 60)
