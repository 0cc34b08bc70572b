"""What rules ask of values: conditions in Python, each with the sentence for a value that breaks it.

The compiled checks (`compile_rules`) put the conditions into functions; the
exact ones (`slow_rules`) evaluate them one by one to say which is broken, and
where. So there is one place where rules get their meaning: here.

In a condition `v` is the value as protobuf sees it (`prepared` gives it) and
`t` is now, in nanoseconds since 1970. It is true when the value breaks the
rule.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from iii_bridge.contract.backend import MessageBackend
from iii_bridge.contract.fast_values import is_negative_zero
from iii_bridge.contract.formats import FORMATS, PHRASES
from iii_bridge.contract.nanoseconds import nanoseconds_beyond
from iii_bridge.contract.plan import Element, FieldPlan, Shape
from iii_bridge.contract.re2_match import matcher
from iii_bridge.contract.rules import (
    AnyRules,
    BoolRules,
    BytesRules,
    EnumRules,
    MaskRules,
    NumberRules,
    Size,
    StringRules,
    ValueRules,
)
from iii_bridge.contract.scalars import round_to_float

__all__ = [
    "Check",
    "Constants",
    "checks_of",
    "duration_text",
    "is_set",
    "is_something",
    "prepared",
    "size_checks",
    "timestamp_text",
    "unique_check",
]

_SHOWN_VALUES: Final = 8
_SHOWN_CHARS: Final = 64
_NANOS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One condition that is true for values which break a rule."""

    condition: str
    rule: str
    """The rule's name in the standard: `string.max_len`."""
    problem: str
    """What is wrong, with what the contract asks for and without the value."""


@dataclass(slots=True)
class Constants:
    """What the conditions refer to by name."""

    backend: MessageBackend
    names: dict[str, Any] = field(default_factory=lambda: dict[str, Any]())
    _functions: dict[str, Callable[[Any, int], Any]] = field(default_factory=lambda: dict[str, Any]())

    def __post_init__(self) -> None:
        self.names |= {"float32": round_to_float, "nanoseconds": nanoseconds, "bytes_of": self.backend.serialize}
        self.names |= {"is_unique": _is_unique, "is_negative_zero": is_negative_zero}
        self.names |= {f"is_{name}": check for name, check in FORMATS.items()}

    def function(self, condition: str) -> Callable[[Any, int], Any]:
        """A condition as a function of the value and now."""
        found = self._functions.get(condition)
        if found is None:
            found = eval(f"lambda v, t: {condition}", self.names)  # noqa: S307 -- our own text, of checked constants
            self._functions[condition] = found
        return found

    def add(self, value: Any) -> str:
        """The name of a value."""
        name = f"K{len(self.names)}"
        self.names[name] = value
        return name


def prepared(element: Element, name: str) -> str:
    """The expression for a value as protobuf sees it: floats in 32 bits, times in nanoseconds, paths of a mask."""
    return _PREPARED.get(element.shape, "{}").format(name)


def is_set(field: FieldPlan, name: str) -> str:
    """The condition under which a field is set: to anything where unset can be told, else to more than the default."""
    if field.schema.presence:
        return f"{name} is not None"
    if field.is_plain and field.element.shape in (Shape.FLOAT, Shape.DOUBLE):
        return f"bool({name}) or is_negative_zero({name})"
    return f"bool({name})"


def is_something(element: Element, name: str) -> str:
    """The condition under which a value inside a list or a map is neither zero nor empty."""
    if element.shape in (Shape.TIMESTAMP, Shape.DURATION):
        return f"nanoseconds({name})"
    return f"bytes_of({name})" if element.is_message else name


_PREPARED: Final = {
    Shape.FLOAT: "float32({})",
    Shape.TIMESTAMP: "nanoseconds({})",
    Shape.DURATION: "nanoseconds({})",
    Shape.MASK: "{}.paths",
    Shape.ANY: "{}.type_url",
}

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND: Final = datetime.timedelta(microseconds=1)


