"""Messages made of contracts: legal ones only, in both libraries, and everything a contract allows among them."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.errors import NoSuchExample, Unsatisfiable
from hypothesis.strategies import SearchStrategy

from iii_bridge.contract.problems import CodecError
from iii_bridge.contract.protojson import codec_for
from iii_bridge.contract.spec import UnknownMembers
from iii_bridge.errors import UnsupportedError
from iii_bridge.testing.documents import Documents
from iii_bridge.testing.strategies import strategy_for
from tests.contract_layer.contracts import everything, rules
from tests.contract_layer.dynamic import compile_proto
from tests.contract_layer.random_contracts import Author

QUIET = settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
_numbers = itertools.count()

HEAD = """
syntax = "proto3";
import "buf/validate/validate.proto"; import "google/api/field_behavior.proto"; import "google/protobuf/any.proto";
import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto";
"""


def message_of(body: str) -> type[Any]:
    """The message M of a contract, as a class made at run time."""
    package = f"kit{next(_numbers)}"
    made = compile_proto(f"{HEAD} package {package}; {body}".replace("PKG", package), f"{package}.proto")
    return made.google(f"{package}.M")


def seen(strategy: SearchStrategy[Any], count: int = 200, *, derandomize: bool = True) -> list[Any]:
    found: list[Any] = []

    @settings(QUIET, max_examples=count, derandomize=derandomize)
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


def possible(strategy: SearchStrategy[Any], wanted: Callable[[Any], bool]) -> bool:
    """Is there such a value? Looked for as long as it takes, so that no luck is needed."""
    settled = settings(QUIET, max_examples=20_000, phases=[Phase.generate])
    try:
        find(strategy, wanted, settings=settled)
    except NoSuchExample:
        return False
    return True


@pytest.mark.parametrize("seed", range(100, 104))
def test_every_document_of_a_random_contract_is_legal(seed: int) -> None:
    """Without rules nothing has to be filtered: each document decodes, and prints as one that decodes again."""
    text, names = Author(seed, beyond=True).write()
    made = compile_proto(text, f"kit_random{seed}.proto")
    for name in names:
        for cls in (made.google(name), *([] if seed % 4 == 3 else [made.cls(name)])):  # proto2 in google's only
            codec = codec_for(cls, unknown=UnknownMembers.REJECT)
            for document in seen(Documents(cls, depth=3, unknown_enum_numbers=True).root(), 20):
                printed = codec.encode(codec.decode(json.dumps(document)))
                assert json.loads(codec.encode(codec.decode(printed))) == json.loads(printed)  # maps have no order


def test_every_field_kind_is_filled_and_left_out() -> None:
    """Of the contract that has one of each: every member is seen present and absent."""
    cls = everything().google("every.v1.Everything")
    names = {field.json_name for field in cls.DESCRIPTOR.fields}
    present: Counter[str] = Counter()
    made = 0
    for _ in range(20):  # some stand in a oneof of many, and in few documents
        documents = seen(Documents(cls, depth=1, unknown_enum_numbers=True).root(), 100, derandomize=False)
        made += len(documents)
        for document in documents:
            present.update(list(document))
        if set(present) >= names:
            break
    assert {name for name in names if not present[name]} == set()
    assert all(count < made for count in present.values())


def test_the_rules_of_a_contract_hold_in_every_message() -> None:
    made = rules()
    names = list(made.google("rules.v1.Request").DESCRIPTOR.file.message_types_by_name)
    tried = 0
    for name in names:
        cls = made.google(f"rules.v1.{name}")
        codec = codec_for(cls)
        try:
            messages = seen(strategy_for(cls), 15)
        except Unsatisfiable as error:
            raise AssertionError(f"no message of {name}: {error}") from error
        for message in messages:
            codec.decode(codec.encode(message))
            tried += 1
    assert tried > 5 * len(names)


@pytest.mark.parametrize(
    "field",
    [
        "string a = 1 [(buf.validate.field).string = {min_len: 3, max_len: 5, prefix: 'x'}]",
        "string a = 1 [(buf.validate.field).string.pattern = '^[a-f]{4,6}$']",
        "string a = 1 [(buf.validate.field).string.email = true]",
        "string a = 1 [(buf.validate.field).string.ip_prefix = true]",
        "bytes a = 1 [(buf.validate.field).bytes = {len: 20, suffix: 'z'}]",
        "int64 a = 1 [(buf.validate.field).int64 = {gt: 9007199254740992, lt: 9007199254740999}]",
        "int32 a = 1 [(buf.validate.field).int32 = {lt: -5, gt: 5}]",
        "float a = 1 [(buf.validate.field).float = {gte: 0.5, lt: 0.75}]",
        "double a = 1 [(buf.validate.field).double = {finite: true}]",
        "repeated int32 a = 1 [(buf.validate.field).repeated = {min_items: 5, unique: true}]",
        "map<string, int32> a = 1 [(buf.validate.field).map = {min_pairs: 4, keys: {string: {min_len: 2}}}]",
        "google.protobuf.Duration a = 1 [(buf.validate.field).duration = {gt: {seconds: 5}, lt: {seconds: 6}}]",
        "google.protobuf.Timestamp a = 1 [(buf.validate.field).timestamp.lt_now = true]",
        "google.protobuf.Timestamp a = 1 [(buf.validate.field).timestamp = {gt_now: true, within: {seconds: 3600}}]",
        "E a = 1 [(buf.validate.field).enum = {defined_only: true, not_in: [0]}]",
        "string a = 1 [(buf.validate.field).required = true]",
        "repeated M a = 1 [(buf.validate.field).repeated.max_items = 1]; int32 b = 2 [(buf.validate.field).int32.gt = 3]",  # noqa: E501
        "oneof x { option (buf.validate.oneof).required = true; M a = 1; int32 b = 2; }",
        "int32 a = 1; string b = 2; option (buf.validate.message).oneof = {fields: ['a', 'b'], required: true}",
        "google.protobuf.Any a = 1 [(buf.validate.field).any.in = 'type.googleapis.com/PKG.M']",
    ],
)
def test_rules_are_kept_by_construction(field: str) -> None:
    """At least four of five documents are legal before anything is filtered."""
    end = "" if field.startswith("oneof") else ";"
    cls = message_of(f"enum E {{ ZERO = 0; ONE = 1; }} message M {{ {field}{end} }}")
    codec = codec_for(cls)
    documents = seen(Documents(cls, depth=3, unknown_enum_numbers=True).root(), 50)
    legal = [document for document in documents if fits(codec, document)]
    assert len(legal) >= 0.8 * len(documents)
    assert seen(strategy_for(cls), 20)


def fits(codec: Any, document: Any) -> bool:
    try:
        codec.decode(json.dumps(document))
    except CodecError:
        return False
    return True


def test_required_members_are_always_there() -> None:
    body = """message M { string a = 1 [(google.api.field_behavior) = REQUIRED]; M b = 2;
      oneof x { int32 c = 3 [(google.api.field_behavior) = REQUIRED]; int32 d = 4; } }"""
    for document in seen(Documents(message_of(body), depth=3, unknown_enum_numbers=True).root()):
        level = document
        while level is not None:
            assert {"a", "c"} <= set(level)
            level = level.get("b")


def test_depth_is_bounded_where_messages_hold_themselves() -> None:
    cls = message_of(
        "message M { M one = 1; repeated M many = 2; map<string, M> named = 3; google.protobuf.Any any = 4; }"
    )

    def height(value: Any) -> int:
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return max((height(part) for part in parts), default=0) + isinstance(value, dict)

    for depth in (0, 1, 3):
        documents = seen(Documents(cls, depth=depth, unknown_enum_numbers=True).root(), 60)
        assert max(map(height, documents)) <= 2 * (depth + 2)
    assert set(map(len, seen(Documents(cls, depth=0, unknown_enum_numbers=True).root(), 60))) <= {0, 1, 2}


def test_a_message_that_must_hold_itself_is_refused() -> None:
    cls = message_of("message M { M one = 1 [(google.api.field_behavior) = REQUIRED]; }")
    with pytest.raises(UnsupportedError, match="must hold itself without end"):
        strategy_for(cls)


def test_enum_numbers_without_a_name_are_a_matter_of_choice() -> None:
    cls = message_of("enum E { ZERO = 0; ONE = 1; } message M { E e = 1; }")
    assert possible(strategy_for(cls), lambda message: message.e not in (0, 1))
    named = strategy_for(cls, unknown_enum_numbers=False)
    assert {message.e for message in seen(named)} <= {0, 1}
    assert possible(named, lambda message: message.e == 1)


def test_values_reach_the_ends_of_their_ranges() -> None:
    strategy = strategy_for(message_of("message M { uint64 u = 1; double d = 2; string s = 3; }"))
    assert possible(strategy, lambda message: message.u > 2**63)
    assert possible(strategy, lambda message: math.isnan(message.d))
    assert possible(strategy, lambda message: not message.s.isascii())


def test_messages_of_well_known_types_can_be_roots() -> None:
    from iii_bridge.contract.well_known import Empty, Struct, Timestamp

    for cls in (Empty, Struct, Timestamp):
        assert all(isinstance(message, cls) for message in seen(strategy_for(cls), 10))
