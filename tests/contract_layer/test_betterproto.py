"""betterproto2 behind the seam, and the seam itself."""

from __future__ import annotations

import pytest

from iii_bridge.abi import v1 as abi
from iii_bridge.contract.backend import FieldAccess, backend_of
from iii_bridge.contract.betterproto import BACKEND as BETTERPROTO
from iii_bridge.contract.descriptors import enum_schema
from iii_bridge.errors import UnsupportedError
from tests.contract_layer.contracts import everything, orders, rules
from tests.contract_layer.dynamic import compile_proto


def test_fields_are_joined_by_number() -> None:
    contract = orders()
    fields = BETTERPROTO.fields(contract.cls("shop.v1.Order"))
    assert fields[1] == FieldAccess("order_id")
    assert fields[3] == FieldAccess(
        "status", contract.cls("shop.v1.Status"), enum_schema(contract.cls("shop.v1.Status"))
    )
    assert fields[4] == FieldAccess("lines", contract.cls("shop.v1.Line"))
    assert fields[5] == FieldAccess("placed_at", abi.Timestamp)
    assert fields[8] == FieldAccess("labels")


def test_classes_are_found_in_maps_and_unions() -> None:
    contract = everything()
    fields = BETTERPROTO.fields(contract.cls("every.v1.Everything"))
    assert fields[66].cls is contract.cls("every.v1.Small")
    assert fields[56].cls is contract.cls("every.v1.Color")
    assert fields[85].cls is abi.Value
    assert fields[68].cls is abi.Value


def test_escaped_attributes_are_found() -> None:
    fields = BETTERPROTO.fields(rules().cls("rules.v1.Names"))
    assert [fields[number].attribute for number in (1, 2, 7)] == ["from_", "class_", "parse_"]


def test_groups_are_refused() -> None:
    contract = compile_proto(
        'syntax = "proto2"; package groups.v1; message M { optional group Data = 1 { optional int32 n = 1; } }',
        "groups.proto",
    )
    with pytest.raises(UnsupportedError, match=r"groups\.v1\.M\.data is a group; use a message field"):
        BETTERPROTO.fields(contract.cls("groups.v1.M"))


def test_boxes_are_for_well_known_types_only() -> None:
    line = orders().cls("shop.v1.Line")()
    assert BETTERPROTO.unbox(line) is line
    assert BETTERPROTO.box(type(line), line) is line
    assert BETTERPROTO.box(abi.Int32Value, BETTERPROTO.unbox(abi.Int32Value(value=5))) == abi.Int32Value(value=5)


@pytest.mark.parametrize("data", [b"\x08", b"\x0d\x01", b"\x0a\x01\xff", b"\x08" + b"\xff" * 11])
def test_broken_bytes_are_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a message"):
        BETTERPROTO.parse(everything().cls("every.v1.Everything"), data)


def test_a_class_belongs_to_its_library_or_is_refused() -> None:
    assert backend_of(orders().cls("shop.v1.Order")) is BETTERPROTO
    assert backend_of(orders().cls("shop.v1.Order")).name == "betterproto2"
    with pytest.raises(TypeError, match="int is not a generated message class"):
        backend_of(int)
