"""Schemas to contracts: what each shape becomes, and that what is lost is said."""
# ruff: noqa: E501 -- tables read best with a row on a line

from __future__ import annotations

import re
from typing import Any

import pytest

from iii_codegen.importing.contract import Imported, import_functions
from iii_codegen.importing.draft import Binding, Function
from iii_codegen.importing.values import LONG_PATTERNS


def imported(request: Any, response: Any = None, **more: Any) -> Imported:
    return import_functions([Function(function_id="shop::place", request=request, response=response, **more)])


def text_of(made: Imported) -> str:
    (text,) = made.files.values()
    return text


def fields(properties: dict[str, Any], **more: Any) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Of each member the line of its field without its number, and what is said of it."""
    made = imported(
        {"type": "object", "title": "Ask", "properties": properties, **more}, {"title": "Empty", "type": "object"}
    )
    body = text_of(made).partition("message Ask {")[2].partition("\n}")[0]
    lines = re.sub(r"\s*\[\s*(.*?)\s*\];", r" [\1];", re.sub(r"\n\s+(?=\(|\])", " ", body)).splitlines()
    found: dict[str, str] = {}
    for member, line in zip(properties, [line for line in lines if re.search(r" = \d+[ ;]", line)], strict=False):
        found[member] = re.sub(r" = \d+", "", line.strip().rstrip(";"), count=1)
    said: dict[str, list[str]] = {}
    for finding in made.findings:
        said.setdefault(finding.path.removeprefix("$."), []).append(finding.problem)
    return found, said


SCALARS: list[tuple[Any, str]] = [
    ({"type": "boolean"}, "optional bool x"),
    ({"type": "string"}, "optional string x"),
    ({"type": ["string", "null"]}, "optional string x"),
    ({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}, "optional string x"),
    ({"type": "string", "nullable": True}, "optional string x"),
    ({"type": "string", "default": ""}, "string x"),
    ({"type": "integer", "format": "int32"}, "optional int32 x"),
    ({"type": "integer", "format": "uint32", "minimum": 0.0}, "optional uint32 x"),
    ({"type": "integer", "format": "uint8", "minimum": 0.0}, "optional uint32 x [(buf.validate.field).uint32.lte = 255]"),
    ({"type": "integer", "format": "int64"}, "optional int64 x"),
    ({"type": "integer"}, "optional int64 x"),
    ({"type": "integer", "minimum": 0, "maximum": 2**64 - 1}, "optional uint64 x"),
    (
        {"type": "integer", "exclusiveMinimum": 0, "maximum": 1000},
        "optional int32 x [(buf.validate.field).int32 = { gt: 0 lte: 1000 }]",
    ),
    ({"type": "integer", "minimum": 2, "exclusiveMaximum": 10}, "optional int32 x [(buf.validate.field).int32 = { gte: 2 lte: 9 }]"),
    ({"type": "integer", "minimum": 1, "exclusiveMinimum": True, "maximum": 9}, "optional int32 x [(buf.validate.field).int32 = { gte: 2 lte: 9 }]"),
    ({"type": "number"}, "optional double x [(buf.validate.field).double.finite = true]"),
    (
        {"anyOf": [{"type": "number"}, {"type": "string", "enum": ["NaN", "Infinity", "-Infinity"]}]},
        "optional double x",
    ),
    ({"type": "number", "format": "float", "minimum": 0.5}, "optional float x [(buf.validate.field).float = { finite: true gte: 0.5 }]"),
    ({"type": "string", "format": "date-time"}, "google.protobuf.Timestamp x"),
    ({"type": "string", "contentEncoding": "base64"}, "optional bytes x"),
    ({"type": "string", "format": "uuid"}, "optional string x [(buf.validate.field).string.uuid = true]"),
    ({"type": "string", "minLength": 1, "maxLength": 3}, "optional string x [(buf.validate.field).string = { min_len: 1 max_len: 3 }]"),
    ({"type": "string", "pattern": "^[a-z]\\d+$"}, 'optional string x [(buf.validate.field).string.pattern = "^[a-z]\\\\d+$"]'),
    ({"const": "card"}, 'optional string x [(buf.validate.field).string.const = "card"]'),
    ({"enum": ["in progress", "done"]}, 'optional string x [(buf.validate.field).string = { in: ["in progress", "done"] }]'),
    ({"type": "integer", "enum": [1, 2, 5]}, "optional int32 x [(buf.validate.field).int32 = { in: [1, 2, 5] }]"),
    ({"enum": [True, False]}, "optional bool x"),
    ({}, "google.protobuf.Value x"),
    ({"type": "object"}, "google.protobuf.Struct x"),
    ({"type": "object", "additionalProperties": True, "title": "X"}, "google.protobuf.Struct x"),
    ({"type": "array"}, "google.protobuf.ListValue x"),
    ({"type": "array", "items": {"type": "string"}}, "repeated string x"),
    (
        {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1, "uniqueItems": True},
        "repeated string x [(buf.validate.field).repeated = { min_items: 1 unique: true items: { string: { min_len: 1 } } }]",
    ),
    ({"type": "object", "additionalProperties": {"type": "integer", "format": "int32"}}, "map<string, int32> x"),
    (
        {"type": "object", "additionalProperties": {"type": "boolean"}, "propertyNames": {"enum": ["true", "false"]}},
        "map<bool, bool> x",
    ),
    (
        {"type": "object", "patternProperties": {"^[a-z]+$": {"type": "string"}}, "additionalProperties": False},
        'map<string, string> x [(buf.validate.field).map = { keys: { string: { pattern: "^[a-z]+$" } } }]',
    ),
    ({"type": "string", "deprecated": True}, "optional string x [deprecated = true]"),
    ({"type": "string", "readOnly": True}, "optional string x [(google.api.field_behavior) = OUTPUT_ONLY]"),
]  # fmt: skip


def test_what_scalars_lists_and_maps_become_without_loss() -> None:
    properties = {f"x{chr(97 + n // 26)}{chr(97 + n % 26)}": schema for n, (schema, _) in enumerate(SCALARS)}
    found, said = fields(properties)
    wanted = {name: line.replace(" x", f" {name}", 1) for name, (_, line) in zip(properties, SCALARS, strict=True)}
    assert {name: re.sub(r" \[\s*", " [", line) for name, line in found.items()} == wanted
    assert said == {}


LOSSES: list[tuple[Any, str, str]] = [
    ({"type": ["string", "integer"]}, "google.protobuf.Value x", "it is one of several types: string, integer"),
    ({"anyOf": [{"type": "string"}, {"type": "object", "properties": {"a": {}}}]}, "google.protobuf.Value x", "it is one of several types"),
    ({"type": "string", "pattern": "^(?!x)"}, "optional string x", "the pattern is not one of RE2's: "),
    ({"type": "string", "format": "date"}, "optional string x", "the format date has no rule"),
    ({"type": "integer", "multipleOf": 5, "format": "int32"}, "optional int32 x", "only multiples of 5 are accepted"),
    ({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}, "repeated google.protobuf.ListValue x", "what an item holds is not said: lists and maps do not nest"),
    ({"type": "array", "prefixItems": [{}, {}]}, "google.protobuf.ListValue x", ""),
    ({"type": "array", "items": {"type": ["string", "null"]}}, "repeated string x", "an item may be null"),
    ({"type": "string", "default": "red"}, "optional string x", 'its default is "red"'),
    ({"enum": ["a", 1]}, "google.protobuf.Value x", "values of several types are listed"),
    ({"type": "string", "if": {"minLength": 1}}, "optional string x", "the keyword if has no counterpart in a contract"),
    ({"$ref": "#/$defs/Nowhere"}, "google.protobuf.Value x", "the reference #/$defs/Nowhere leads nowhere"),
    ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "optional string x", "two values of type hold at once"),
    ({"anyOf": [{"type": "string", "format": "email"}, {"type": "string", "maxLength": 0}]}, "optional string x", "it is one of several kinds of string"),
    (False, "google.protobuf.Value x", "no value is accepted"),
]  # fmt: skip


def test_what_is_lost_is_said_with_its_path() -> None:
    properties = {f"x{chr(97 + n)}": schema for n, (schema, _, _) in enumerate(LOSSES)}
    found, said = fields(properties)
    for name, (_, line, problem) in zip(properties, LOSSES, strict=True):
        assert found[name] == line.replace(" x", f" {name}", 1)
        assert any(text.startswith(problem) for text in said.get(name, [""])), (name, said.get(name))
    commented = text_of(imported({"type": "object", "properties": {"a": {"type": "string", "format": "date"}}}))
    assert "  // Not in this contract: the format date has no rule.\n  optional string a = 1;" in commented


def test_presence_of_requests_and_responses() -> None:
    side = {
        "title": "Thing",
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "note": {"type": "string"},
            "size": {"type": "integer", "format": "int32"},
        },
    }
    made = imported({**side, "required": ["id"]}, {**side, "required": ["id", "size"]})
    body = text_of(made)
    assert "rpc Place(Thing) returns (Thing);" in body
    assert "  string id = 1 [(google.api.field_behavior) = REQUIRED];\n  optional string note = 2;" in body
    assert "  optional int32 size = 3;" in body
    made = imported({**side, "required": ["id"]}, side)
    assert "rpc Place(Thing) returns (PlaceResponse);" in text_of(made), (
        "what is required cannot be missing in an answer"
    )
    nullable = {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]}
    made = imported(nullable, nullable)
    assert [str(item) for item in made.findings] == [
        "shop::place request: null is a value here, a contract asks for another at $.a"
    ]


def test_unions_of_objects() -> None:
    card = {
        "type": "object",
        "properties": {"kind": {"const": "card"}, "number": {"type": "string"}},
        "required": ["kind", "number"],
    }
    cash = {"type": "object", "properties": {"kind": {"const": "cash"}}, "required": ["kind"]}
    found, said = fields({"pay": {"oneOf": [card, cash]}})
    assert found == {"pay": "Pay pay"}
    assert said == {"pay": ["it is one of several objects; which members go together is not said"]}
    serde = [
        {"type": "object", "properties": {name: {"type": kind}}, "required": [name], "additionalProperties": False}
        for name, kind in (("Card", "string"), ("Cash", "boolean"))
    ]
    body = text_of(imported({"type": "object", "properties": {"pay": {"oneOf": serde}}}))
    assert "  oneof kind {\n    option (buf.validate.oneof) = { required: true };\n" in body
    assert '    string card = 1 [json_name = "Card"];\n    bool cash = 2 [json_name = "Cash"];\n' in body


def test_enums() -> None:
    described = {"oneOf": [{"const": "RED", "description": "Warm."}, {"const": "BLUE"}]}
    body = text_of(
        imported({"type": "object", "properties": {"colour": described, "other": {"enum": ["RED", "GREEN"]}}})
    )
    assert "  // Warm.\n  RED = 1;\n  BLUE = 2;\n" in body
    assert "  enum Other {\n    // Not a value: 0 has to have a name.\n    OTHER_UNSPECIFIED = 0;\n    RED = 1;" in body
    assert "  optional Other other = 2 [(buf.validate.field).enum = { not_in: [0] }];" in body


def test_names_of_members() -> None:
    written = {"order_id": {"type": "string"}, "unit_price": {"type": "string"}}
    body = text_of(imported({"type": "object", "properties": written}))
    assert "option (iii_bridge.v1.file) = { json: { names: NAMES_PROTO } };" in body
    assert "json_name" not in body
    body = text_of(
        imported({"type": "object", "properties": {"orderId": {}, "order_id": {}, "content-type": {}, "class": {}}})
    )
    assert 'google.protobuf.Value order_id2 = 1 [json_name = "orderId"];' in body
    assert 'google.protobuf.Value order_id = 2 [json_name = "order_id"];' in body
    assert 'google.protobuf.Value content_type = 3 [json_name = "content-type"];' in body


def test_ids_packages_and_namespaces() -> None:
    empty = {"title": "Empty", "type": "object"}
    ids = ["orders::v2::place-order", "orders::v2::getOrder", "a::b::c", "lonely", "google::x", "shop::Order"]
    made = import_functions(
        [Function(function_id=name, request=empty, response=empty) for name in ids]
        + [
            Function(
                function_id="a::b::c", namespace="eu", request=empty, response=empty, metadata={"tier": 1, "team": "x"}
            )
        ]
    )
    assert sorted(made.files) == [
        "a/b/v1/b.proto",
        "functions/v1/functions.proto",
        "google_functions/v1/google_functions.proto",
        "orders/v2/orders.proto",
        "shop/v1/shop.proto",
    ]
    orders = made.files["orders/v2/orders.proto"]
    assert "rpc PlaceOrder(google.protobuf.Empty) returns (google.protobuf.Empty);" in orders
    assert 'option (iii_bridge.v1.function) = { id: "orders::v2::getOrder" };' in orders
    nested = made.files["a/b/v1/b.proto"]
    assert 'option (iii_bridge.v1.service) = { prefix: "a::b" };' in nested
    assert 'service BEuService {\n  option (iii_bridge.v1.service) = { prefix: "a::b" namespace: "eu" };' in nested
    assert """metadata: [{ key: "team" value: "x" }] metadata_json: "{\\"tier\\": 1}" };""" in nested


def test_bindings() -> None:
    body = {"type": "object", "properties": {"id": {"type": "string"}}}
    every = (
        Binding("http", {"api_path": "/orders/:id", "http_method": "post"}, adapted=True),
        Binding("http", {"api_path": "/x", "http_method": "HEAD"}, adapted=True),
        Binding("durable:subscriber", {"topic": "t", "queue_config": {"maxRetries": 2, "backoffDelayMs": 1500}}),
        Binding("subscribe", {"topic": "t"}),
        Binding("webhook", {"path": "/y", "deep": {"a": [1]}}),
        Binding("cron", {"expression": "0 0 * * * *", "condition_function_id": "a::b"}),
    )
    refused = (*every, Binding("cron", {"expression": "never"}))
    made = imported(body, {"title": "Empty", "type": "object"}, bindings=refused)
    assert "    option" not in text_of(made)
    assert [str(item) for item in made.findings] == [
        "shop::place binding: cron expression never cannot be read: 1 fields instead of six or seven at $"
    ]
    made = imported(body, {"title": "Empty", "type": "object"}, bindings=every)
    lines = [line.strip() for line in text_of(made).splitlines() if line.startswith("    option")]
    assert lines == [
        'option (google.api.http) = { post: "/orders/{id}" body: "*" };',
        'option (iii_bridge.v1.trigger) = { http: { api_path: "/x" http_method: "HEAD" } };',
        'option (iii_bridge.v1.trigger) = { durable_subscriber: { topic: "t" queue_config: { max_retries: 2 '
        "backoff: { seconds: 1 nanos: 500000000 } } } };",
        'option (iii_bridge.v1.trigger) = { subscribe: { topic: "t" } };',
        r"""option (iii_bridge.v1.trigger) = { custom: { type: "webhook" """
        r"""config_json: "{\"deep\": {\"a\": [1]}, \"path\": \"/y\"}" } };""",
        'option (iii_bridge.v1.trigger) = { cron: { expression: "0 0 * * * *" } condition_function_id: "a::b" };',
    ]
    assert made.findings == []


def test_events_without_a_schema_have_the_engines_message() -> None:
    made = imported(None, None, bindings=(Binding("http", {"api_path": "/x", "http_method": "GET"}),))
    assert "rpc Place(iii_bridge.v1.HttpRequest) returns (iii_bridge.v1.HttpResponse) {" in text_of(made)
    made = imported(None, None, bindings=(Binding("cron", {"expression": "0 0 * * * *"}),))
    assert "rpc Place(iii_bridge.v1.CronTick) returns (google.protobuf.Struct) {" in text_of(made)


@pytest.mark.parametrize(
    ("request_schema", "said"),
    [
        (None, "no request is described; any object is taken"),
        ({"name": "x", "type": "object", "body": []}, "the description of the request is no JSON Schema; any object is taken"),
        ({"title": "AnyValue"}, "any value is possible; a contract has objects"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "its members may have any name, which only a field of type map has"),
    ],
)  # fmt: skip
def test_payloads_that_nothing_describes_are_any_object(request_schema: Any, said: str) -> None:
    made = imported(request_schema, {"type": "object", "title": "Empty"})
    assert "rpc Place(google.protobuf.Struct) returns (google.protobuf.Empty);" in text_of(made)
    assert [item.problem for item in made.findings] == [said]


def test_payloads_that_are_no_objects_are_left_out() -> None:
    made = imported({"type": "string"}, {"type": "object"})
    assert made.files == {}
    assert [str(item) for item in made.findings] == [
        "shop::place request: its payload is no object, as every message is; the function is left out at $"
    ]


def test_both_spellings_of_integers_in_one_function() -> None:
    text = {"type": "string", "pattern": next(p for p, kind in LONG_PATTERNS.items() if kind == "int64")}
    found, said = fields({"a": text, "b": {"type": "integer"}})
    assert found == {"a": "optional int64 a", "b": "optional double b"}
    assert said == {"b": ["a 64-bit integer is a number here and a string elsewhere; any number is taken"]}


def test_without_rules_limits_are_said() -> None:
    request = {"type": "object", "properties": {"a": {"type": "string", "minLength": 2}}}
    made = import_functions([Function(function_id="a::b", request=request, response=request)], rules=False)
    assert "buf" not in text_of(made)
    assert '// Not in this contract: the limits {"string": {"min_len": 2}}.' in text_of(made)
    assert [item.path for item in made.findings] == ["$.a", "$.a"]