def nanoseconds(value: Any) -> int:
    """A Duration, or a Timestamp since 1970, whatever class it has."""
    if isinstance(value, datetime.timedelta):
        return value // _MICROSECOND * 1000 + nanoseconds_beyond(value)
    if isinstance(value, datetime.datetime):
        return (value - _EPOCH) // _MICROSECOND * 1000 + nanoseconds_beyond(value)
    return int(value.seconds * _NANOS + value.nanos)


def _is_unique(values: Iterable[float]) -> bool:
    """NaN equals nothing, not even itself, so any number of them may stand in a list."""
    numbers = [value for value in values if value == value]
    return len(set(numbers)) == len(numbers)


def checks_of(rules: ValueRules, kind: str, element: Element, constants: Constants) -> list[Check]:
    """The checks of one value. `kind` is the one the rules are written for. Raises PatternError."""
    return list(_Writer(kind, element, constants).value(rules))


def size_checks(size: Size, kind: str, low: str, high: str, noun: str) -> Iterator[Check]:
    """How many items or pairs there are."""
    if size.least:
        yield Check(f"len(v) < {size.least}", f"{kind}.{low}", f"must have at least {_counted(size.least, noun)}")
    if size.most is not None:
        yield Check(f"len(v) > {size.most}", f"{kind}.{high}", f"must have at most {_counted(size.most, noun)}")


def unique_check(element: Element) -> Check:
    """That no item of a list occurs twice."""
    condition = "len(set(v)) != len(v)"
    if element.shape in (Shape.FLOAT, Shape.DOUBLE):
        condition = f"not is_unique([{prepared(element, 'x')} for x in v])"
    return Check(condition, "repeated.unique", "must not hold an item twice")


