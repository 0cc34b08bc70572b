"""Strings, numbers and booleans of a schema as scalars of protobuf, with the rules of `buf.validate` for them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from iii_bridge.contract.re2 import PatternError, parse_pattern
from iii_codegen.emit.jsonschema.patterns import BASE64, DURATION, FIELD_MASK, TIMESTAMP, integer_pattern
from iii_codegen.importing.draft import DraftEnum, DraftMessage, Rules
from iii_codegen.importing.schema import Node

__all__ = ["LONG_PATTERNS", "Value", "float_of", "leftovers", "scalar"]

_INT32: Final = (-(2**31), 2**31 - 1)
_UINT32: Final = (0, 2**32 - 1)
_INT64: Final = (-(2**63), 2**63 - 1)
_UINT64: Final = (0, 2**64 - 1)
_RANGES: Final = {"int32": _INT32, "uint32": _UINT32, "int64": _INT64, "uint64": _UINT64}

LONG_PATTERNS: Final = {integer_pattern(*_RANGES[kind]): kind for kind in _RANGES}
"""How integers are written where JSON wants a string: 64-bit ones, and the keys of maps."""

_INTEGER_FORMATS: Final = {  # of schemars and OpenAPI: the scalar, and the range where it is narrower
    "int8": ("int32", (-(2**7), 2**7 - 1)),
    "int16": ("int32", (-(2**15), 2**15 - 1)),
    "int32": ("int32", _INT32),
    "int64": ("int64", _INT64),
    "int": ("int64", _INT64),
    "uint8": ("uint32", (0, 2**8 - 1)),
    "uint16": ("uint32", (0, 2**16 - 1)),
    "uint32": ("uint32", _UINT32),
    "uint64": ("uint64", _UINT64),
    "uint": ("uint64", _UINT64),
}
_FLOAT_MAX: Final = 3.4028235e38
_STRING_FORMATS: Final = {
    "email": "email",
    "hostname": "hostname",
    "ipv4": "ipv4",
    "ipv6": "ipv6",
    "uri": "uri",
    "uuid": "uuid",
}
_IGNORED: Final = frozenset(
    {"title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "type",
     "discriminator", "contentMediaType", "enum", "const"}
)  # fmt: skip


@dataclass(slots=True)
class Value:
    """What one schema becomes: a type, how often, and what else there is to say."""

    type: str | DraftMessage | DraftEnum
    repeated: bool = False
    key: str = ""
    rules: Rules = field(default_factory=lambda: Rules())
    long_number: bool = False
    long_text: bool = False
    problems: list[str] = field(default_factory=lambda: list[str]())


def leftovers(node: Node, known: Collection[str]) -> list[str]:
    """A problem for each keyword that is neither among those `known` nor a note."""
    unknown = [key for key in node.keys if key not in known and key not in _IGNORED and not key.startswith("x-")]
    return [f"the keyword {key} has no counterpart in a contract" for key in sorted(unknown)]


def scalar(node: Node) -> Value | None:
    """The scalar of a schema that has one type; None for objects, arrays and anything else."""
    read = _SCALARS.get(node.kind)
    return None if read is None else read(node)


def _boolean(node: Node) -> Value:
    return Value("bool", problems=leftovers(node, ("format",)))


def _null(node: Node) -> Value:
    return Value("google.protobuf.NullValue", problems=leftovers(node, ()))


# --- strings -----------------------------------------------------------------


def _string(node: Node) -> Value:
    pattern, format_ = node.keys.get("pattern"), node.keys.get("format")
    if pattern in LONG_PATTERNS and LONG_PATTERNS[pattern] in ("int64", "uint64"):
        return Value(LONG_PATTERNS[pattern], long_text=True, problems=leftovers(node, ("pattern",)))
    known = _KNOWN_PATTERNS.get(pattern) if isinstance(pattern, str) else None
    if format_ == "date-time":
        known = "google.protobuf.Timestamp"
    if known is None and (node.keys.get("contentEncoding") == "base64" or format_ == "byte"):
        known = "bytes"
    if known is not None:
        return Value(known, problems=leftovers(node, ("pattern", "format", "contentEncoding")))
    return _text(node, pattern, format_)


_KNOWN_PATTERNS: Final = {
    BASE64: "bytes",
    DURATION: "google.protobuf.Duration",
    FIELD_MASK: "google.protobuf.FieldMask",
    TIMESTAMP: "google.protobuf.Timestamp",
}


def _text(node: Node, pattern: Any, format_: Any) -> Value:
    problems = leftovers(node, ("pattern", "format", "minLength", "maxLength"))
    rules: Rules = {}
    for keyword, rule in (("minLength", "min_len"), ("maxLength", "max_len")):
        limit = _whole(node.keys.get(keyword))
        if limit is not None and (limit or rule == "max_len"):
            rules[rule] = limit
    written = False
    if isinstance(pattern, str):
        try:
            parse_pattern(pattern)
            rules["pattern"], written = pattern, True
        except PatternError as error:
            problems.append(f"the pattern is not one of RE2's: {error}")
    if format_ in _STRING_FORMATS:
        if not written:
            rules[_STRING_FORMATS[format_]] = True
    elif format_ is not None and not written:
        problems.append(f"the format {format_} has no rule")
    return Value("string", rules={"string": rules} if rules else {}, problems=problems)


# --- numbers -----------------------------------------------------------------


def _integer(node: Node) -> Value:
    keys = node.keys
    problems = leftovers(node, (*_LIMITS, "format", "multipleOf"))
    if keys.get("multipleOf", 1) != 1:
        problems.append(f"only multiples of {keys['multipleOf']} are accepted")
    low, high = _integer_limits(keys)
    kind, (least, most) = _integer_kind(keys.get("format"), low, high)
    rules: Rules = {}
    whole = _RANGES[kind]
    low, high = max(least, least if low is None else low), min(most, most if high is None else high)
    if low > high:
        return Value(kind, long_number=kind.endswith("64"), problems=[*problems, "no value is within its limits"])
    if low > whole[0]:
        rules["gte"] = low
    if high < whole[1]:
        rules["lte"] = high
    if rules.get("gte") == 1:
        rules = {"gt": 0, **{name: value for name, value in rules.items() if name != "gte"}}
    return Value(kind, rules={kind: rules} if rules else {}, long_number=kind.endswith("64"), problems=problems)


def _integer_kind(format_: Any, low: int | None, high: int | None) -> tuple[str, tuple[int, int]]:
    if isinstance(format_, str) and format_ in _INTEGER_FORMATS:
        return _INTEGER_FORMATS[format_]
    if low is not None and high is not None:
        for kind in ("int32", "uint32"):
            least, most = _RANGES[kind]
            if least <= low and high <= most:
                return kind, _RANGES[kind]
        if low >= 0 and high > _INT64[1]:
            return "uint64", _UINT64
    return "int64", _INT64


_LIMITS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def _integer_limits(keys: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """The least and the largest integer, as far as there are limits."""
    low, high = _limits(keys)
    least = None if low is None else _ceil(low[0]) + (1 if low[1] and low[0] == _ceil(low[0]) else 0)
    most = None if high is None else _floor(high[0]) - (1 if high[1] and high[0] == _floor(high[0]) else 0)
    return least, most


def _ceil(number: float) -> int:
    return -int(-number // 1)


def _floor(number: float) -> int:
    return int(number // 1)


_Limit = tuple[float, bool]
"""A number, and whether it is excluded itself."""


def _limits(keys: Mapping[str, Any]) -> tuple[_Limit | None, _Limit | None]:
    found: list[_Limit | None] = []
    for name, exclusive, pick in (("minimum", "exclusiveMinimum", max), ("maximum", "exclusiveMaximum", min)):
        plain, strict = _number(keys.get(name)), keys.get(exclusive)
        limits = [] if plain is None else [(plain, strict is True)]  # true beside the limit, before draft-06
        outside = _number(strict)
        if outside is not None:
            limits.append((outside, True))
        chosen = pick((limit[0] for limit in limits), default=None)
        found.append(None if chosen is None else (chosen, (chosen, True) in limits))
    return found[0], found[1]


def float_of(node: Node, *, finite: bool = True) -> Value:
    """A number; `finite` where "NaN" and the infinities are none of its values."""
    problems = leftovers(node, (*_LIMITS, "format", "multipleOf"))
    if "multipleOf" in node.keys:
        problems.append(f"only multiples of {node.keys['multipleOf']} are accepted")
    low, high = _limits(node.keys)
    kind = "float" if node.keys.get("format") == "float" or (low, high) == _FLOAT_RANGE else "double"
    rules: Rules = {"finite": True} if finite else {}
    if (low, high) != _FLOAT_RANGE:
        if low is not None:
            rules["gt" if low[1] else "gte"] = low[0]
        if high is not None:
            rules["lt" if high[1] else "lte"] = high[0]
    return Value(kind, rules={kind: rules} if rules else {}, problems=problems)


_FLOAT_RANGE: Final = ((-_FLOAT_MAX, False), (_FLOAT_MAX, False))


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None


_SCALARS: Final[dict[str, Callable[[Node], Value]]] = {
    "boolean": _boolean,
    "integer": _integer,
    "null": _null,
    "number": float_of,
    "string": _string,
}
