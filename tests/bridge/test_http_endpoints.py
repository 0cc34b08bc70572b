"""Methods with an `http_endpoint`: callers cannot tell the difference."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from iii_bridge import ContractError, InvocationError, RegistrationRejectedError, Side, in_memory
from iii_bridge.abi.v1 import BindingSpec, Empty, HttpAuth, HttpEndpointSpec
from iii_bridge.bridge.http_endpoints import http_invocation
from iii_bridge.engine import HttpSecurity
from iii_bridge.errors import FunctionNotFoundError, UnsupportedError
from tests.bridge.contracts import shop
from tests.bridge.support import bench, run_really
from tests.http_endpoint import Answer, Asked, endpoint

ANYWHERE = HttpSecurity(block_private_ips=False, require_https=False)
SPEC = shop.EndpointService._service


def at(url: str, **changes: Any) -> Any:
    """The service with its endpoint at `url`."""
    methods = [
        dataclasses.replace(method, http_endpoint=HttpEndpointSpec(url=f"{url}/{method.name}"), **changes)
        for method in SPEC.methods
    ]
    served = type("Endpoints", (shop.EndpointService,), {"_service": dataclasses.replace(SPEC, methods=tuple(methods))})
    return served()


def answer(asked: Asked) -> Answer:
    if asked.path == "/notify":
        return 204, b""
    order_id = json.loads(asked.body)["orderId"]
    if order_id == "none":
        return 404, b'{"error":{"code":"NOT_FOUND","message":"no such order"}}'
    return 200, json.dumps({"orderID" if order_id == "renamed" else "orderId": order_id}).encode()


def test_calls_are_typed_checked_and_answered_by_the_endpoint() -> None:
    async def main() -> None:
        with endpoint(answer) as server:
            async with bench(http_functions=ANYWHERE) as b:
                worker, caller = await b.bridge("worker"), await b.bridge("caller")
                await worker.serve(at(server.url))
                client = shop.EndpointClient(caller)
                assert await client.get(shop.GetRequest(order_id="o")) == shop.Receipt(order_id="o")
                assert await client.notify(shop.GetRequest(order_id="o")) == Empty()
                with pytest.raises(InvocationError, match="no such order") as failed:
                    await client.get(shop.GetRequest(order_id="none"))
                assert failed.value.code == "NOT_FOUND"
                with pytest.raises(ContractError) as violated:
                    await client.get(shop.GetRequest(order_id="renamed"))
                assert (violated.value.side, violated.value.path) == (Side.RESPONSE, "$.orderId")
                info = await caller.call("engine::functions::info", {"function_id": "endpoint::get"})
                assert info["request_schema"]["title"] == "GetRequest"
                await worker.close()
                with pytest.raises(FunctionNotFoundError):
                    await client.get(shop.GetRequest(order_id="o"))

    run_really(main())


def test_bindings_pass_their_events_on() -> None:
    async def main() -> None:
        with endpoint(answer) as server:
            async with bench(http_functions=ANYWHERE) as b:
                provider, worker = await b.bridge("provider"), await b.bridge("worker")
                trigger_type = provider.register_trigger_type("webhook")
                await provider.call("engine::workers::list")
                await worker.serve(at(server.url, bindings=(BindingSpec(trigger_type="webhook", config={}),)))
                binding = next(iter(trigger_type.bindings.values()))
                fired = await provider.call(binding.function_id, {"orderId": "o"})
                assert fired["orderId"] == "o"
                with pytest.raises(ContractError):
                    await provider.call(binding.function_id, {"orderId": 7})

    run_really(main())


def test_an_endpoint_the_engine_does_not_allow_is_said_by_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.bridge.ownership._PATIENCE", 0.3)

    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("worker")
            with pytest.raises(RegistrationRejectedError, match="does not show it"):
                await worker.serve(at("http://127.0.0.1:9"))

    run_really(main())


def test_the_contract_becomes_the_frame() -> None:
    spec = HttpEndpointSpec(
        url="https://a.test", method="PUT", timeout=1.5, headers={"x": "1"}, auth=HttpAuth(kind="bearer", env="T")
    )
    frame = http_invocation(spec)
    assert (frame.url, frame.method, frame.timeout_ms, frame.headers) == ("https://a.test", "PUT", 1500, {"x": "1"})
    for kind, name in (("bearer", "BearerAuth"), ("api_key", "ApiKeyAuth"), ("hmac", "HmacAuth")):
        auth = HttpAuth(kind=kind, env="T", header="h")
        assert type(http_invocation(HttpEndpointSpec(url="u", auth=auth)).auth).__name__ == name
    with pytest.raises(UnsupportedError, match="'basic'"):
        http_invocation(HttpEndpointSpec(url="u", auth=HttpAuth(kind="basic", env="T")))


def test_nobody_implements_them_and_in_memory_has_none() -> None:
    async def main() -> None:
        async with in_memory(shop.EndpointService()) as client:
            with pytest.raises(FunctionNotFoundError):
                await client.get(shop.GetRequest(order_id="o"))

    run_really(main())
