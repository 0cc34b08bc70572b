"""Stubs generated on the day the abi was frozen (from frozen/shop.proto) are imported, called and served for ever.

They are never generated again: what a newer generator writes is for other tests.
"""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import pytest

from iii_bridge import in_memory
from iii_bridge.abi import v1 as abi
from iii_bridge.contract.registry import file_of
from iii_bridge.v1 import HttpRequest, HttpResponse
from tests.abi.frozen.tree.frozen.market import v1 as market
from tests.abi.frozen.tree.frozen.shop import v1 as shop
from tests.virtual_clock import run_virtually

TREES = [pytest.param(shop, "Shop", id="betterproto2"), pytest.param(market, "Market", id="google")]
METHODS = ["buy", "look", "note", "later", "raw", "watch", "collect", "chat"]


def service_of(tree: ModuleType, name: str, empty: Any) -> Any:
    """A service that answers with what it was asked."""

    class Shop(getattr(tree, f"{name}Service")):  # type: ignore[misc]
        def __init__(self) -> None:
            self.noted: list[str] = []

        async def buy(self, request: Any, context: abi.Context, /) -> Any:
            return tree.Response(text=f"{request.sku} {request.count} {request.maybe_int64}")

        async def look(self, request: Any, context: abi.Context, /) -> Any:
            return tree.Response(text=request.text)

        async def note(self, request: Any, context: abi.Context, /) -> Any:
            self.noted.append(request.text)
            return empty()

        later = note

        async def raw(self, request: HttpRequest, context: abi.Context, /) -> HttpResponse:
            return HttpResponse(status_code=204, headers={"path": request.path})

        async def watch(self, request: Any, context: abi.Context, /) -> AsyncIterator[Any]:
            for number in range(3):
                yield tree.Response(text=f"{request.text} {number}")

        async def collect(self, requests: AsyncIterator[Any], context: abi.Context, /) -> Any:
            return tree.Response(text=" ".join([request.text async for request in requests]))

        async def chat(self, requests: AsyncIterator[Any], context: abi.Context, /) -> AsyncIterator[Any]:
            async for request in requests:
                yield tree.Response(text=request.text)

    return Shop()


async def texts(tree: ModuleType, *values: str) -> AsyncIterator[Any]:
    for value in values:
        yield tree.Small(text=value)


@pytest.mark.parametrize(("tree", "name"), TREES)
def test_every_kind_of_method_is_called_and_served(tree: ModuleType, name: str) -> None:
    from google.protobuf.empty_pb2 import Empty

    async def main() -> None:
        service = service_of(tree, name, abi.Empty if tree is shop else Empty)
        async with in_memory(service) as client:
            request = tree.Request(sku="tea", count=2)
            assert (await client.buy(request, timeout=5)).text.startswith("tea 2 ")
            assert (await client.look(tree.Small(text="a"))).text == "a"
            await client.note(tree.Small(text="noted"))
            assert (await client.look.enqueue(tree.Small(text="b"))).message_receipt_id
            assert (await client.raw(HttpRequest(path="/raw"))).headers == {"path": "/raw"}
            async with client.watch(tree.Small(text="w")) as answers:
                assert [answer.text async for answer in answers] == ["w 0", "w 1", "w 2"]
            assert (await client.collect(texts(tree, "x", "y"))).text == "x y"
            assert [answer.text async for answer in client.chat(texts(tree, "p", "q"))] == ["p", "q"]

    run_virtually(main())


@pytest.mark.parametrize(("tree", "name"), TREES)
def test_the_contract_is_read_from_them_as_it_was_written(tree: ModuleType, name: str) -> None:
    spec: abi.ServiceSpec = getattr(tree, f"{name}Client")._methods
    methods = {method.name: method for method in spec.methods}
    assert list(methods) == METHODS
    assert (spec.namespace, spec.description) == ("shop", "Sells things.")
    buy = methods["buy"]
    assert (buy.timeout, buy.attempt_timeout, buy.idempotency) == (9.0, 2.0, abi.Idempotency.IDEMPOTENT)
    assert [binding.trigger_type for binding in buy.bindings] == ["http", "subscribe"]
    assert buy.bindings[0].http == abi.HttpRule("POST", "/v1/shop/{sku}", "*", "text", ("sku",))
    assert methods["look"].json == abi.JsonProfile(
        abi.Names.PROTO, abi.Int64.NUMBER, abi.Enums.NUMBER, abi.Defaults.OMIT
    )
    assert (methods["later"].delivery, methods["later"].queue) == (abi.Delivery.ENQUEUE, "slow")
    assert set(buy.schemas()) >= {method.full_name for method in spec.methods}
    outside = {"Shop": "Outside", "Market": "Far"}[name]
    (ask,) = getattr(tree, f"{outside}Client")._methods.methods
    assert ask.http_endpoint == abi.HttpEndpointSpec(
        url="https://example.com/ask",
        timeout=3.0,
        headers={"x-a": "b"},
        auth=abi.HttpAuth(kind="api_key", env="KEY", header="x-key"),
    )


def test_messages_keep_every_type_of_field() -> None:
    request = shop.Request(
        sku="tea",
        times={"a": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)},
        card="4111",
        state=shop.Request.State.real_,
        ttl=datetime.timedelta(seconds=3),
        extra=abi.Struct.from_dict({"k": [1, None]}),
        any=abi.Any.pack(shop.Small(text="x")),
        mask=abi.FieldMask(paths=["a.b"]),
        value=abi.Value.from_python("v"),
        list=abi.ListValue.from_python([True]),
        maybe_bytes=b"b",
        maybe_uint64=7,
    )
    assert shop.Request.parse(bytes(request)) == request
    assert "4111" not in repr(request)
    assert request.any is not None
    assert request.any.unpack() == shop.Small(text="x")
    assert file_of(shop.Request).name == "frozen/shop/v1/shop.proto"
