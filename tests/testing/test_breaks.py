"""Documents that break a contract in a way that has a name."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from iii_bridge.contract.problems import CodecError
from iii_bridge.contract.protojson import codec_for
from iii_bridge.contract.spec import UnknownEnumNames, UnknownMembers
from iii_bridge.testing.breaks import Break, Broken, breaks_of, broken_documents
from iii_bridge.testing.search import examples_of
from tests.testing.test_strategies import message_of

BODY = """
enum E { ZERO = 0; ONE = 1; }
message Inner { int32 small = 1 [(google.api.field_behavior) = REQUIRED]; }
message M {
  string name = 1 [(google.api.field_behavior) = REQUIRED];
  uint64 big = 2;
  E e = 3;
  repeated Inner inner = 4 [(buf.validate.field).repeated = {min_items: 1, max_items: 2}];
  map<string, E> named = 5;
  string code = 6 [(buf.validate.field).string = {max_len: 40, pattern: "^[a-z]*$"}];
  oneof choice { option (buf.validate.oneof).required = true; bool yes = 7; google.protobuf.Timestamp at = 8; }
}
"""
PROBLEMS = {
    Break.MISSING: ("the required member is missing",),
    Break.TYPE: ("expected",),
    Break.RANGE: ("the number is out of range",),
    Break.ENUM: ("the enum has no value", "unknown", "no value of"),
    Break.UNKNOWN: ("unknown",),
}


@pytest.fixture(scope="module")
def message() -> type[Any]:
    return message_of(BODY)


@functools.cache
def broken(message: type[Any], kind: Break) -> list[Broken]:
    codec = codec_for(message, unknown=UnknownMembers.REJECT)
    return examples_of(broken_documents(message, kind, codec=codec), 80, seed=1)


@pytest.mark.parametrize("kind", Break)
def test_each_document_is_refused_for_what_it_says(message: type[Any], kind: Break) -> None:
    codec = codec_for(message, unknown=UnknownMembers.REJECT)
    found = broken(message, kind)
    for one in found:
        with pytest.raises(CodecError) as caught:
            codec.decode(json.dumps(one.document))
        assert (caught.value.path, caught.value.problem) == (one.path, one.problem)
    places = {one.path for one in found}
    assert len(places) > (1 if kind is not Break.UNKNOWN else 0), places


def test_places_are_found_in_lists_maps_and_messages(message: type[Any]) -> None:
    assert {one.path for one in broken(message, Break.MISSING)} >= {"$.name", "$.inner[0].small"}
    assert {one.path for one in broken(message, Break.RANGE)} >= {"$.big", "$.inner[0].small"}
    paths = {one.path for one in broken(message, Break.ENUM)}
    assert "$.e" in paths
    assert any(path.startswith("$.named[") for path in paths)


def test_rules_of_every_kind_are_broken(message: type[Any]) -> None:
    problems = " ".join({one.problem for one in broken(message, Break.RULE)})
    for part in ("at least 1 item", "at most 2 items", "at most 40 characters", "match"):
        assert part in problems


def test_only_what_can_be_broken_is_tried(message: type[Any]) -> None:
    every = breaks_of(message, UnknownMembers.REJECT, UnknownEnumNames.REJECT)
    assert every == tuple(Break)
    assert Break.UNKNOWN not in breaks_of(message, UnknownMembers.IGNORE, UnknownEnumNames.REJECT)
    assert Break.ENUM not in breaks_of(message, UnknownMembers.REJECT, UnknownEnumNames.IGNORE)
    assert breaks_of(message_of("message M {}"), UnknownMembers.IGNORE, UnknownEnumNames.REJECT) == ()
    plain = breaks_of(message_of("message M { string s = 1; }"), UnknownMembers.IGNORE, UnknownEnumNames.REJECT)
    assert plain == (Break.TYPE,)
