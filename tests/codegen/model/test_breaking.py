"""Planted breaks are found, by code and nothing else; changes that break nobody are no breaks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iii_codegen.model.breaking import breaking
from iii_codegen.model.breaking_changes import Change
from iii_codegen.model.breaking_codes import BREAKS
from tests.codegen.support import model, shop

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "breaking-changes.md"

ORDERS = """
enum Tier {{ TIER_UNSPECIFIED = 0; GOLD = 1; {values} }}
message Line {{ string sku = 1; int64 quantity = 2; Tier tier = 3; {line} }}
message Request {{ repeated Line lines = 1; string note = 2{note}; {request} }}
message Response {{ string id = 1{id}; {total} total = 2; Tier tier = 3; {response} }}
service OrdersService {{
  {service}
  rpc Place(Request) returns (Response) {{ {place} }}
  {more}
}}
"""
UNSET = dict.fromkeys(("values", "line", "note", "request", "id", "response", "service", "place", "more"), "")
REQUIRED = " [(google.api.field_behavior) = REQUIRED]"


def rule(text: str) -> str:
    return f" [(buf.validate.field).{text}]"


def changes(old: str, new: str) -> list[Change]:
    trees = []
    for body in (old, new):
        tree, report = model(shop(body))
        assert report.errors == []
        trees.append(tree)
    return breaking(trees[0], trees[1])


def orders(**parts: str) -> str:
    return ORDERS.format(**{"total": "int64", **UNSET, **parts})


def function(text: str) -> str:
    return f"option (iii_bridge.v1.function) = {{ {text} }};"


def trigger(text: str) -> str:
    return f"option (iii_bridge.v1.trigger) = {{ {text} }};"


def route(text: str) -> str:
    return f"option (google.api.http) = {{ {text} }};"


EMPTY = "rpc Drop(Request) returns (google.protobuf.Empty) {{ {} }}"
TWO = "rpc A(Request) returns (Response); rpc B(Request) returns (Response);"
PLANTED: dict[str, tuple[dict[str, str], dict[str, str], list[str]]] = {
    "method deleted": ({"more": TWO}, {"more": TWO.partition(";")[0] + ";"}, ["BRK102"]),
    "function id": ({}, {"place": function('id: "orders::order"')}, ["BRK401"]),
    "service prefix": ({}, {"service": 'option (iii_bridge.v1.service) = { prefix: "o" };'}, ["BRK401"]),
    "namespace": ({}, {"service": 'option (iii_bridge.v1.service) = { namespace: "eu" };'}, ["BRK402"]),
    "queue": (
        {"more": EMPTY.format(function('queue: "a"'))},
        {"more": EMPTY.format(function('queue: "b"'))},
        ["BRK403"],
    ),
    "delivery": (
        {"more": EMPTY.format("")},
        {"more": EMPTY.format(function("delivery: DELIVERY_VOID"))},
        ["BRK404"],
    ),
    "names": ({}, {"place": function("json: { names: NAMES_PROTO }")}, ["BRK405"]),
    "int64 and enums": (
        {},
        {"place": function("json: { int64: INT64_NUMBER enums: ENUMS_NUMBER }")},
        ["BRK405", "BRK405"],
    ),
    "timeout shorter": (
        {"place": function("timeout: { seconds: 9 }")},
        {"place": function("timeout: { seconds: 5 }")},
        ["BRK406"],
    ),
    "timeout at all": ({}, {"place": function("timeout: { seconds: 5 }")}, ["BRK406"]),
    "unknown members": ({}, {"place": function("unknown_members: UNKNOWN_MEMBERS_REJECT")}, ["BRK408"]),
    "unknown enum names": (
        {"place": function("unknown_enum_names: UNKNOWN_ENUM_NAMES_IGNORE")},
        {},
        ["BRK413"],
    ),
    "route gone": ({"place": route('post: "/orders" body: "*"')}, {}, ["BRK501"]),
    "route moved": (
        {"place": route('post: "/orders" body: "*"')},
        {"place": route('post: "/v2/orders" body: "*"')},
        ["BRK501", "BRK503"],
    ),
    "body": (
        {"place": route('post: "/orders" body: "*"')},
        {"place": route('post: "/orders" body: "lines"')},
        ["BRK502"],
    ),
    "topic": (
        {"place": trigger('durable_subscriber: { topic: "a" }')},
        {"place": trigger('durable_subscriber: { topic: "b" }')},
        ["BRK501", "BRK503"],
    ),
    "retries of a subscriber": (
        {"place": trigger('durable_subscriber: { topic: "a" queue_config: { max_retries: 3 } }')},
        {"place": trigger('durable_subscriber: { topic: "a" queue_config: { max_retries: 4 } }')},
        ["BRK502"],
    ),
    "required of requests": ({}, {"note": REQUIRED}, ["BRK601"]),
    "new and required": ({}, {"request": f"string who = 3{REQUIRED};"}, ["BRK601"]),
    "no longer required of responses": ({"id": REQUIRED}, {}, ["BRK602"]),
    "optional in responses": ({}, {"total": "optional int64"}, ["BRK603"]),
    "type": ({}, {"total": "string"}, ["BRK205"]),
    "value renamed": ({"values": "SILVER = 2;"}, {"values": "BRONZE = 2;"}, ["BRK303"]),
}
HARMLESS: dict[str, tuple[dict[str, str], dict[str, str], list[str]]] = {
    "a field more": ({}, {"request": "string who = 3;", "response": "string who = 4;"}, []),
    "a required field more in responses": ({}, {"response": f"string who = 4{REQUIRED};"}, []),
    "required of responses": ({}, {"id": REQUIRED}, []),
    "no longer required of requests": ({"note": REQUIRED}, {}, []),
    "a method more": ({}, {"more": TWO}, []),
    "a value more": ({}, {"values": "SILVER = 2;"}, ["BRK306"]),
    "a binding more": ({}, {"place": route('post: "/orders" body: "*"')}, ["BRK503"]),
    "timeout longer": (
        {"place": function("timeout: { seconds: 5 }")},
        {"place": function("timeout: { seconds: 6 }")},
        ["BRK407"],
    ),
    "unknown members ignored": (
        {"place": function("unknown_members: UNKNOWN_MEMBERS_REJECT")},
        {"place": function("unknown_members: UNKNOWN_MEMBERS_WARN")},
        ["BRK409"],
    ),
    "unknown enum names ignored": (
        {},
        {"place": function("unknown_enum_names: UNKNOWN_ENUM_NAMES_IGNORE")},
        ["BRK414"],
    ),
    "violations": (
        {"more": EMPTY.format("")},
        {"more": EMPTY.format(function("on_violation: ON_VIOLATION_ACK_AND_LOG"))},
        ["BRK410"],
    ),
    "endpoint": (
        {"more": EMPTY.format("")},
        {"more": EMPTY.format(function('http_endpoint: { url: "https://a.example" }'))},
        ["BRK411"],
    ),
    "metadata": ({}, {"place": function('metadata: { key: "a" value: "b" }')}, ["BRK412"]),
    "description and comment": ({}, {"place": function('description: "more"'), "line": "// why\n"}, []),
    "uint for int": ({"line": "int32 n = 4;"}, {"line": "uint32 n = 4;"}, []),
    "deleted and reserved": (
        {"line": "string old = 4;"},
        {"line": 'reserved 4; reserved "old";'},
        [],
    ),
}


RULES = [  # the wider rules, the narrower rules of a string
    ("string.max_len = 9", "string.max_len = 8"),
    ("string = {}", "string.min_len = 1"),
    ("string.max_bytes = 9", "string.len_bytes = 9"),
    ("string = {}", 'string.pattern = "^a"'),
    ("string = {}", 'string.prefix = "a"'),
    ("string = {}", "string.email = true"),
    ("string = {}", 'string.const = "a"'),
    ('string = { in: ["a", "b"] }', 'string = { in: ["a"] }'),
    ("string = {}", 'string = { in: ["a"] }'),
    ('string = { not_in: ["a"] }', 'string = { not_in: ["a", "b"] }'),
    ("string = { min_len: 1 }, (buf.validate.field).ignore = IGNORE_IF_ZERO_VALUE", "string.min_len = 1"),
    ("string = { min_len: 1 }, (buf.validate.field).ignore = IGNORE_ALWAYS", "string.min_len = 1"),
]


@pytest.mark.parametrize(("wide", "narrow"), RULES)
def test_rules_are_tightened_or_loosened_and_matter_by_side(wide: str, narrow: str) -> None:
    for part, tightened, loosened in (("note", "BRK604", "BRK606"), ("id", "BRK606", "BRK605")):
        old, new = orders(**{part: rule(wide)}), orders(**{part: rule(narrow)})
        assert [change.code for change in changes(old, new)] == [tightened]
        assert [change.code for change in changes(new, old)] == [loosened]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('string.pattern = "^a"', 'string.pattern = "^b"'),
        ('string = { in: ["a"] }', 'string = { in: ["b"] }'),
        ("string.email = true", "string.uuid = true"),
    ],
)
def test_rules_that_are_neither_are_both(old: str, new: str) -> None:
    assert [change.code for change in changes(orders(note=rule(old)), orders(note=rule(new)))] == ["BRK604"]
    assert [change.code for change in changes(orders(id=rule(old)), orders(id=rule(new)))] == ["BRK605"]


OTHER_RULES = [  # of a field or a message in requests; the narrower one second
    ("int32 n = 3 [(buf.validate.field).int32.lt = 9];", "int32 n = 3 [(buf.validate.field).int32.lte = 8];"),
    ("int32 n = 3 [(buf.validate.field).int32.lte = 9];", "int32 n = 3 [(buf.validate.field).int32.lt = 9];"),
    ("int32 n = 3;", "int32 n = 3 [(buf.validate.field).int32 = { gt: 1 }];"),
    ("bool n = 3;", "bool n = 3 [(buf.validate.field).bool.const = true];"),
    ("double n = 3;", "double n = 3 [(buf.validate.field).double.finite = true];"),
    ("Tier n = 3;", "Tier n = 3 [(buf.validate.field).enum.defined_only = true];"),
    ("repeated string n = 3;", "repeated string n = 3 [(buf.validate.field).repeated.unique = true];"),
    ("repeated string n = 3;", "repeated string n = 3 [(buf.validate.field).repeated.items.string.min_len = 1];"),
    (
        "map<string, int32> n = 3 [(buf.validate.field).map = { keys: { string: { max_len: 4 } } }];",
        "map<string, int32> n = 3 [(buf.validate.field).map = { keys: { string: { max_len: 3 } } }];",
    ),
    ("google.protobuf.Duration n = 3;", "google.protobuf.Duration n = 3 [(buf.validate.field).duration.gt = {}];"),
    (
        "oneof o { string a = 3; string b = 4; }",
        "oneof o { option (buf.validate.oneof).required = true; string a = 3; string b = 4; }",
    ),
    (
        "string a = 3; string b = 4;",
        'option (buf.validate.message).oneof = { fields: ["a", "b"] }; string a = 3; string b = 4;',
    ),
]


@pytest.mark.parametrize(("wide", "narrow"), OTHER_RULES)
def test_rules_of_every_kind(wide: str, narrow: str) -> None:
    old, new = orders(request=wide), orders(request=narrow)
    assert [change.code for change in changes(old, new)] == ["BRK604"]
    assert [change.code for change in changes(new, old)] == ["BRK606"]


def test_a_rule_is_named_with_both_values() -> None:
    (change,) = changes(orders(note=rule("string.max_len = 9")), orders(note=rule("string.max_len = 8")))
    assert change.problem == (
        "rule length at most of field shop.v1.Request.note from 9 to 8 refuses requests that were allowed"
    )
    assert (change.old, change.new, change.place.line) == ("9", "8", 16)


@pytest.mark.parametrize(("old", "new", "codes"), PLANTED.values(), ids=PLANTED)
def test_planted_breaks_are_found(old: dict[str, str], new: dict[str, str], codes: list[str]) -> None:
    found = changes(orders(**old), orders(**new))
    assert sorted(change.code for change in found) == codes


@pytest.mark.parametrize(("old", "new", "codes"), HARMLESS.values(), ids=HARMLESS)
def test_what_breaks_nobody_is_no_break(old: dict[str, str], new: dict[str, str], codes: list[str]) -> None:
    found = changes(orders(**old), orders(**new))
    assert [change.code for change in found] == codes
    assert not any(change.breaks for change in found)


def test_a_change_names_place_element_and_both_versions() -> None:
    (change,) = changes(orders(), orders(total="string"))
    assert str(change) == (
        "shop/v1/shop.proto:17:42: breaking BRK205: "
        "field shop.v1.Response.total (number 2) changed its type from int64 to string\n"
        "    instead: add a field"
    )
    assert (change.element, change.old, change.new) == ("shop.v1.Response.total", "int64", "string")
    assert change.rule.buf == "FIELD_WIRE_JSON_COMPATIBLE_TYPE"


def test_types_of_both_sides_are_held_to_both() -> None:
    found = changes(orders(), orders(line=f"string code = 4{REQUIRED};"))
    assert [change.code for change in found] == ["BRK601"]


def test_a_file_that_changes_its_package_and_a_service_that_is_gone() -> None:
    body = "message R {}\nservice S { rpc A(R) returns (R); }"
    old = shop(body)
    new = {name: text.replace("package shop.v1", "package store.v1") for name, text in old.items()}
    trees = [model(sources)[0] for sources in (old, new)]
    assert [change.code for change in breaking(*trees)] == ["BRK001", "BRK101"]


def test_the_page_holds_the_table() -> None:
    rows = re.findall(r"^\| (BRK\d{3}) \| (\w+) \| (.*?) \| (.*?) \| (.*?) ?\|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [
        (name, "note" if item.note else "breaking", item.title, item.cure, f"`{item.buf}`" if item.buf else "")
        for name, item in BREAKS.items()
    ]
