"""Details of a status cross as what they are."""

from __future__ import annotations

import sys

import pytest
from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.struct_pb2 import Struct
from google.rpc import error_details_pb2

from iii_bridge.gateway.details import bad_request, from_any, to_any
from iii_bridge.gateway.pool import pool_of
from tests.gateway.edge import contracts

POOL = pool_of([contracts.descriptors])


def test_a_known_type_becomes_its_message() -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"subject": "s"}]}
    found = error_details_pb2.QuotaFailure()
    assert to_any(detail, POOL).Unpack(found)
    assert found.violations[0].subject == "s"
    own = to_any({"@type": "type.googleapis.com/edge.v1.Part", "name": "p", "weight": "7"}, POOL)
    assert own.value == contracts.message_class("edge.v1.Part")(name="p", weight=7).SerializeToString()
    duration = to_any({"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1.5s"}, POOL)
    assert json_format.MessageToDict(duration)["value"] == "1.500s"


def test_anything_else_arrives_whole_as_a_struct() -> None:
    for detail in (
        {"@type": "shop/hint", "order": "17", "n": 1.5, "deep": {"list": [None, True]}},
        {"@type": "type.googleapis.com/edge.v1.Part", "unknown": 1},
        {"no": "type"},
        {"@type": 7},
    ):
        found = Struct()
        assert to_any(detail, POOL).Unpack(found)
        assert json_format.MessageToDict(found) == detail


@pytest.mark.parametrize(
    "detail",
    [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"subject": "s"}]},
        {"@type": "type.googleapis.com/edge.v1.Part", "name": "p", "weight": "7"},
        {"@type": "shop/hint", "order": "17", "deep": {"list": [None, True]}},
        {"no": "type"},
    ],
)
def test_there_and_back(detail: dict[str, object]) -> None:
    assert from_any(to_any(detail, POOL), POOL) == detail


def test_a_type_nobody_knows_stays_what_it_is() -> None:
    unknown = AnyMessage(type_url="type.googleapis.com/shop.v1.Reason", value=b"\x00\xff")
    assert from_any(unknown, POOL) == {"@type": "type.googleapis.com/shop.v1.Reason", "value": "AP8="}
    broken = AnyMessage(type_url="type.googleapis.com/edge.v1.Part", value=b"\xff")
    assert from_any(broken, POOL) == {"@type": "type.googleapis.com/edge.v1.Part", "value": "/w=="}


def test_what_no_message_holds_is_told_by_its_type() -> None:
    nested: list[object] = []
    for _ in range(sys.getrecursionlimit() * 2):
        nested = [nested]
    found = Struct()
    assert to_any({"@type": "shop/deep", "n": nested}, POOL).Unpack(found)
    assert dict(found) == {"@type": "shop/deep"}


def test_the_root_of_a_violation_has_no_field() -> None:
    found = error_details_pb2.BadRequest()
    assert bad_request("$", "missing").Unpack(found)
    assert (found.field_violations[0].field, found.field_violations[0].description) == ("", "missing")
    assert bad_request("$[3].a", "bad").Unpack(found)
    assert found.field_violations[0].field == "[3].a"
