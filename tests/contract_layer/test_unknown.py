"""Members the contract does not know."""

from __future__ import annotations

import logging

import pytest

from iii_bridge.contract.protojson import Codec, CodecError, codec_for
from iii_bridge.contract.spec import JsonProfile, UnknownEnumNames, UnknownMembers
from tests.contract_layer.contracts import orders
from tests.contract_layer.dynamic import compile_proto


def fresh(policy: UnknownMembers) -> Codec[object]:
    return Codec(orders().cls("shop.v1.Order"), JsonProfile(), policy)


DOCUMENT = '{"orderId":"a","colour":1,"lines":[{"size":2},{"size":3,"price":{"tax":{}}}]}'


def test_ignored_members_are_counted_by_place() -> None:
    codec = fresh(UnknownMembers.IGNORE)
    assert codec.decode(DOCUMENT) == codec.decode('{"orderId":"a","lines":[{},{"price":{}}]}')
    assert codec.unknown_counts == {"$.colour": 1, "$.lines[*].size": 2, "$.lines[*].price.tax": 1}


def test_rejected_members_are_named() -> None:
    codec = fresh(UnknownMembers.REJECT)
    with pytest.raises(CodecError) as caught:
        codec.decode(DOCUMENT)
    assert str(caught.value) == "the contract does not know the member at $.colour"
    with pytest.raises(CodecError) as caught:
        codec.decode('{"lines":[{},{"size":3}]}')
    assert caught.value.path == "$.lines[1].size"
    assert codec.unknown_counts == {}


def test_warnings_are_given_once_per_member(caplog: pytest.LogCaptureFixture) -> None:
    codec = fresh(UnknownMembers.WARN)
    with caplog.at_level(logging.WARNING, "iii_bridge.contract"):
        codec.decode(DOCUMENT)
        codec.decode(DOCUMENT)
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [
        f"shop.v1.Order: the contract does not know the member {place}; it is ignored"
        for place in ("$.colour", "$.lines[*].size", "$.lines[*].price.tax")
    ]
    assert codec.unknown_counts["$.colour"] == 2


def test_ignoring_is_logged_for_those_who_debug_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "iii_bridge.contract"):
        fresh(UnknownMembers.IGNORE).decode('{"colour":1}')
    assert [record.levelno for record in caplog.records] == [logging.DEBUG]


def test_a_flood_of_names_is_counted_under_one() -> None:
    codec = fresh(UnknownMembers.IGNORE)
    for number in range(250):
        codec.decode(f'{{"name{number}":1}}')
    assert len(codec.unknown_counts) == 101
    assert codec.unknown_counts["…"] == 150


def test_names_of_enum_values_are_ignored_when_told_so_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    order = orders().cls("shop.v1.Order")
    codec = Codec(order, JsonProfile(), UnknownMembers.WARN, UnknownEnumNames.IGNORE)
    with caplog.at_level(logging.WARNING, "iii_bridge.contract"):
        assert codec.decode('{"status":"HUNTER","orderId":"a"}') == order(order_id="a")
        assert codec.decode('{"status":"HUNTER"}') == order()
    assert [record.getMessage() for record in caplog.records] == [
        "shop.v1.Order: the contract does not know the name of the enum value $.status; it is ignored"
    ]
    assert codec.unknown_counts == {"$.status": 2}


def test_a_required_enum_value_is_missing_when_its_name_is_ignored() -> None:
    contract = compile_proto(
        'syntax = "proto3"; package need.v1; import "google/api/field_behavior.proto"; enum E { ZERO = 0; }'
        "message M { E e = 1 [(google.api.field_behavior) = REQUIRED]; }",
        "need.proto",
    )
    codec = codec_for(contract.cls("need.v1.M"), unknown_enum_names=UnknownEnumNames.IGNORE)
    assert codec.decode('{"e":"ZERO"}') is not None
    with pytest.raises(CodecError, match=r"missing at \$\.e"):
        codec.decode('{"e":"ONE"}')


def test_the_policies_do_not_share_counts() -> None:
    order = orders().cls("shop.v1.Order")
    assert codec_for(order) is codec_for(order)
    assert codec_for(order) is not codec_for(order, unknown=UnknownMembers.WARN)
