"""Hypothesis strategies for the JSON of single values: every scalar and every well-known type, within their rules."""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, cast

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from iii_bridge.contract.plan import INTEGERS, Element, Shape
from iii_bridge.contract.rule_checks import duration_text, timestamp_text
from iii_bridge.contract.rules import (
    BoolRules,
    Bound,
    BytesRules,
    EnumRules,
    MaskRules,
    NumberRules,
    StringRules,
    ValueRules,
)
from iii_bridge.contract.scalars import INTEGER_RANGES
from iii_bridge.testing.texts import binaries, texts
from iii_bridge.types import Json

__all__ = ["any_json", "is_default", "keys_of", "values_of"]

_NANOS: Final = 1_000_000_000
_DAY: Final = 86_400 * _NANOS
_TIMESTAMPS: Final = (-62_135_596_800 * _NANOS, 253_402_300_799 * _NANOS + _NANOS - 1)
_DURATIONS: Final = (-315_576_000_000 * _NANOS, 315_576_000_000 * _NANOS)
_WIDE: Final = frozenset({Shape.INT64, Shape.UINT64})
_FAR: Final = (2**53 + 1, 2**63 - 1, -(2**53) - 1, -(2**63), 2**64 - 1)
_UNKNOWN_NUMBERS: Final = st.integers(-(2**31), 2**31 - 1)

Value = TypeVar("Value")


def values_of(element: Element, rules: ValueRules | None, *, unknown_enum_numbers: bool) -> SearchStrategy[Json]:
    """JSON for a value that is no message of the contract and no Any. Raises KeyError for those."""
    if element.shape is Shape.ENUM:
        return _enums(element, rules if isinstance(rules, EnumRules) else EnumRules(), unknown_enum_numbers)
    return _VALUES[element.shape](element.shape, rules)


def keys_of(shape: Shape, rules: ValueRules | None) -> SearchStrategy[str]:
    """The keys of a map as they stand in JSON."""
    values = values_of(Element(shape), rules, unknown_enum_numbers=False)
    return values.map(lambda value: str(value).lower() if isinstance(value, bool) else str(value))


def is_default(element: Element, value: Json) -> bool:
    """Whether JSON made here stands for the value that a field without presence has when it is unset."""
    if element.shape is Shape.ENUM and element.enum is not None:
        return value == 0 or dict(element.enum.values).get(str(value)) == 0
    if element.shape in (Shape.FLOAT, Shape.DOUBLE):
        return value == 0 and math.copysign(1, cast("float", value)) == 1
    return not value or value == "0"


def any_json() -> SearchStrategy[Json]:
    """Any JSON value that google.protobuf.Value holds: numbers are doubles."""
    return st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    )


# --- numbers ---------------------------------------------------------------------------------------------------------


def _integers(shape: Shape, rules: ValueRules | None) -> SearchStrategy[Json]:
    low, high = INTEGER_RANGES[shape.value]
    found = _within(rules, low, high)
    if shape not in _WIDE:
        return cast("SearchStrategy[Json]", found)
    if rules is None:  # beyond what a double holds lie the faults; plain chance goes there too seldom
        found = st.one_of(found, found, found, st.sampled_from([n for n in _FAR if low <= n <= high]))
    return found.map(str)


def _within(rules: ValueRules | None, low: int, high: int) -> SearchStrategy[int]:
    """Whole numbers of a type's range that keep the rules."""
    if not isinstance(rules, NumberRules):
        return st.integers(low, high)
    if rules.const is not None:
        return st.just(int(rules.const))
    if rules.one_of:
        return _chosen([int(value) for value in rules.one_of], rules.none_of)
    above = low if rules.lower is None else max(low, _inside(rules.lower, 1))
    below = high if rules.upper is None else min(high, _inside(rules.upper, -1))
    spans = [(low, below), (above, high)] if rules.excludes_between else [(above, below)]
    found = st.one_of(*(st.integers(first, last) for first, last in spans if first <= last))
    return _without(found, rules.none_of)


def _inside(bound: Bound, step: int) -> int:
    return int(bound.value) if bound.inclusive else int(bound.value) + step


def _floats(shape: Shape, rules: ValueRules | None) -> SearchStrategy[Json]:
    return _plain_floats(rules, 32 if shape is Shape.FLOAT else 64).map(_float_json)


def _plain_floats(rules: ValueRules | None, width: Any) -> SearchStrategy[float]:
    if not isinstance(rules, NumberRules):
        return st.floats(width=width)
    if rules.const is not None:
        return st.just(float(rules.const))
    if rules.one_of:
        return _chosen([float(value) for value in rules.one_of], rules.none_of)
    ends: list[tuple[Bound | None, Bound | None]] = [(rules.lower, rules.upper)]
    if rules.excludes_between:
        ends = [(None, rules.upper), (rules.lower, None)]
    found = st.one_of(*(_span(lower, upper, width, finite=rules.finite) for lower, upper in ends))
    return _without(found, rules.none_of)