class _Writer:
    """Writes the checks of one kind of value."""

    def __init__(self, kind: str, element: Element, constants: Constants) -> None:
        self._kind = kind
        self._element = element
        self._constants = constants

    def value(self, rules: ValueRules) -> Iterator[Check]:
        match rules:
            case NumberRules():
                yield from self._number(rules)
            case StringRules():
                yield from self._string(rules)
            case BytesRules():
                yield from self._bytes(rules)
            case EnumRules():
                yield from self._enum(rules)
            case BoolRules(const=bool(const)):
                yield self._check("const", f"v is not {const}", f"must be {str(const).lower()}")
            case AnyRules():
                yield from self._choice(rules.one_of, rules.none_of)
            case MaskRules():
                yield from self._mask(rules)
            case _:
                return

    def _check(self, rule: str, condition: str, problem: str) -> Check:
        return Check(condition, f"{self._kind}.{rule}", problem)

    def _choice(self, one_of: Sequence[Any], none_of: Sequence[Any]) -> Iterator[Check]:
        if one_of:
            name = self._constants.add(frozenset(one_of))
            yield self._check("in", f"v not in {name}", f"must be one of {self._shown_values(one_of)}")
        if none_of:
            name = self._constants.add(frozenset(none_of))
            yield self._check("not_in", f"v in {name}", f"must not be one of {self._shown_values(none_of)}")

    # --- numbers and times -------------------------------------------------------------------------------------------

    def _number(self, rules: NumberRules) -> Iterator[Check]:
        if rules.const is not None:
            yield self._check("const", f"v != {self._literal(rules.const)}", f"must be {self._shown(rules.const)}")
        yield from self._range(rules)
        yield from self._choice(rules.one_of, rules.none_of)
        if rules.finite:
            yield self._check("finite", "v - v != 0", "must be finite")
        if rules.before_now:
            yield self._check("lt_now", "v > t", "must be in the past")
        if rules.after_now:
            yield self._check("gt_now", "v < t", "must be in the future")
        if rules.within is not None:
            problem = f"must be within {duration_text(rules.within)} of now"
            yield self._check("within", f"not t - {rules.within} <= v <= t + {rules.within}", problem)

    def _range(self, rules: NumberRules) -> Iterator[Check]:
        """As `not (…)`, which NaN breaks, as it should."""
        found: list[tuple[str, str, str]] = []
        for bound, signs, words in (
            (rules.lower, (("gt", ">"), ("gte", ">=")), ("greater than", "at least")),
            (rules.upper, (("lt", "<"), ("lte", "<=")), ("less than", "at most")),
        ):
            if bound is not None:
                rule, sign = signs[bound.inclusive]
                found.append(
                    (
                        rule,
                        f"v {sign} {self._literal(bound.value)}",
                        f"{words[bound.inclusive]} {self._shown(bound.value)}",
                    )
                )
        if rules.excludes_between:
            (low, above, least), (high, below, most) = found
            yield self._check(f"{low}_{high}_exclusive", f"not ({above} or {below})", f"must be {least} or {most}")
            return
        for rule, condition, words_ in found:
            yield self._check(rule, f"not {condition}", f"must be {words_}")

    def _literal(self, value: float) -> str:
        return str(value) if value.__class__ is int else self._constants.add(value)

    # --- strings and bytes -------------------------------------------------------------------------------------------

    def _string(self, rules: StringRules) -> Iterator[Check]:
        if rules.const is not None:
            yield self._check("const", f"v != {rules.const!r}", f"must be {_quoted(rules.const)}")
        yield from self._length(rules.length, "v", "len", "character")
        yield from self._length(rules.bytes_length, "v.encode()", "bytes", "byte", suffix=" in UTF-8")
        if rules.pattern is not None:
            matches = self._constants.add(matcher(rules.pattern))
            yield self._check("pattern", f"not {matches}(v)", f"must match the pattern {_cut(rules.pattern)}")
        yield from self._parts(rules)
        if rules.format:
            rule = "well_known_regex" if rules.format.startswith("header") else rules.format
            yield self._check(rule, f"not is_{rules.format}(v)", f"must be {PHRASES[rules.format]}")

    def _bytes(self, rules: BytesRules) -> Iterator[Check]:
        if rules.const is not None:
            yield self._check("const", f"v != {rules.const!r}", "must be the bytes of its contract")
        yield from self._length(rules.length, "v", "len", "byte")
        if rules.pattern is not None:
            match = self._constants.add(_bytes_matcher(rules.pattern))
            yield self._check("pattern", f"not {match}(v)", f"must match the pattern {_cut(rules.pattern)}")
        yield from self._parts(rules)
        if rules.format:
            sizes = {"ip": "(4, 16)", "ipv4": "(4,)", "ipv6": "(16,)", "uuid": "(16,)"}[rules.format]
            yield self._check(rules.format, f"len(v) not in {sizes}", f"must be {PHRASES[rules.format]} in bytes")

    def _length(self, size: Size, of: str, rule: str, noun: str, suffix: str = "") -> Iterator[Check]:
        if size.least is not None and size.least == size.most:
            name = "len" if rule == "len" else "len_bytes"
            problem = f"must have exactly {_counted(size.least, noun)}{suffix}"
            yield self._check(name, f"len({of}) != {size.least}", problem)
            return
        if size.least:
            problem = f"must have at least {_counted(size.least, noun)}{suffix}"
            yield self._check(f"min_{rule}", f"len({of}) < {size.least}", problem)
        if size.most is not None:
            problem = f"must have at most {_counted(size.most, noun)}{suffix}"
            yield self._check(f"max_{rule}", f"len({of}) > {size.most}", problem)

    def _parts(self, rules: StringRules | BytesRules) -> Iterator[Check]:
        if rules.prefix:
            yield self._check(
                "prefix", f"not v.startswith({rules.prefix!r})", f"must begin with {_quoted(rules.prefix)}"
            )
        if rules.suffix:
            yield self._check("suffix", f"not v.endswith({rules.suffix!r})", f"must end with {_quoted(rules.suffix)}")
        if rules.contains:
            yield self._check("contains", f"{rules.contains!r} not in v", f"must contain {_quoted(rules.contains)}")
        if isinstance(rules, StringRules) and rules.not_contains:
            problem = f"must not contain {_quoted(rules.not_contains)}"
            yield self._check("not_contains", f"{rules.not_contains!r} in v", problem)
        yield from self._choice(rules.one_of, rules.none_of)

    # --- everything else ---------------------------------------------------------------------------------------------

    def _enum(self, rules: EnumRules) -> Iterator[Check]:
        if rules.const is not None:
            yield self._check("const", f"v != {rules.const}", f"must be {self._shown(rules.const)}")
        if rules.defined_only and self._element.enum is not None:
            enum = self._element.enum
            name = self._constants.add(frozenset(number for _, number in enum.values))
            yield self._check("defined_only", f"v not in {name}", f"must be a value that {enum.full_name} names")
        yield from self._choice(rules.one_of, rules.none_of)

    def _mask(self, rules: MaskRules) -> Iterator[Check]:
        if rules.const is not None:
            problem = f"must hold the paths {self._shown_values(rules.const)}"
            yield self._check("const", f"list(v) != {list(rules.const)!r}", problem)
        if rules.one_of:
            covers = self._constants.add(_covers(rules.one_of))
            problem = f"must hold only paths in {self._shown_values(rules.one_of)}"
            yield self._check("in", f"not all(map({covers}, v))", problem)
        if rules.none_of:
            covers = self._constants.add(_covers(rules.none_of))
            problem = f"must hold no path in {self._shown_values(rules.none_of)}"
            yield self._check("not_in", f"any(map({covers}, v))", problem)

    def _shown_values(self, values: Sequence[Any]) -> str:
        if len(values) > _SHOWN_VALUES:
            return f"the {len(values)} values its contract lists"
        return ", ".join(map(self._shown, values))

    def _shown(self, value: Any) -> str:
        if isinstance(value, bytes | str):
            return _quoted(value)
        if self._kind == "duration":
            return duration_text(value)
        if self._kind == "timestamp":
            return timestamp_text(value)
        enum = self._element.enum
        if self._kind == "enum" and enum is not None:
            return next((name for name, number in enum.values if number == value), str(value))
        return str(value).removesuffix(".0")


