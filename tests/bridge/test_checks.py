"""Both ends of a method under its contract, and untyped JSON."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import Any

import pydantic
import pytest
from msgspec import Raw

from iii_bridge.bridge.checks import checks_of, decode_json, encode_json
from iii_bridge.errors import ContractError, Side
from tests.bridge.contracts import shop

PLACE = shop.OrdersClient.place.method
GET = shop.OrdersClient.get.method


def test_messages_go_through_and_the_caller_is_told_apart() -> None:
    checks = checks_of(PLACE)
    assert checks_of(PLACE) is checks
    request = shop.PlaceRequest(sku="a", quantity=2**53 + 1)
    data = checks.encode_request(request)
    assert b'"quantity":"9007199254740993"' in bytes(data)
    assert checks.decode_request(data) == (request, None)
    with_caller = Raw(b'{"_caller_worker_id":"w-1","sku":"a"}')
    assert checks.decode_request(with_caller) == (shop.PlaceRequest(sku="a"), "w-1")
    receipt = shop.Receipt(order_id="o", total=5)
    assert checks.decode_response(checks.encode_response(receipt)) == receipt


@pytest.mark.parametrize(
    ("step", "given", "side", "path"),
    [
        ("encode_request", shop.PlaceRequest(sku="a", quantity=2**63), Side.REQUEST, "$.quantity"),
        ("encode_request", shop.Receipt(), Side.REQUEST, "$"),
        ("decode_request", Raw(b'{"quantity":1}'), Side.REQUEST, "$.sku"),
        ("decode_request", Raw(b'{"sku":"a","colour":"COLOUR_GREEN"}'), Side.REQUEST, "$.colour"),
        ("decode_request", Raw(b"null"), Side.REQUEST, "$"),
        ("encode_response", shop.Receipt(order_id="o", tags=["ok", 5]), Side.RESPONSE, "$.tags[1]"),
        ("decode_response", Raw(b'{"orderId":"o","total":1.5}'), Side.RESPONSE, "$.total"),
        ("decode_response", Raw(b'{"order":"o"}'), Side.RESPONSE, "$.orderId"),
    ],
)
def test_a_violation_names_function_side_and_path(step: str, given: Any, side: Side, path: str) -> None:
    with pytest.raises(ContractError) as caught:
        getattr(checks_of(PLACE), step)(given)
    assert (caught.value.function_id, caught.value.side, caught.value.path) == ("orders::place", side, path)


class Model(pydantic.BaseModel):
    count: int = pydantic.Field(alias="theCount")


@dataclasses.dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ({"a": [1, None, 2.5, True]}, '{"a":[1,null,2.5,true]}'),
        (Point(3), '{"x":3}'),
        (Model(theCount=2), '{"theCount":2}'),
        (MappingProxyType({"a": MappingProxyType({"b": 1})}), '{"a":{"b":1}}'),
    ],
)
def test_any_json_like_value_is_written(value: Any, text: str) -> None:
    assert bytes(encode_json(value, "x", Side.REQUEST)).decode() == text


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (object(), "$"),
        ({"a": "\ud800"}, "$"),
        (float("nan"), "$"),
        ({"a": [1.0, {"b": float("-inf")}]}, "$.a[1].b"),
        ({1: object()}, "$"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(value: Any, path: str) -> None:
    with pytest.raises(ContractError) as caught:
        encode_json(value, "x::y", Side.REQUEST)
    assert caught.value.path == path


def test_json_too_deep_to_read_is_a_violation() -> None:
    deep = Raw(b"[" * 100_000 + b"]" * 100_000)
    with pytest.raises(ContractError, match="RecursionError"):
        decode_json(deep, "x::y", Side.RESPONSE)
    assert decode_json(Raw(b'{"a":12345678901234567890123}'), "x", Side.RESPONSE) == {"a": 12345678901234567890123}
