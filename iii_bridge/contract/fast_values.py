"""What compiled codecs call for single values: usual spellings only, everything else is `Unusual`.

Nothing here explains an error. A refusal sends the whole document to the exact
codec, which either accepts it or says what is wrong, and where.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from iii_bridge.contract import scalars, well_known
from iii_bridge.contract.json_text import MAX_DEPTH

__all__ = [
    "OpenEnum",
    "OtherSpelling",
    "Unusual",
    "duration_of",
    "duration_text",
    "float32_of",
    "float32_text",
    "int32_key",
    "int64_key",
    "int64_of",
    "is_negative_zero",
    "list_of",
    "mask_of",
    "struct_of",
    "timestamp_of",
    "timestamp_text",
    "tree_of",
    "uint32_key",
    "uint64_key",
    "uint64_of",
    "unusual",
    "value_of",
]

_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.(?:[0-9]{3}){1,3})?Z"
)
_DAYS: Final = 10_000

_NINE_DIGITS: Final = len("2026-11-25T00:00:00.000000000Z")


class Unusual(ValueError):
    """The compiled path does not handle this; the exact one will."""


class OtherSpelling(Unusual):
    """A field is spelled as another profile would spell it."""


def unusual(_value: Any) -> Any:
    """For expressions: leaves a value to the exact path."""
    raise Unusual


class OpenEnum(dict[Any, Any]):
    """From names and numbers of an open enum, to what `make` makes of the numbers no contract names."""

    def __init__(self, table: Mapping[Any, Any], make: Callable[[int], Any]) -> None:
        super().__init__(table)
        self._make = make

    def __missing__(self, key: Any) -> Any:
        if not isinstance(key, int) or not -0x80000000 <= key <= 0x7FFFFFFF:
            raise Unusual
        return self._make(key)


def int64_of(value: int | str) -> int:
    """A number, or a string spelled as we print it."""
    number = int(value)
    if not -0x8000000000000000 <= number <= 0x7FFFFFFFFFFFFFFF or (value.__class__ is str and str(number) != value):
        raise Unusual
    return number


def uint64_of(value: int | str) -> int:
    """As `int64_of`, without a sign."""
    number = int(value)
    if not 0 <= number <= 0xFFFFFFFFFFFFFFFF or (value.__class__ is str and str(number) != value):
        raise Unusual
    return number


int64_key = int64_of
uint64_key = uint64_of


def int32_key(text: str) -> int:
    """A map key as we print it."""
    number = int(text)
    if not -0x80000000 <= number <= 0x7FFFFFFF or str(number) != text:
        raise Unusual
    return number


def uint32_key(text: str) -> int:
    """A map key as we print it."""
    number = int(text)
    if not 0 <= number <= 0xFFFFFFFF or str(number) != text:
        raise Unusual
    return number


def float32_of(value: float) -> float:
    """A number that 32 bits hold, rounded to them."""
    return scalars.round_to_float(value)


def float32_text(value: Any) -> float:
    """A finite float, in as few digits as 32 bits need."""
    if value.__class__ is not float or not math.isfinite(value):
        raise Unusual
    return scalars.shortest_float(value)


def is_negative_zero(value: float) -> bool:
    """Whether a false float is -0.0, which is no default value."""
    return math.copysign(1.0, value) < 0


def timestamp_of(text: str) -> datetime.datetime:
    """A timestamp in UTC with 0, 3, 6 or 9 digits."""
    if _TIMESTAMP.fullmatch(text) is None:
        raise Unusual
    if len(text) == _NINE_DIGITS:
        return scalars.read_timestamp(text)
    return datetime.datetime.fromisoformat(text)


def duration_of(text: str) -> datetime.timedelta:
    """A duration; whole seconds are usual."""
    seconds = text[:-1]
    if text[-1:] == "s" and len(seconds) <= 10 and seconds.isdecimal() and seconds.isascii():
        return datetime.timedelta(0, int(seconds))
    return scalars.read_duration(text)


def timestamp_text(value: Any) -> str:
    """The exact writer, but for the usual case: a datetime in UTC without a fraction."""
    if value.__class__ is datetime.datetime and value.tzinfo is datetime.UTC and not value.microsecond:
        text: str = value.isoformat()
        return text[:-6] + "Z"
    return scalars.write_timestamp(value)


def duration_text(value: Any) -> str:
    """The exact writer, but for the usual case: whole seconds, up to some decades."""
    if value.__class__ is datetime.timedelta and not value.microseconds and -_DAYS <= value.days <= _DAYS:
        return f"{value.days * 86400 + value.seconds}s"
    return scalars.write_duration(value)


def mask_of(text: str) -> well_known.FieldMask:
    """A field mask."""
    return well_known.FieldMask(paths=scalars.read_mask(text))


def tree_of(value: Any, count: list[int], depth: int) -> Any:
    """Any JSON value as msgspec decodes it, numbers as float; `count` is raised by the members met."""
    kind = value.__class__
    if kind is int:
        return float(value)
    if kind is dict or kind is list:
        if depth >= MAX_DEPTH:
            raise Unusual
        if kind is list:
            return [tree_of(item, count, depth + 1) for item in value]
        count[0] += len(value)
        return {name: tree_of(member, count, depth + 1) for name, member in value.items()}
    return value


def value_of(value: Any, count: list[int], depth: int) -> well_known.Value:
    """Any JSON value as msgspec decodes it; `count` is raised by the members met."""
    kind = value.__class__
    if kind is str:
        return well_known.Value(string_value=value)
    if kind is bool:
        return well_known.Value(bool_value=value)
    if kind is float or kind is int:
        return well_known.Value(number_value=float(value))
    if value is None:
        return well_known.Value(null_value=well_known.NullValue.NULL_VALUE)
    if kind is dict:
        return well_known.Value(struct_value=struct_of(value, count, depth))
    return well_known.Value(list_value=list_of(value, count, depth))


def struct_of(members: Any, count: list[int], depth: int) -> well_known.Struct:
    """A JSON object; `depth` is the number of values around it."""
    if depth >= MAX_DEPTH:
        raise Unusual
    count[0] += len(members)
    items = cast("dict[str, Any]", members).items()
    return well_known.Struct(fields={name: value_of(value, count, depth + 1) for name, value in items})


def list_of(items: Any, count: list[int], depth: int) -> well_known.ListValue:
    """A JSON array; `depth` is the number of values around it."""
    if depth >= MAX_DEPTH:
        raise Unusual
    return well_known.ListValue(values=[value_of(item, count, depth + 1) for item in items])
