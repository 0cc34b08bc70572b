"""Verdicts: proven ones hold for documents, refuted ones have a witness, and mutations go the way they should."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from iii_bridge.contract.compat import Sides, Verdict, compare, compare_function
from iii_bridge.errors import Side
from iii_codegen.emit.jsonschema.patterns import integer_pattern
from tests.contract_layer.compat.schemas import fitting, schemas, valid

DRAFT_07 = "http://json-schema.org/draft-07/schema#"
META = Draft202012Validator.META_SCHEMA
MANY = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


def _variant(kind: str) -> dict[str, Any]:
    return {"type": "object", "properties": {"kind": {"const": kind}}, "required": ["kind"]}


def _node(value: dict[str, Any]) -> dict[str, Any]:
    next_one = {"anyOf": [{"$ref": "#"}, {"type": "null"}]}
    return {"type": "object", "properties": {"value": value, "next": next_one}, "required": ["value"]}


@MANY
@given(schemas())
def test_a_schema_fits_itself(schema: Any) -> None:
    assert compare(schema, schema).verdict is Verdict.COMPATIBLE


@MANY
@given(st.data(), schemas(), schemas())
def test_a_verdict_holds_for_documents(data: st.DataObject, producer: Any, consumer: Any) -> None:
    check(data, producer, consumer)


@MANY
@given(st.data(), schemas())
def test_a_verdict_holds_for_two_versions_of_one_schema(data: st.DataObject, producer: Any) -> None:
    consumer = data.draw(changed(producer))
    check(data, producer, consumer)
    check(data, consumer, producer)


def check(data: st.DataObject, producer: Any, consumer: Any) -> None:
    comparison = compare(producer, consumer)
    for finding in comparison.findings:
        if finding.verdict is Verdict.INCOMPATIBLE:
            assert valid(producer, finding.witness)
            assert not valid(consumer, finding.witness)
    if comparison.verdict is Verdict.COMPATIBLE:
        for document in data.draw(st.lists(fitting(producer), min_size=8, max_size=8)):
            assert not valid(producer, document) or valid(consumer, document), document


WIDENED = {  # narrow, wide
    "a limit is lifted": ({"type": "integer", "maximum": 9}, {"type": "integer"}),
    "a limit is moved": ({"type": "number", "minimum": 1}, {"type": "number", "exclusiveMinimum": 0}),
    "integers to numbers": ({"type": "integer"}, {"type": "number"}),
    "steps": ({"type": "integer", "multipleOf": 4}, {"type": "number", "multipleOf": 2}),
    "null": ({"type": "string"}, {"type": ["string", "null"]}),
    "null by anyOf": ({"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
    "a value more": ({"enum": ["A"]}, {"enum": ["A", "B"]}),
    "from values to their type": ({"const": "A"}, {"type": "string", "maxLength": 1}),
    "a length": ({"type": "string", "maxLength": 3}, {"type": "string", "maxLength": 4}),
    "an expression": ({"type": "string", "pattern": "^[a-c]{2}$"}, {"type": "string", "pattern": "^[a-z]+$"}),
    "64-bit text": (
        {"type": "string", "pattern": integer_pattern(0, 2**32 - 1)},
        {"type": "string", "pattern": integer_pattern(-(2**63), 2**63 - 1)},
    ),
    "items": ({"type": "array", "items": {"const": 1}}, {"type": "array", "items": {"type": "integer"}}),
    "a shorter array": ({"type": "array", "minItems": 2}, {"type": "array", "minItems": 1}),
    "equal items": ({"type": "array", "uniqueItems": True}, {"type": "array"}),
    "a tuple": (
        {"prefixItems": [{"const": 1}], "items": False, "type": "array"},
        {"type": "array", "items": {"type": "integer"}, "maxItems": 1},
    ),
    "no longer required": (
        {"type": "object", "properties": {"a": {}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {}}},
    ),
    "a member more": (
        {"type": "object", "properties": {"a": {}}, "additionalProperties": False},
        {"type": "object", "properties": {"a": {}, "b": {}}, "additionalProperties": False},
    ),
    "a map's values": (
        {"type": "object", "additionalProperties": {"const": 1}},
        {"type": "object", "additionalProperties": {"type": "integer"}},
    ),
    "a map's keys": (
        {"type": "object", "additionalProperties": True, "propertyNames": {"pattern": "^[0-9]$"}},
        {"type": "object", "additionalProperties": True, "propertyNames": {"pattern": "^[0-9]+$"}},
    ),
    "members by expression": (
        {"type": "object", "patternProperties": {"^x": {"const": 1}}, "additionalProperties": False},
        {"type": "object", "patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False},
    ),
    "a oneof dissolved": (
        {"type": "object", "properties": {"a": {}, "b": {}}, "not": {"anyOf": [{"required": ["a", "b"]}]}},
        {"type": "object", "properties": {"a": {}, "b": {}}},
    ),
    "either spelling": (
        {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"]},
        {
            "type": "object",
            "properties": {"a": {}, "b": {}},
            "not": {"anyOf": [{"not": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}}]},
        },
    ),
    "a choice more": (
        {"oneOf": [_variant("a")]},
        {"oneOf": [_variant("a"), _variant("b")]},
    ),
    "a dependency": (
        {"type": "object", "properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}},
        {"type": "object", "properties": {"a": {}, "b": {}}},
    ),
    "counted members": (
        {"type": "object", "additionalProperties": True, "maxProperties": 1},
        {"type": "object", "additionalProperties": True, "maxProperties": 2},
    ),
    "deep inside": (
        {"$ref": "#/$defs/N", "$defs": {"N": _node({"type": "integer", "maximum": 5})}},
        {"$ref": "#/$defs/M", "$defs": {"M": _node({"type": "integer", "maximum": 6})}},
    ),
    "another dialect": (
        {"$schema": DRAFT_07, "type": "array", "items": [{"const": 1}], "additionalItems": False},
        {"type": "array", "prefixItems": [{"type": "integer"}], "items": False},
    ),
}


@pytest.mark.parametrize(("narrow", "wide"), WIDENED.values(), ids=WIDENED)
def test_what_is_wider_takes_what_is_narrower_and_not_the_other_way(narrow: Any, wide: Any) -> None:
    assert compare(narrow, wide).findings == ()
    back = compare(wide, narrow)
    assert back.verdict is Verdict.INCOMPATIBLE
    for finding in back.findings:
        assert finding.verdict is Verdict.INCOMPATIBLE
        assert valid(wide, finding.witness)
        assert not valid(narrow, finding.witness)


OURS = {"type": "object", "properties": {"id": {"type": "string", "pattern": integer_pattern(-(2**63), 2**63 - 1)}}}
TEXTS = [  # producer, consumer, side, what is said
    (
        OURS,
        {"type": "object", "properties": {"id": {"type": "integer"}}},
        Side.REQUEST,
        "request: the caller sends a string that writes a 64-bit integer, the function accepts an integer at $.id",
    ),
    (
        {"type": "object", "properties": {"sku": {"type": "string"}}},
        {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]},
        Side.RESPONSE,
        "response: the function may leave out sku, which the caller requires at $.sku",
    ),
    (
        {"type": "object", "properties": {"items": {"type": "array", "items": {"enum": ["A", "B", None]}}}},
        {"type": "object", "properties": {"items": {"type": "array", "items": {"enum": ["A"]}}}},
        Side.REQUEST,
        'request: the caller sends "B" or null, the function accepts "A" at $.items[*]',
    ),
    (
        {"type": "object", "properties": {"note": {}}},
        {"type": "object", "additionalProperties": False},
        Side.REQUEST,
        "request: the caller may send note, which the function refuses at $.note",
    ),
    (
        {"type": "object", "properties": {"a": {}, "b": {}}},
        {"type": "object", "properties": {"a": {}, "b": {}}, "not": {"anyOf": [{"required": ["a", "b"]}]}},
        Side.REQUEST,
        "request: the caller may send a and b together, which the function refuses at $",
    ),
    (
        {"type": "object", "additionalProperties": {"type": "number"}},
        {"type": "object", "additionalProperties": {"type": "string"}},
        Side.RESPONSE,
        "response: the function sends a number, the caller accepts a string at $[*]",
    ),
    (
        {"type": "object", "properties": {"pay": {"oneOf": [_variant("cheque")]}}},
        {"type": "object", "properties": {"pay": {"oneOf": [_variant("card"), _variant("cash")]}}},
        Side.REQUEST,
        'request: the caller sends "cheque", the function accepts "card" or "cash" at $.pay.kind',
    ),
]


@pytest.mark.parametrize(("producer", "consumer", "side", "text"), TEXTS)
def test_texts_say_who_sends_what_and_where(producer: Any, consumer: Any, side: Side, text: str) -> None:
    (finding,) = compare(producer, consumer, side).findings
    assert str(finding) == text
    assert finding.verdict is Verdict.INCOMPATIBLE


UNDECIDED = {
    "a format only the consumer asks for": ({"type": "string"}, {"type": "string", "format": "uuid"}),
    "a condition": (
        {"type": "string", "pattern": "^x"},
        {"type": "string", "if": {"minLength": 2}, "then": {"pattern": "^x"}},
    ),
    "an expression that is not regular": (
        {"type": "string", "pattern": "^(?!a)b*$"},
        {"type": "string", "pattern": "^b*$"},
    ),
    "a reference elsewhere": ({"type": "string"}, {"$ref": "https://a.example/schema"}),
    "a machine's limit": ({"type": "integer"}, {"type": "integer", "maximum": 2**63 - 1}),
    "no schema": (None, {"type": "string"}),
    "nothing described": ({"title": "AnyValue"}, {"type": "string"}),
    "another kind of format": ({"name": "r", "type": "object", "body": []}, {"type": "object"}),
    "no schema at all": ({"type": "string"}, "string"),
}


@pytest.mark.parametrize(("producer", "consumer"), UNDECIDED.values(), ids=UNDECIDED)
def test_what_cannot_be_told_is_unknown(producer: Any, consumer: Any) -> None:
    assert compare(producer, consumer).verdict is Verdict.UNKNOWN


def test_a_producer_sends_the_members_it_names_only() -> None:
    names = {"type": "object", "properties": {"a": {"type": "string"}}}
    closed = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
    assert compare(names, closed).verdict is Verdict.COMPATIBLE
    for free in ({**names, "additionalProperties": True}, {"type": "object"}):
        assert compare(free, closed).verdict is Verdict.INCOMPATIBLE


def test_a_member_with_a_default_is_usually_sent_in_a_response() -> None:
    producer = {"type": "object", "properties": {"a": {"type": "string", "default": ""}}}
    consumer = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    assert compare(producer, consumer, Side.RESPONSE).verdict is Verdict.UNKNOWN
    assert compare(producer, consumer, Side.REQUEST).verdict is Verdict.INCOMPATIBLE


def test_requests_and_responses_are_compared_in_their_own_direction() -> None:
    narrow, wide = {"type": "integer"}, {"type": ["integer", "null"]}
    assert compare_function(Sides(narrow, wide), Sides(wide, narrow)).verdict is Verdict.COMPATIBLE
    back = compare_function(Sides(wide, narrow), Sides(narrow, wide))
    assert [finding.side for finding in back.findings] == [Side.REQUEST, Side.RESPONSE]


def test_definitions_that_stand_too_deep_are_found() -> None:
    line = {"type": "object", "properties": {"sku": {"type": "string"}}}
    misplaced = {"type": "array", "items": {"$ref": "#/$defs/Line", "$defs": {"Line": line}}}
    proper = {"type": "array", "items": {"$ref": "#/$defs/Line"}, "$defs": {"Line": line}}
    assert compare(misplaced, proper).verdict is Verdict.COMPATIBLE
    assert compare(proper, {"type": "array", "items": {"type": "string"}}).verdict is Verdict.INCOMPATIBLE


@st.composite
def changed(draw: st.DrawFn, schema: Any) -> Any:
    """The schema with one keyword somewhere dropped or replaced."""
    places = list(_places(schema))
    path = draw(st.sampled_from(places))
    replacement = draw(
        st.sampled_from(
            (None, 0, 1, 3, True, False, "string", "integer", "^[a-z]+$", ["a"], ["a", "b"], {}, {"type": "null"})
        )
    )
    versions = (_with(schema, path, replacement), _with(schema, path, None), schema)
    return next(version for version in versions if Draft202012Validator(META).is_valid(version))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        if step != "$defs" and inner != {"$ref": "#/$defs/Node"} and step not in ("items", "$ref"):
            yield (*path, step)
        yield from _places(inner, (*path, step)) if step not in ("enum", "const") else ()


def _with(value: Any, path: tuple[Any, ...], replacement: Any) -> Any:
    if not path:
        return replacement
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and (replacement is None and (isinstance(copy, dict) or len(copy) > 1)):
        del copy[path[0]]
    else:
        copy[path[0]] = _with(copy[path[0]], path[1:], {} if replacement is None else replacement)
    return copy
