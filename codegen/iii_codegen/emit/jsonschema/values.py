"""Single values as schemas: scalars, enums and the keys of maps, as printed and as read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from iii_bridge.contract.spec import Enums, Int64, JsonProfile, UnknownEnumNames, UnknownMembers
from iii_codegen.emit.jsonschema.patterns import (
    BASE64,
    BASE64_ANY,
    NUMBER_ANY,
    integer_any_pattern,
    integer_pattern,
)
from iii_codegen.model.nodes import Enum, Kind

__all__ = ["NULL_VALUE", "Shape", "View", "enum_value", "map_key", "null_value", "scalar", "with_null"]

Shape = dict[str, Any]
"""A schema; `{"$ref": full name}` stands for a message."""

NULL_VALUE: Final = "google.protobuf.NullValue"
"""The enum that is written as null."""

_RANGES: Final = {
    **dict.fromkeys((Kind.INT32, Kind.SINT32, Kind.SFIXED32), (-(2**31), 2**31 - 1)),
    **dict.fromkeys((Kind.UINT32, Kind.FIXED32), (0, 2**32 - 1)),
    **dict.fromkeys((Kind.INT64, Kind.SINT64, Kind.SFIXED64), (-(2**63), 2**63 - 1)),
    **dict.fromkeys((Kind.UINT64, Kind.FIXED64), (0, 2**64 - 1)),
}
_LONG: Final = frozenset(kind for kind, (_, most) in _RANGES.items() if most > 2**32)

_NON_FINITE: Final = ["NaN", "Infinity", "-Infinity"]
_FLOAT_MAX: Final = 3.4028235e38
"""As the largest float is printed: the shortest text that reads as it."""
_FLOAT_OVERFLOW: Final = float.fromhex("0x1.ffffffp+127")
"""The least number that rounds to an infinity of 32 bits."""
_DOUBLE_MAX: Final = float.fromhex("0x1.fffffffffffffp+1023")


@dataclass(frozen=True, slots=True)
class View:
    """Which schema of a message is wanted."""

    profile: JsonProfile
    response: bool
    """Whether members with default values may be relied on: the side that answers writes them."""
    unknown: UnknownMembers = UnknownMembers.IGNORE
    wide: bool = False
    """`protojson` instead of `canonical`: what is read instead of what is printed."""
    unknown_enum_names: UnknownEnumNames = UnknownEnumNames.REJECT


def scalar(kind: Kind, view: View) -> Shape:
    """A scalar, or a wrapper of it."""
    if kind is Kind.BOOL:
        return {"type": "boolean"}
    if kind is Kind.STRING:
        return {"type": "string"}
    if kind is Kind.BYTES:
        if view.wide:
            return {"type": "string", "pattern": BASE64_ANY}
        return {"type": "string", "pattern": BASE64, "contentEncoding": "base64"}
    if kind in (Kind.FLOAT, Kind.DOUBLE):
        return _wide_float(kind) if view.wide else _float(kind)
    return _integer(kind, view)


def _float(kind: Kind) -> Shape:
    limits = {"minimum": -_FLOAT_MAX, "maximum": _FLOAT_MAX} if kind is Kind.FLOAT else {}
    return {"anyOf": [{"type": "number", **limits}, {"type": "string", "enum": _NON_FINITE}]}


def _wide_float(kind: Kind) -> Shape:
    limits = {"minimum": -_DOUBLE_MAX, "maximum": _DOUBLE_MAX}
    if kind is Kind.FLOAT:
        limits = {"exclusiveMinimum": -_FLOAT_OVERFLOW, "exclusiveMaximum": _FLOAT_OVERFLOW}
    return {"anyOf": [{"type": "number", **limits}, {"type": "string", "pattern": NUMBER_ANY}]}


def _integer(kind: Kind, view: View) -> Shape:
    least, most = _RANGES[kind]
    number: Shape = {"type": "integer", "minimum": least, "maximum": most}
    if view.wide:
        return {"anyOf": [number, {"type": "string", "pattern": integer_any_pattern(least, most)}]}
    if kind in _LONG and view.profile.int64 is Int64.STRING:
        return {"type": "string", "pattern": integer_pattern(least, most)}
    return number


def enum_value(enum: Enum, view: View, *, needed: bool) -> Shape:
    """A value of an enum; where it is `needed`, an ignored name is no value.

    `canonical` lists names only, though a number without a name is printed as
    that number: naming it would turn every enum into a union of two types.
    """
    names: Shape = {"type": "string", "enum": [value.name for value in enum.values]}
    numbers: Shape = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
    if enum.closed:
        numbers = {"type": "integer", "enum": sorted({value.number for value in enum.values})}
    if view.wide:
        ignored = view.unknown_enum_names is UnknownEnumNames.IGNORE and not needed
        return {"anyOf": [{"type": "string"} if ignored else names, numbers]}
    return numbers if view.profile.enums is Enums.NUMBER else names


def null_value(view: View) -> Shape:
    """NullValue, printed as null and read in the spellings of any enum."""
    return {"enum": [None, "NULL_VALUE", 0]} if view.wide else {"type": "null"}


def map_key(kind: Kind, view: View) -> Shape | None:
    """What the member names of a map look like; None where they may be anything."""
    if kind is Kind.BOOL:
        return {"type": "string", "enum": ["true", "false"]}
    if kind in _RANGES:
        pattern = integer_any_pattern if view.wide else integer_pattern
        return {"type": "string", "pattern": pattern(*_RANGES[kind])}
    return None


def with_null(shape: Shape) -> Shape:
    """The schema, or null."""
    choices: list[Shape] = shape["anyOf"] if list(shape) == ["anyOf"] else [shape]
    return {"anyOf": [*choices, {"type": "null"}]}