def _bytes_matcher(pattern: str) -> Any:
    """Bytes match as the text they are in UTF-8; those that are none match nothing."""
    of_text = matcher(pattern)

    def matches(value: bytes) -> bool:
        try:
            return of_text(value.decode())
        except UnicodeDecodeError:
            return False

    return matches


def _covers(paths: Sequence[str]) -> Callable[[str], bool]:
    exact = frozenset(paths)
    below = tuple(f"{path}." for path in paths)

    def covers(path: str) -> bool:
        return path in exact or path.startswith(below)

    return covers


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _quoted(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return f"the bytes {value[: _SHOWN_CHARS // 2].hex()}{'…' if len(value) > _SHOWN_CHARS // 2 else ''}"
    return json.dumps(_cut(value))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


def duration_text(nanos: int) -> str:
    """A Duration in ProtoJSON, with as many digits as it needs."""
    seconds, rest = divmod(abs(nanos), _NANOS)
    fraction = f".{rest:09}".rstrip("0") if rest else ""
    return f"{'-' if nanos < 0 else ''}{seconds}{fraction}s"


def timestamp_text(nanos: int) -> str:
    """A Timestamp in ProtoJSON, from nanoseconds since 1970. Raises OverflowError outside the years 1 to 9999."""
    seconds, rest = divmod(nanos, _NANOS)
    fraction = f".{rest:09}".rstrip("0") if rest else ""
    return f"{(_EPOCH + datetime.timedelta(seconds=seconds)).isoformat()[:19]}{fraction}Z"
