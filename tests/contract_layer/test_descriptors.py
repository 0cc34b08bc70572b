"""Descriptors to schemas."""

from __future__ import annotations

import pytest
from google.protobuf import descriptor_pb2

from iii_bridge.contract.descriptors import enum_schema, message_schema, parse_file
from iii_bridge.contract.rules import FieldRules, MessageOneof, MessageRules, Size, StringRules
from iii_bridge.contract.schema import Kind, MessageSchema
from iii_bridge.errors import UnsupportedError
from tests.contract_layer.contracts import everything, orders, rules
from tests.contract_layer.dynamic import compile_proto


def presence(schema: MessageSchema) -> dict[str, bool]:
    return {field.name: field.presence for field in schema.fields}


def test_a_proto3_message() -> None:
    order = message_schema(orders().cls("shop.v1.Order"))
    fields = {field.name: field for field in order.fields}
    assert order.full_name == "shop.v1.Order"
    assert fields["order_id"].json_name == "orderId"
    assert fields["lines"].repeated
    assert fields["lines"].type_name == "shop.v1.Line"
    labels = fields["labels"]
    assert not labels.repeated
    assert labels.map is not None
    assert (labels.map.key.kind, labels.map.value.kind) == (Kind.STRING, Kind.STRING)
    assert {name for name, present in presence(order).items() if present} == {
        "placed_at",
        "ship_within",
        "note",
        "card_token",
        "invoice_number",
    }
    assert [(oneof.name, oneof.fields) for oneof in order.oneofs] == [("payment", (14, 15))]
    assert fields["note"].oneof is None


def test_nested_types_have_full_names_and_map_entries_none() -> None:
    file = parse_file(orders_file())
    assert "shop.v1.Order.LabelsEntry" not in file.messages
    assert message_schema(everything().cls("every.v1.Everything.Inner")).fields[0].type_name.endswith("Inner.Deep")


def orders_file() -> bytes:
    from iii_bridge.contract.registry import file_of

    return file_of(orders().cls("shop.v1.Order")).descriptor


def test_an_enum_keeps_its_aliases_in_order() -> None:
    color = enum_schema(everything().cls("every.v1.Color"))
    assert color.values == (("COLOR_UNSPECIFIED", 0), ("RED", 1), ("CRIMSON", 1), ("NEGATIVE", -3), ("GREEN", 7))
    assert not color.closed


def test_required_and_redact_are_read_from_options() -> None:
    request = message_schema(rules().cls("rules.v1.Request"))
    assert [field.name for field in request.fields if field.required] == ["sku", "since", "tags", "limit"]
    assert all(field.redact for field in message_schema(rules().cls("rules.v1.Secret")).fields)


def one_field(options: bytes) -> bytes:
    file = descriptor_pb2.FileDescriptorProto(name="a.proto", syntax="proto3")
    field = file.message_type.add(name="A").field.add(name="b_c", number=1, type=5, label=1)
    field.options.ParseFromString(options)
    return file.SerializeToString()


@pytest.mark.parametrize(
    ("options", "required"),
    [
        (b"\xe0\x41\x02", True),  # 1052: 2
        (b"\xe0\x41\x05\xe0\x41\x02", True),  # 1052: 5, 1052: 2
        (b"\xe2\x41\x02\x05\x02", True),  # 1052, packed: 5, 2
        (b"\xe2\x41\x01\x05", False),
        (b"\xe0\x41\x03", False),
        (b"\xba\x48\x03\xc8\x01\x01", False),  # 1159: {25: 1}, which is a rule
        (b"\x10\x01", False),
        (b"", False),
    ],
    ids=lambda value: value.hex() if isinstance(value, bytes) else str(value),
)
def test_required_in_every_notation(options: bytes, required: bool) -> None:
    (field,) = parse_file(one_field(options)).messages["A"].fields
    assert field.required is required
    assert field.json_name == "bC"


def test_rules_are_read_with_the_rest() -> None:
    contract = compile_proto(
        'syntax = "proto3"; package ruled_fields; import "buf/validate/validate.proto";'
        "message M { option (buf.validate.message).oneof = { fields: 'a' };"
        "  string a = 1 [(buf.validate.field).required = true, (buf.validate.field).string.min_len = 2];"
        "  oneof o { option (buf.validate.oneof).required = true; int32 b = 2; } oneof p { int32 c = 3; } }",
        "ruled_fields.proto",
    )
    schema = message_schema(contract.cls("ruled_fields.M"))
    assert schema.fields[0].rules == FieldRules(kind="string", value=StringRules(length=Size(2)), required=True)
    assert schema.rules == MessageRules(oneofs=(MessageOneof(("a",)),))
    assert [(oneof.name, oneof.required) for oneof in schema.oneofs] == [("o", True), ("p", False)]


def test_proto2_has_presence_required_fields_and_closed_enums() -> None:
    contract = compile_proto(
        'syntax = "proto2"; package two; enum E { A = 1; }'
        "message M { optional int32 a = 1; required string b = 2; repeated E c = 3; optional E d = 4; }",
        "two.proto",
    )
    schema = message_schema(contract.cls("two.M"))
    assert presence(schema) == {"a": True, "b": True, "c": False, "d": True}
    assert [field.name for field in schema.fields if field.required] == ["b"]
    assert enum_schema(contract.cls("two.E")).closed


def test_editions_are_resolved_from_file_to_field() -> None:
    contract = compile_proto(
        'edition = "2023"; package ed; option features.field_presence = IMPLICIT;'
        "enum Open { A = 0; } enum Closed { option features.enum_type = CLOSED; B = 0; }"
        "message M { int32 a = 1; int32 b = 2 [features.field_presence = EXPLICIT];"
        " int32 c = 3 [features.field_presence = LEGACY_REQUIRED]; M d = 4; oneof o { int32 e = 5; } }",
        "ed.proto",
    )
    schema = message_schema(contract.cls("ed.M"))
    assert presence(schema) == {"a": False, "b": True, "c": True, "d": True, "e": True}
    assert [field.name for field in schema.fields if field.required] == ["c"]
    assert not enum_schema(contract.cls("ed.Open")).closed
    assert enum_schema(contract.cls("ed.Closed")).closed


def test_unknown_editions_are_refused() -> None:
    file = descriptor_pb2.FileDescriptorProto(
        name="b.proto", syntax="editions", edition=descriptor_pb2.EDITION_99997_TEST_ONLY
    )
    with pytest.raises(UnsupportedError, match="edition"):
        parse_file(file.SerializeToString())


def test_bytes_that_are_no_descriptor_are_refused() -> None:
    with pytest.raises(ValueError, match="generate the module again"):
        parse_file(b"\xff")


def test_a_class_nobody_registered_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        message_schema(int)