def _span(lower: Bound | None, upper: Bound | None, width: Any, *, finite: bool) -> SearchStrategy[float]:
    bounded = lower is not None or upper is not None
    return st.floats(
        min_value=None if lower is None else float(lower.value),
        max_value=None if upper is None else float(upper.value),
        exclude_min=lower is not None and not lower.inclusive,
        exclude_max=upper is not None and not upper.inclusive,
        allow_nan=False if bounded or finite else None,
        allow_infinity=False if finite or (lower is not None and upper is not None) else None,
        width=width,
    )


def _float_json(value: float) -> Json:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


# --- times -----------------------------------------------------------------------------------------------------------


def _durations(_: Shape, rules: ValueRules | None) -> SearchStrategy[Json]:
    return _within(rules, *_DURATIONS).map(duration_text)


def _timestamps(_: Shape, rules: ValueRules | None) -> SearchStrategy[Json]:
    low, high = _TIMESTAMPS
    if isinstance(rules, NumberRules):
        now = time.time_ns()  # of the moment the strategy is made; a test lasts minutes, not days
        high = now if rules.before_now else high
        low = now + min(_DAY, rules.within or _DAY) // 2 if rules.after_now else low
        if rules.within is not None:
            low, high = max(low, now - rules.within // 2), min(high, now + rules.within // 2)
    return _within(rules, low, high).map(timestamp_text)


# --- everything else -------------------------------------------------------------------------------------------------


def _booleans(_: Shape, rules: ValueRules | None) -> SearchStrategy[Json]:
    const = rules.const if isinstance(rules, BoolRules) else None
    return st.booleans() if const is None else st.just(const)


def _strings(_: Shape, rules: ValueRules | None) -> SearchStrategy[Json]:
    return texts(rules if isinstance(rules, StringRules) else None)


def _bytes(_: Shape, rules: ValueRules | None) -> SearchStrategy[Json]:
    found = binaries(rules if isinstance(rules, BytesRules) else None)
    return found.map(lambda data: base64.b64encode(data).decode())


def _enums(element: Element, rules: EnumRules, unknown: bool) -> SearchStrategy[Json]:
    """Names, and now and then a number the contract does not name, where that is allowed."""
    if element.enum is None:
        raise TypeError("an enum field without an enum; generate the module again")
    names = {number: name for name, number in reversed(element.enum.values)}
    if rules.const is not None:
        return st.just(names.get(rules.const, rules.const))
    if rules.one_of:
        return st.sampled_from([names.get(number, number) for number in rules.one_of])
    named = st.sampled_from([name for number, name in names.items() if number not in rules.none_of])
    if not unknown or element.enum.closed or rules.defined_only:
        return cast("SearchStrategy[Json]", named)
    others = _UNKNOWN_NUMBERS.filter(lambda number: number not in names and number not in rules.none_of)
    return st.one_of(named, named, named, others)


def _masks(_: Shape, rules: ValueRules | None) -> SearchStrategy[Json]:
    paths = st.from_regex(r"[a-z]{1,6}([A-Z][a-z]{1,4})?(\.[a-z]{1,6})?", fullmatch=True)
    if isinstance(rules, MaskRules):
        if rules.const is not None:
            return st.just(",".join(map(_camel, rules.const)))
        if rules.one_of:
            paths = st.sampled_from([_camel(path) for path in rules.one_of])
    return st.lists(paths, max_size=3, unique=True).map(",".join)


def _camel(path: str) -> str:
    head, *rest = path.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def _trees(shape: Shape, _: ValueRules | None) -> SearchStrategy[Json]:
    if shape is Shape.VALUE:
        return any_json()
    inner = any_json()
    objects: SearchStrategy[Any] = st.dictionaries(st.text(max_size=8), inner, max_size=3)
    return objects if shape is Shape.STRUCT else cast("SearchStrategy[Json]", st.lists(inner, max_size=3))


def _nulls(_: Shape, __: ValueRules | None) -> SearchStrategy[Json]:
    return st.none()


def _chosen(values: list[Value], none_of: Sequence[object]) -> SearchStrategy[Value]:
    return st.sampled_from([value for value in values if value not in none_of] or values)


def _without(found: SearchStrategy[Value], none_of: Sequence[object]) -> SearchStrategy[Value]:
    return found.filter(lambda value: value not in none_of) if none_of else found


_VALUES: Final[dict[Shape, Callable[[Shape, ValueRules | None], SearchStrategy[Json]]]] = {
    **dict.fromkeys(INTEGERS, _integers),
    Shape.FLOAT: _floats,
    Shape.DOUBLE: _floats,
    Shape.BOOL: _booleans,
    Shape.STRING: _strings,
    Shape.BYTES: _bytes,
    Shape.NULL: _nulls,
    Shape.TIMESTAMP: _timestamps,
    Shape.DURATION: _durations,
    Shape.MASK: _masks,
    Shape.STRUCT: _trees,
    Shape.VALUE: _trees,
    Shape.LIST: _trees,
}
