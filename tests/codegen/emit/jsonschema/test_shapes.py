"""Schemas say what is printed, and what is accepted: held against the codec and against wrong values."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from iii_bridge.contract.protojson import codec_for
from iii_bridge.contract.spec import Defaults, Enums, Int64, JsonProfile, Names, UnknownEnumNames, UnknownMembers
from iii_codegen.emit.jsonschema.dialects import DIALECTS, document
from iii_codegen.emit.jsonschema.shapes import Shapes, View
from tests.codegen.emit.jsonschema.samples import VALIDATORS, package, random_messages, schema, validator
from tests.codegen.support import shop, tree_of

PROFILES = [
    JsonProfile(names, int64, enums, defaults)
    for names, int64, enums, defaults in itertools.product(Names, Int64, Enums, Defaults)
]


@pytest.mark.parametrize("dialect", ["2020-12", "draft-07"])
@pytest.mark.parametrize("profile", PROFILES[::3], ids=str)
def test_every_canonical_encoding_is_valid(dialect: str, profile: JsonProfile) -> None:
    codec = codec_for(package().All, profile)
    strict = {"profile": profile, "unknown": UnknownMembers.REJECT}
    validators = [validator("All", dialect, response=response, **strict) for response in (False, True)]
    validators.append(validator("All", dialect, profile=profile, wide=True))
    for message in [package().All(), *random_messages(40, seed=PROFILES.index(profile))]:
        encoded = json.loads(codec.encode(message))
        for checker in validators:
            assert [f"{error.json_path}: {error.message[:200]}" for error in checker.iter_errors(encoded)] == []


WRONG: list[tuple[str, Any]] = [
    ("aDouble", "1.5"), ("aDouble", True), ("aFloat", 1e39), ("anInt32", 2**31), ("anInt32", "5"), ("anInt32", 1.5),
    ("anInt64", 5), ("anInt64", "9223372036854775808"), ("anInt64", "-9223372036854775809"), ("anInt64", "05"),
    ("anInt64", "+5"), ("anInt64", "-0"), ("anInt64", ""), ("anInt64", "1e3"), ("anInt64", "5 "),
    ("aUint32", -1), ("aUint64", "-1"), ("aUint64", "18446744073709551616"), ("aBool", "true"), ("aBool", 1),
    ("aString", 5), ("aString", None), ("aBytes", "a"), ("aBytes", "_-8="), ("aBytes", "YQ"), ("aColor", "PURPLE"),
    ("aColor", 1), ("aNode", []), ("aNode", {"number": "1"}), ("aNode", {"child": {"child": {"number": 1.5}}}),
    ("doubles", 1.5), ("doubles", ["x"]), ("doubles", [None]), ("longs", [1]), ("nodes", [5]), ("times", ["now"]),
    ("byString", {"a": 1}), ("byString", []), ("byInt", {"x": "1"}), ("byInt", {"2147483648": "1"}),
    ("byBool", {"yes": "YQ=="}), ("bySigned", {"1": "1"}), ("byLong", {"-1": "RED"}), ("maybeLong", 5),
    ("time", "2026-01-01"), ("time", "0000-01-01T00:00:00Z"), ("time", "2026-13-01T00:00:00Z"),
    ("time", "2026-01-01T00:00:00+01:00"), ("time", "2026-01-01T00:00:00.1Z"), ("time", "2026-01-01t00:00:00z"),
    ("span", "1"), ("span", "1.s"), ("span", "315576000001s"), ("span", "315576000001.1s"), ("span", "1.1234567890s"),
    ("span", "P1D"), ("mask", "a_b"), ("mask", "a,"), ("mask", {"paths": []}), ("object", []), ("object", "x"),
    ("list", {}), ("null", 0), ("null", "NULL_VALUE"), ("boxInt", {"value": 1}), ("boxLong", 5), ("boxText", 5),
    ("boxes", ["x"]), ("nothing", []), ("other-name", 5), ("time", "2023-02-29T00:00:00Z"), ("any", {"x": 1}),
    ("any", {"@type": "shop.v1.Node"}), ("any", {"@type": 5}), ("any", []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{name}-{index}" for index, (name, _) in enumerate(WRONG)])
def test_wrong_values_are_refused(name: str, value: Any) -> None:
    for dialect in ("2020-12", "draft-07"):
        checker = validator("All", dialect)
        assert checker.is_valid({})
        assert not checker.is_valid({name: value})


RIGHT: list[tuple[str, Any]] = [
    ("anInt64", "9223372036854775807"), ("anInt64", "-9223372036854775808"), ("anInt64", "0"), ("anInt64", "-1"),
    ("aUint64", "18446744073709551615"), ("anInt32", -(2**31)), ("aDouble", "NaN"), ("aDouble", "-Infinity"),
    ("aFloat", 3.4028235e38), ("aBytes", ""), ("aBytes", "+/8="), ("time", "0001-01-01T00:00:00Z"),
    ("time", "9999-12-31T23:59:59.999999999Z"), ("span", "-315576000000.999999999s"), ("span", "0.5s"),
    ("mask", ""), ("mask", "a,bC.d"), ("value", None), ("value", {"x": [1]}), ("null", None), ("nothing", {}),
    ("byInt", {"-2147483648": "1"}), ("unknownMember", 1), ("any", {}), ("time", "2024-02-29T00:00:00Z"),
    ("any", {"@type": "a/shop.v1.Node", "number": 5}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), RIGHT, ids=[f"{name}-{index}" for index, (name, _) in enumerate(RIGHT)])
def test_values_on_the_edge_are_accepted(name: str, value: Any) -> None:
    for dialect in ("2020-12", "draft-07"):
        assert validator("All", dialect).is_valid({name: value})


WIDE: list[tuple[str, Any]] = [
    ("an_int64", 5), ("anInt64", 5), ("anInt64", "5"), ("anInt64", "5e0"), ("anInt32", "5"), ("anInt32", 1.0),
    ("aDouble", "1.5e3"), ("aBytes", "_-8"), ("aColor", 1), ("aColor", 99), ("aColor", "RED"), ("a_string", None),
    ("aNode", None), ("doubles", None), ("byInt", None), ("time", "2026-01-01T00:00:00.5+01:00"), ("boxInt", None),
    ("boxInt", "5"), ("other-name", "x"), ("renamed", "x"), ("value", None), ("null", "NULL_VALUE"), ("null", 0),
    ("values", None), ("values", [None]), ("any", None), ("span", "007s"), ("aUint32", "-0"), ("anInt32", "1e2"),
    ("anInt64", "9223372036854775807.0"), ("byInt", {"1e2": "1"}), ("aFloat", 3.4028235677973362e38),
    ("object", {"a": None}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WIDE, ids=[f"{name}-{index}" for index, (name, _) in enumerate(WIDE)])
def test_the_wide_profile_accepts_what_a_conforming_parser_does(name: str, value: Any) -> None:
    for dialect in ("2020-12", "draft-07"):
        assert validator("All", dialect, wide=True).is_valid({name: value})
    package_codec = codec_for(package().All)
    package_codec.decode(json.dumps({name: value}))


@pytest.mark.parametrize(
    "document",
    [
        {"an_int64": "1", "anInt64": "1"},
        {"renamed": "x", "other-name": "x"},
        {"left": "a", "right": 1},
        {"yes": True, "no": True},
        {"aColor": "PURPLE"},
        {"doubles": [None]},
        {"aBytes": "a"},
        {"anInt32": "five"},
        {"aUint32": "-1e0"},
        {"aFloat": 3.4028235677973366e38},
        {"aDouble": 1e400},
        {"value": {"a": [1e400]}},
        {"anInt64": "9223372036854775808"},
        {"span": "0000000000001s"},
        {"nulls": None, "nullA": None, "nullB": None},
    ],
)
def test_the_wide_profile_refuses_what_no_parser_takes(document: Any) -> None:
    for dialect in ("2020-12", "draft-07"):
        assert not validator("All", dialect, wide=True).is_valid(document)


def test_members_of_a_oneof_exclude_each_other() -> None:
    for dialect in ("2020-12", "draft-07"):
        checker = validator("All", dialect)
        assert checker.is_valid({"left": "a", "yes": True})
        for pair in itertools.combinations({"left": "a", "middle": {}, "right": "1"}.items(), 2):
            assert not checker.is_valid(dict(pair))


def test_null_sets_no_member_of_a_oneof_unless_it_is_a_value() -> None:
    codec = codec_for(package().All)
    for dialect in ("2020-12", "draft-07"):
        checker = validator("All", dialect, wide=True)
        for value, fine in [
            ({"left": None, "right": 1, "middle": None}, True),
            ({"left": None, "nullA": None}, True),
            ({"nullA": None, "nullB": None}, False),
            ({"left": "a", "right": "1"}, False),
        ]:
            assert checker.is_valid(value) is fine
            if fine:
                codec.decode(json.dumps(value))


def test_closed_enums_have_no_other_numbers() -> None:
    tree = tree_of({"shop/v1/shop.proto": CLOSED})
    for wide, enums in itertools.product((False, True), Enums):
        shapes = Shapes(tree, View(JsonProfile(enums=enums), response=False, wide=wide))
        checker = VALIDATORS["2020-12"](document(shapes, "shop.v1.R", DIALECTS["2020-12"]))
        found = [checker.is_valid({"e": value}) for value in ("A", 3, 4, "4")]
        assert found == (
            [True, True, False, False] if wide else [enums is Enums.NAME, enums is Enums.NUMBER, False, False]
        )


def test_enum_names_nobody_knows_are_accepted_where_they_are_ignored() -> None:
    tree = tree_of(NAMES)
    view = View(JsonProfile(), response=False, wide=True, unknown_enum_names=UnknownEnumNames.IGNORE)
    checker = VALIDATORS["2020-12"](document(Shapes(tree, view), "shop.v1.R", DIALECTS["2020-12"]))
    for value in ({"one": "X"}, {"many": ["A", "X"]}, {"named": {"a": "X"}}, {"all": ["X"]}):
        assert checker.is_valid({"needed": "A", "all": [], **value})
    assert not checker.is_valid({"needed": "X", "all": []})
    assert not checker.is_valid({"needed": "A", "all": [True]})


NAMES = shop(
    """
    enum E { A = 0; B = 1; }
    message R {
      E one = 1; repeated E many = 2; map<string, E> named = 3;
      E needed = 4 [(google.api.field_behavior) = REQUIRED];
      repeated E all = 5 [(google.api.field_behavior) = REQUIRED];
    }
    """
)
CLOSED = 'syntax = "proto2"; package shop.v1; enum E { A = 3; B = 5; } message R { optional E e = 1; }'


def test_required_in_requests_and_responses() -> None:
    request, response = schema("Required")["required"], schema("Required", response=True)["required"]
    assert request == ["text", "otherText", "node", "number"]
    assert response == ["text", "otherText", "node", "number", "free", "tags"]
    omitting = JsonProfile(defaults=Defaults.OMIT)
    assert schema("Required", profile=omitting, response=True)["required"] == request
    assert schema("Required")["properties"]["free"]["readOnly"] is True


def test_required_with_two_spellings() -> None:
    checker = validator("Required", wide=True)
    for spelling in ("otherText", "other_text"):
        assert checker.is_valid({"text": "", spelling: "", "node": {}, "number": 1})
        assert not checker.is_valid({"text": "", spelling: None, "node": {}, "number": 1})
        assert not checker.is_valid({spelling: "", "node": {}, "number": 1})
    assert not checker.is_valid({"text": "", "node": {}, "number": 1})
    assert not checker.is_valid({"text": "", "otherText": "", "other_text": "", "node": {}, "number": 1})


def test_unknown_members_are_refused_when_the_contract_says_so() -> None:
    assert validator("Node").is_valid({"x": 1})
    strict = validator("Node", unknown=UnknownMembers.REJECT)
    assert not strict.is_valid({"x": 1})
    assert not strict.is_valid({"child": {"x": 1}})
    assert strict.is_valid({"child": {"number": 1}})


def test_names_follow_the_profile() -> None:
    names = schema("All", profile=JsonProfile(names=Names.PROTO))["properties"]
    assert "an_int64" in names
    assert "anInt64" not in names
    assert "renamed" in names
