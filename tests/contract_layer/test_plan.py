"""Contract and class joined."""

from __future__ import annotations

import pytest

from iii_bridge.abi import v1 as abi
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.plan import Element, Shape, height_of, plan_of, root_element
from iii_bridge.contract.protojson import CodecError, codec_for
from iii_bridge.errors import UnsupportedError
from tests.contract_layer.contracts import everything, orders
from tests.contract_layer.dynamic import compile_proto


def test_every_kind_has_its_shape() -> None:
    plan = plan_of(everything().cls("every.v1.Everything"))
    shapes = {field.schema.name: field.element.shape for field in plan.fields}
    expected = {
        "a_sint32": Shape.INT32,
        "a_sfixed64": Shape.INT64,
        "a_fixed32": Shape.UINT32,
        "a_color": Shape.ENUM,
        "inner": Shape.MESSAGE,
        "timestamps": Shape.TIMESTAMP,
        "mask": Shape.MASK,
        "struct": Shape.STRUCT,
        "values_by_name": Shape.VALUE,
        "list": Shape.LIST,
        "anys": Shape.ANY,
        "null": Shape.NULL,
        "empty": Shape.MESSAGE,
        "wrapped_bytes": Shape.BYTES,
        "wrapped_by_name": Shape.INT64,
    }
    assert expected.items() <= shapes.items()
    keys = {field.schema.name: field.key for field in plan.fields if field.key}
    assert keys["by_sint32"] is Shape.INT32
    assert keys["by_bool"] is Shape.BOOL


def test_oneofs_hold_their_fields() -> None:
    plan = plan_of(orders().cls("shop.v1.Order"))
    assert [[field.attribute for field in oneof] for oneof in plan.oneofs] == [["card_token", "invoice_number"]]


def test_heights_are_known_only_where_there_is_an_end() -> None:
    contract = everything()
    assert height_of(plan_of(orders().cls("shop.v1.Money"))) == 1
    assert height_of(plan_of(orders().cls("shop.v1.Order"))) == 3
    for name in ("Node", "Ping", "Pong", "Everything"):
        assert height_of(plan_of(contract.cls(f"every.v1.{name}"))) is None
    assert height_of(plan_of(abi.Struct)) is None


def test_plans_are_made_once() -> None:
    cls = orders().cls("shop.v1.Order")
    assert plan_of(cls) is plan_of(cls)


def test_roots_know_what_they_are() -> None:
    assert root_element(abi.Int64Value).shape is Shape.INT64
    assert root_element(orders().cls("shop.v1.Order")).shape is Shape.MESSAGE


def test_only_an_enum_has_an_enum_class() -> None:
    with pytest.raises(TypeError, match="generate the module again"):
        _ = Element(Shape.STRING).enum_type


@pytest.mark.parametrize("cls", [int, abi.NullValue])
def test_a_class_that_is_no_message_is_refused(cls: type) -> None:
    with pytest.raises(TypeError, match="is not a generated message class"):
        plan_of(cls)


def test_a_spelling_of_two_fields_is_refused() -> None:
    contract = compile_proto(
        'syntax = "proto3"; package twice.v2;'
        'message M { int32 foo = 1 [json_name = "bar"]; int32 bar = 2 [json_name = "x"]; }',
        "twice.proto",
    )
    with pytest.raises(UnsupportedError, match="foo and bar are both spelled bar in JSON; give one of them another"):
        plan_of(contract.cls("twice.v2.M"))


def test_a_chain_longer_than_the_limit_counts_as_endless() -> None:
    links = "".join(f"message M{i} {{ M{i + 1} next = 1; }}" for i in range(MAX_DEPTH + 1))
    text = f'syntax = "proto3"; package chain.v1; {links} message M{MAX_DEPTH + 1} {{ int32 x = 1; }}'
    contract = compile_proto(text, "chain.proto")
    assert height_of(plan_of(contract.cls("chain.v1.M3"))) == MAX_DEPTH - 1
    assert height_of(plan_of(contract.cls("chain.v1.M2"))) == MAX_DEPTH
    assert height_of(plan_of(contract.cls("chain.v1.M1"))) is None
    codec = codec_for(contract.cls("chain.v1.M0"))
    deepest = '{"next":' * (MAX_DEPTH - 1) + "{}" + "}" * (MAX_DEPTH - 1)
    assert codec.decode(deepest) is not None
    with pytest.raises(CodecError, match="100 deep"):
        codec.decode('{"next":' + deepest + "}")
