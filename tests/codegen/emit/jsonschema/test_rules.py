"""Rules in schemas: whatever follows them is valid, and what schemas say of them is what the codec asks for."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iii_bridge.contract.protojson import CodecError, codec_for
from iii_bridge.contract.spec import JsonProfile
from iii_codegen.emit.jsonschema.dialects import DIALECTS as ALL_DIALECTS
from iii_codegen.emit.jsonschema.dialects import document
from iii_codegen.emit.jsonschema.shapes import Shapes, View
from tests.codegen.emit.jsonschema.contracts import contract_of
from tests.codegen.emit.jsonschema.test_properties import DIALECTS, PROFILES
from tests.codegen.emit.jsonschema.validators import Ajv, RustSchema
from tests.codegen.support import model, shop, tree_of
from tests.contract_layer.random_rules import RuledField, contract_text, ruled_fields
from tests.contract_layer.test_rules_referee import fill

_numbers = itertools.count()
DIALECT = ALL_DIALECTS["2020-12"]


@settings(deadline=None, max_examples=40, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(ruled_fields(), min_size=4, max_size=6), st.data())
def test_whatever_follows_the_rules_is_valid(ajv: Ajv, fields: list[RuledField], data: st.DataObject) -> None:
    package = f"schemas{next(_numbers)}.v1"
    names = tuple(f"{package}.M{index}" for index in range(len(fields)))
    contract = contract_of(contract_text(package, fields), f"{package}.proto", names)
    for name, field in zip(names, fields, strict=True):
        profile, dialect = data.draw(st.sampled_from(PROFILES)), data.draw(st.sampled_from(DIALECTS))
        codec = codec_for(contract.contract.google(name), profile)
        schema = contract.schema(name, dialect, View(profile, response=True))
        wide = contract.protojson(name, dialect)
        checkers: list[Any] = [RustSchema(schema, dialect), RustSchema(wide, dialect)]
        if data.draw(st.integers(0, 3)) == 0:
            checkers += [ajv.schema(schema, dialect), ajv.schema(wide, dialect)]
        for _ in range(10):
            message = contract.contract.google(name)()
            fill(message, field, data.draw(st.lists(st.sampled_from(field.values), max_size=3)))
            try:
                printed = codec.encode(message).decode()
            except CodecError:
                continue
            if field.kind == "enum" and any(number in str(message) for number in ("9", "-2")):
                continue  # a number without a name is not in `canonical`
            assert all(checker.accepts(printed) for checker in checkers), (field, printed, json.dumps(schema))
            assert checkers[1].accepts(json_format.MessageToJson(message)), (field, message)


CANONICAL = [  # type, rules, the member in `canonical`, whether it has to be there
    ("int32", "int32 { gt: 0 lte: 9 }", {"type": "integer", "minimum": 1, "maximum": 9}, True),
    (
        "int32",
        "int32 { gte: 9 lt: 3 }",
        {
            "anyOf": [
                {"type": "integer", "minimum": -(2**31), "maximum": 2},
                {"type": "integer", "minimum": 9, "maximum": 2**31 - 1},
            ]
        },
        False,
    ),
    ("int32", "int32 { in: [1, 5] not_in: [5] }", {"type": "integer", "enum": [1]}, True),
    (
        "uint32",
        "uint32 { not_in: [3] }",
        {"type": "integer", "minimum": 0, "maximum": 2**32 - 1, "not": {"enum": [3]}},
        False,
    ),
    ("int64", "int64 { gte: 1 lte: 1000 }", {"type": "string", "pattern": "^(?:[1-9][0-9]{0,2}|1000)$"}, True),
    ("int64", "int64 { const: 7 }", {"type": "string", "enum": ["7"]}, True),
    (
        "sint64",
        "sint64 { gt: -3 lt: 3 not_in: 2 }",
        {"type": "string", "pattern": "^(?:0|-?(?:[1-2]))$", "not": {"enum": ["2"]}},
        False,
    ),
    ("int32", "int32 { const: 1 not_in: 1 }", {"not": {}}, True),
    ("double", "double { gte: 0 lt: 1 }", {"type": "number", "minimum": 0.0, "exclusiveMaximum": 1.0}, False),
    ("double", "double { finite: true }", {"type": "number"}, False),
    (
        "float",
        "float { gte: 0.1 }",
        {
            "anyOf": [
                {"type": "number", "maximum": 3.4028235e38, "minimum": 0.1},
                {"type": "string", "enum": ["Infinity"]},
            ]
        },
        True,
    ),
    ("float", "float { in: [0.1, 2] }", {"type": "number", "enum": [0.1, 2.0]}, True),
    ("bool", "bool { const: true }", {"type": "boolean", "const": True}, True),
    ("string", "string { min_len: 1 max_len: 9 }", {"type": "string", "minLength": 1, "maxLength": 9}, True),
    ("string", "string { min_bytes: 5 max_bytes: 9 }", {"type": "string", "minLength": 2, "maxLength": 9}, True),
    ("string", 'string { pattern: "^[a-z]?$" }', {"type": "string", "pattern": "^[a-z]?$"}, False),
    ("string", 'string { pattern: "(?m)^a$" }', {"type": "string"}, True),
    (
        "string",
        'string { prefix: "a." suffix: "/" contains: "x" not_contains: "y" not_in: "z" }',
        {
            "type": "string",
            "pattern": r"^a\.",
            "allOf": [{"pattern": r"\/$"}, {"pattern": "x"}],
            "not": {"anyOf": [{"enum": ["z"]}, {"pattern": "y"}]},
        },
        True,
    ),
    ("string", "string { tuuid: true }", {"type": "string", "pattern": "^(?:[0-9a-fA-F]{32})$"}, True),
    ("string", 'string { in: ["a", "b"] }', {"type": "string", "enum": ["a", "b"]}, True),
    ("string", "required: true", {"type": "string", "minLength": 1}, True),
    ("string", "ignore: IGNORE_IF_ZERO_VALUE string { min_len: 3 }", {"type": "string"}, False),
    ("E", "enum { defined_only: true not_in: 0 }", {"type": "string", "enum": ["ONE"]}, True),
    ("optional int32", "int32 { lt: 0 }", {"type": "integer", "minimum": -(2**31), "maximum": -1}, False),
    ("optional string", "required: true", {"type": "string"}, True),
    (
        "repeated string",
        "repeated { min_items: 1 max_items: 3 unique: true items { string { max_len: 1 } } }",
        {
            "type": "array",
            "items": {"type": "string", "maxLength": 1},
            "minItems": 1,
            "maxItems": 3,
            "uniqueItems": True,
        },
        True,
    ),
    (
        "map<string, bool>",
        "map { max_pairs: 2 keys { string { max_len: 3 } } values { bool { const: false } } }",
        {
            "type": "object",
            "additionalProperties": {"type": "boolean", "const": False},
            "maxProperties": 2,
            "propertyNames": {"type": "string", "maxLength": 3},
        },
        False,
    ),
    (
        "map<int32, bool>",
        "map { keys { int32 { gte: 0 lte: 9 } } }",
        {
            "type": "object",
            "propertyNames": {"type": "string", "pattern": "^(?:[0-9])$"},
            "additionalProperties": {"type": "boolean"},
        },
        False,
    ),
    ("google.protobuf.Duration", "duration { gt { seconds: 1 } }", None, False),
]


def described(body: str, *, wide: bool = False) -> dict[str, Any]:
    """The message M of a contract, and what it refers to by name."""
    tree = tree_of(shop(body))
    text = json.dumps(document(Shapes(tree, View(JsonProfile(), False, wide=wide)), "shop.v1.M", DIALECT))
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.parametrize(
    ("kind", "rules", "expected", "needed"), CANONICAL, ids=[row[0] + ", " + row[1] for row in CANONICAL]
)
def test_keywords(kind: str, rules: str, expected: dict[str, Any] | None, needed: bool) -> None:
    body = "enum E {{ ZERO = 0; ONE = 1; }}\nmessage M {{ {} a = 1{}; }}"
    with_rules = shop(body.format(kind, f" [(buf.validate.field) = {{ {rules} }}]"))
    tree, report = model(with_rules)
    assert {item.code for item in report.diagnostics} <= {"III502", "III507"}
    found = Shapes(tree, View(JsonProfile(), False)).message("shop.v1.M")
    if expected is None:  # no keyword says it
        expected = Shapes(tree_of(shop(body.format(kind, ""))), View(JsonProfile(), False)).message("shop.v1.M")
        expected = expected["properties"]["a"]
    assert found["properties"]["a"] == expected
    assert found.get("required", []) == (["a"] if needed else [])


def test_what_is_read_keeps_to_the_same_ranges() -> None:
    found = described("message M { int64 a = 1 [(buf.validate.field).int64 = { gte: -5 lte: 7 }]; }", wide=True)
    checker = RustSchema(found, "2020-12")
    accepted = ['{"a":7}', '{"a":"-5"}', '{"a":"7.0"}', '{"a":null}', "{}"]
    assert [text for text in accepted if not checker.accepts(text)] == []
    refused = ['{"a":8}', '{"a":"-6"}', '{"a":"70"}']
    assert [text for text in refused if checker.accepts(text)] == []


GROUPS = """
message M {
  option (buf.validate.message).oneof = { fields: ["a", "b"] };
  option (buf.validate.message).oneof = { fields: ["c", "d", "e"] required: true };
  string a = 1 [(buf.validate.field).string.min_len = 3];
  optional int32 b = 2;
  int64 c = 3;
  repeated string d = 4;
  bool e = 5;
  oneof choice { option (buf.validate.oneof).required = true; string f = 6; int32 g = 7; }
}
"""


@pytest.mark.parametrize("wide", [False, True])
def test_what_is_set_and_what_is_not(wide: bool, ajv: Ajv) -> None:
    schema = described(GROUPS, wide=wide)
    checkers: list[Any] = [RustSchema(schema, "2020-12"), ajv.schema(schema, "2020-12")]
    accepted = [
        '{"a":"","b":1,"c":"0","d":[],"e":true,"f":""}',
        '{"a":"abc","c":"1","g":0}',
        '{"d":["x"],"e":false,"f":"x"}',
    ]
    refused = [
        '{"a":"abc","b":1,"e":true,"f":""}',
        '{"a":"abc","e":true}',
        '{"d":["x"],"e":true,"f":"x"}',
    ]
    refused += [] if wide else ['{"c":"0","d":[],"e":false,"f":"x"}', '{"c":"1","e":true,"f":"x"}']
    for checker in checkers:
        assert [text for text in accepted if not checker.accepts(text)] == []
        assert [text for text in refused if checker.accepts(text)] == []


IGNORING = """
message Inner {
  string s = 1 [(buf.validate.field).string.min_len = 2];
  Inner deeper = 2;
  string r = 3 [(buf.validate.field).required = true];
}
message M {
  Inner checked = 1;
  Inner free = 2 [(buf.validate.field).ignore = IGNORE_ALWAYS];
  repeated Inner items = 3 [(buf.validate.field).repeated.items.ignore = IGNORE_ALWAYS];
  map<string, Inner> named = 4 [(buf.validate.field).map.values.ignore = IGNORE_IF_ZERO_VALUE];
}
"""


def test_messages_below_ignored_rules_are_described_without_theirs() -> None:
    found = described(IGNORING)
    free = {"$ref": "#/$defs/shop_v1_Inner_unchecked"}
    assert found["properties"]["checked"] == {"$ref": "#/$defs/shop_v1_Inner"}
    assert found["properties"]["free"] == found["properties"]["items"]["items"] == free
    assert found["properties"]["named"]["additionalProperties"] == free
    unchecked = found["$defs"]["shop_v1_Inner_unchecked"]
    assert unchecked["title"] == "Inner"
    assert unchecked["properties"] == {"s": {"type": "string"}, "deeper": free, "r": {"type": "string"}}
    assert "required" not in unchecked
