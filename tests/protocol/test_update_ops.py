"""Update operations: what each does, what it refuses, and that nothing else changes (wire.md 7.3)."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from iii_bridge.protocol.update_ops import UpdateOp, apply_ops

MISSING = UNSET
DEEP: Any = {}
for _ in range(16):
    DEEP = {"x": DEEP}


def apply(value: Any, *ops: dict[str, Any]) -> tuple[Any, list[tuple[int, str]]]:
    decoded = msgspec.convert(list(ops), list[UpdateOp])
    result, errors = apply_ops(copy.deepcopy(value), decoded)
    return result, [(error.op_index, error.code) for error in errors]


@pytest.mark.parametrize(
    ("before", "op", "after"),
    [
        ({"a": 1}, {"type": "set", "path": "a.b", "value": 2}, {"a": 1, "a.b": 2}),
        ({"a": 1}, {"type": "set", "path": "", "value": [1]}, [1]),
        ({"a": 1}, {"type": "set", "path": "a"}, {"a": None}),
        (MISSING, {"type": "set", "path": "a", "value": 1}, {"a": 1}),
        (5, {"type": "set", "path": ""}, None),
        ({"a": 1}, {"type": "merge", "value": {"a": 2, "b": {"c": 1}}}, {"a": 2, "b": {"c": 1}}),
        ({"b": {"d": 1}}, {"type": "merge", "value": {"b": {"c": 1}}}, {"b": {"c": 1}}),
        ({"b": {"d": 1}}, {"type": "merge", "path": "b", "value": {"c": 1}}, {"b": {"d": 1, "c": 1}}),
        ({"b": 7}, {"type": "merge", "path": ["b", "x"], "value": {"c": 1}}, {"b": {"x": {"c": 1}}}),
        ("text", {"type": "merge", "path": ["b"], "value": {"c": 1}}, {"b": {"c": 1}}),
        ("text", {"type": "merge", "value": {"c": 1}}, "text"),
        (None, {"type": "merge", "value": {"c": 1}}, None),
        (MISSING, {"type": "merge", "path": [], "value": {"c": 1}}, {"c": 1}),
        ({"n": 1}, {"type": "increment", "path": "n", "by": 2}, {"n": 3}),
        ({"n": 1.5}, {"type": "increment", "path": "n", "by": 2}, {"n": 3.5}),
        ({}, {"type": "decrement", "path": "n", "by": 2}, {"n": -2}),
        (MISSING, {"type": "increment", "path": "", "by": 2}, 2),
        (3, {"type": "decrement", "path": "", "by": 2}, 1),
        ({"n": 2**63 - 1}, {"type": "increment", "path": "n", "by": 1}, {"n": 2**63}),
        ({"l": [1]}, {"type": "append", "path": "l", "value": [2]}, {"l": [1, [2]]}),
        ({"l": "a"}, {"type": "append", "path": "l", "value": "b"}, {"l": "ab"}),
        ({"l": None}, {"type": "append", "path": "l", "value": 1}, {"l": [1]}),
        ({}, {"type": "append", "path": "l", "value": "b"}, {"l": "b"}),
        ({}, {"type": "append", "path": ["l", "m"], "value": "b"}, {"l": {"m": ["b"]}}),
        (MISSING, {"type": "append", "value": "b"}, "b"),
        (MISSING, {"type": "append", "path": [], "value": 1}, [1]),
        ({"a": 1, "b": 2}, {"type": "remove", "path": "a"}, {"b": 2}),
        ({"a": 1}, {"type": "remove", "path": "z"}, {"a": 1}),
        ({"a": 1}, {"type": "remove", "path": ""}, None),
    ],
)
def test_what_an_operation_does(before: Any, op: dict[str, Any], after: Any) -> None:
    assert apply(before, op) == (after, [])


@pytest.mark.parametrize(
    ("before", "op", "code"),
    [
        ([1], {"type": "set", "path": "a", "value": 1}, "set.target_not_object"),
        (None, {"type": "set", "path": "a", "value": 1}, "set.target_not_object"),
        ({}, {"type": "set", "path": "__proto__", "value": 1}, "set.path.proto_polluted"),
        ({}, {"type": "set", "path": "x" * 257, "value": 1}, "set.path.segment_too_long"),
        ({}, {"type": "merge", "value": [1]}, "merge.value.not_an_object"),
        ({}, {"type": "merge", "value": {str(n): n for n in range(1025)}}, "merge.value.too_many_keys"),
        ({}, {"type": "merge", "value": DEEP}, "merge.value.too_deep"),
        ({}, {"type": "merge", "value": {"a": [{"constructor": 1}]}}, "merge.value.proto_polluted"),
        ({}, {"type": "merge", "path": ["a", ""], "value": {}}, "merge.path.empty_segment"),
        ({}, {"type": "merge", "path": ["a"] * 33, "value": {}}, "merge.path.too_deep"),
        ({"n": {}}, {"type": "increment", "path": "n", "by": 1}, "increment.not_number"),
        ({"n": True}, {"type": "increment", "path": "n", "by": 1}, "increment.not_number"),
        ({"n": None}, {"type": "increment", "path": "n", "by": 1}, "increment.not_number"),
        ({"n": 2**64 - 1}, {"type": "increment", "path": "n", "by": 1}, "increment.not_number"),
        ({"n": -(2**63)}, {"type": "decrement", "path": "n", "by": 1}, "decrement.not_number"),
        ("x", {"type": "decrement", "path": "n", "by": 1}, "decrement.target_not_object"),
        ({"l": 1}, {"type": "append", "path": "l", "value": 1}, "append.type_mismatch"),
        ({"l": "a"}, {"type": "append", "path": "l", "value": 1}, "append.type_mismatch"),
        (7, {"type": "append", "path": "l", "value": 1}, "append.target_not_object"),
        ({"l": 1}, {"type": "append", "path": ["l", "m"], "value": 1}, "append.target_not_object"),
        ([], {"type": "remove", "path": "a"}, "remove.target_not_object"),
    ],
)
def test_what_does_not_fit_changes_nothing(before: Any, op: dict[str, Any], code: str) -> None:
    assert apply(before, op) == (before, [(0, code)])


def test_a_skipped_operation_does_not_stop_the_others() -> None:
    ops = [
        {"type": "increment", "path": "n", "by": 2},
        {"type": "increment", "path": "x", "by": 1},
        {"type": "append", "path": "list", "value": 1},
    ]
    assert apply({"n": 1, "x": {}}, *ops) == ({"n": 3, "x": {}, "list": [1]}, [(1, "increment.not_number")])


def test_nothing_at_all_makes_an_empty_object() -> None:
    assert apply(MISSING) == ({}, [])


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
paths = st.text(max_size=3)
segments = paths | st.lists(st.text(max_size=3), max_size=4)
counting = st.sampled_from(["increment", "decrement"])
operations = st.one_of(
    st.fixed_dictionaries({"type": st.just("set"), "path": paths, "value": json_values}),
    st.fixed_dictionaries({"type": st.just("merge"), "path": segments, "value": json_values}),
    st.fixed_dictionaries({"type": st.just("append"), "path": segments, "value": json_values}),
    st.fixed_dictionaries({"type": counting, "path": paths, "by": st.integers(-9, 9)}),
    st.fixed_dictionaries({"type": st.just("remove"), "path": paths}),
)


@given(st.just(MISSING) | json_values, st.lists(operations, max_size=6))
def test_any_operations_on_any_value(value: Any, ops: list[dict[str, Any]]) -> None:
    """One at a time or all together is the same; a skipped one leaves the value alone; the result is JSON."""
    together, errors = apply(value, *ops)
    current, skipped = value, []
    for index, op in enumerate(ops):
        before = copy.deepcopy(current)
        decoded = msgspec.convert([op], list[UpdateOp])
        current, found = apply_ops(current, decoded)
        if found:
            skipped.append((index, found[0].code))
            assert current == ({} if before is UNSET else before)
    if not any(code for code in errors) and value is not MISSING:
        assert current == together
    if value is not MISSING:
        assert errors == skipped
    assert msgspec.json.decode(msgspec.json.encode(together)) == together
