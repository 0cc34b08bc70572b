"""What compiled codecs call for the well-known messages of google.protobuf.

`fill_*` put a value as msgspec decodes it into an empty message and read usual
spellings only; `*_json` are exact. Both raise ValueErrors, which send the whole
document to the exact codec.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any, Final

from iii_bridge.contract import scalars
from iii_bridge.contract.fast_values import Unusual
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.plan import Shape
from iii_bridge.contract.problems import Problem

__all__ = [
    "FILL",
    "duration_json",
    "fill_box",
    "fill_duration",
    "fill_list",
    "fill_mask",
    "fill_struct",
    "fill_timestamp",
    "fill_value",
    "list_json",
    "struct_json",
    "timestamp_json",
    "value_json",
]

_TIMESTAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?Z"
)
_DURATION: Final = re.compile(r"(-?)([0-9]{1,11})(?:\.([0-9]{1,9}))?s")
_EPOCH: Final = datetime.datetime(1970, 1, 1)
_MIN_SECONDS: Final = -62_135_596_800
_MAX_SECONDS: Final = 253_402_300_799
_MAX_DURATION: Final = 315_576_000_000
_NANOS: Final = 1_000_000_000


def fill_box(message: Any, value: Any) -> None:
    """A wrapper of a plain value."""
    message.value = value


def fill_timestamp(message: Any, text: str) -> None:
    """A timestamp in UTC."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise Unusual
    moment, fraction = match.groups()
    passed = datetime.datetime.fromisoformat(moment) - _EPOCH
    message.seconds = passed.days * 86400 + passed.seconds
    if fraction is not None:
        message.nanos = int(fraction.ljust(9, "0"))


def fill_duration(message: Any, text: str) -> None:
    """A duration of less than about 3,000 years."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise Unusual
    sign, seconds, fraction = match.groups()
    message.seconds = -int(seconds) if sign else int(seconds)
    if fraction is not None:
        nanos = int(fraction.ljust(9, "0"))
        message.nanos = -nanos if sign else nanos


def fill_mask(message: Any, text: str) -> None:
    """A field mask."""
    message.paths.extend(scalars.read_mask(text))


def fill_value(message: Any, value: Any, count: list[int], depth: int) -> None:
    """Any JSON value; `count` is raised by the members met, `depth` is the number of values around it."""
    kind = value.__class__
    if kind is str:
        message.string_value = value
    elif kind is bool:
        message.bool_value = value
    elif kind is float or kind is int:
        message.number_value = float(value)
    elif value is None:
        message.null_value = 0
    elif kind is dict:
        message.struct_value.SetInParent()
        fill_struct(message.struct_value, value, count, depth)
    else:
        message.list_value.SetInParent()
        fill_list(message.list_value, value, count, depth)


def fill_struct(message: Any, members: Any, count: list[int], depth: int) -> None:
    """A JSON object."""
    if depth >= MAX_DEPTH:
        raise Unusual
    count[0] += len(members)
    fields = message.fields
    for name, value in members.items():
        fill_value(fields[name], value, count, depth + 1)


def fill_list(message: Any, items: Any, count: list[int], depth: int) -> None:
    """A JSON array."""
    if depth >= MAX_DEPTH:
        raise Unusual
    add = message.values.add
    for value in items:
        fill_value(add(), value, count, depth + 1)


FILL: Final[dict[Shape, Callable[[Any, Any, list[int], int], None]]] = {
    Shape.STRUCT: fill_struct,
    Shape.LIST: fill_list,
    Shape.VALUE: fill_value,
}
"""By the shape of the message."""


def timestamp_json(message: Any) -> str:
    """A Timestamp with 0, 3, 6 or 9 digits. Raises Problem outside the years 0001 to 9999."""
    seconds, nanos = message.seconds, message.nanos
    if not _MIN_SECONDS <= seconds <= _MAX_SECONDS:
        raise Problem("the timestamp lies outside the years 0001 to 9999")
    if not 0 <= nanos < _NANOS:
        raise Problem("the nanoseconds of the timestamp are not between 0 and 999,999,999")
    moment = (_EPOCH + datetime.timedelta(seconds=seconds)).isoformat()
    return f"{moment}{scalars.fraction(nanos)}Z" if nanos else moment + "Z"


def duration_json(message: Any) -> str:
    """A Duration with 0, 3, 6 or 9 digits. Raises Problem beyond 10000 years, or for parts of different signs."""
    seconds, nanos = message.seconds, message.nanos
    if not -_MAX_DURATION <= seconds <= _MAX_DURATION or not -_NANOS < nanos < _NANOS:
        raise Problem("the duration is longer than 10000 years")
    if not nanos:
        return f"{seconds}s"
    if (seconds < 0 < nanos) or (nanos < 0 < seconds):
        raise Problem("the seconds and the nanoseconds of the duration have different signs")
    return f"{'-' if seconds < 0 or nanos < 0 else ''}{abs(seconds)}{scalars.fraction(abs(nanos))}s"


def value_json(message: Any, depth: int) -> Any:
    """What a Value holds, as JSON; `depth` is the number of values around it."""
    kind = message.WhichOneof("kind")
    if kind == "struct_value":
        return struct_json(message.struct_value, depth)
    if kind == "list_value":
        return list_json(message.list_value, depth)
    if kind == "null_value":
        return None
    if kind is None:
        raise Unusual
    value = getattr(message, kind)
    if kind == "number_value" and value - value != 0.0:
        raise Unusual
    return value


def struct_json(message: Any, depth: int) -> dict[str, Any]:
    """The members of a Struct, as JSON."""
    if depth >= MAX_DEPTH:
        raise Unusual
    fields = message.fields
    return {name: value_json(fields[name], depth + 1) for name in fields}


def list_json(message: Any, depth: int) -> list[Any]:
    """The items of a ListValue, as JSON."""
    if depth >= MAX_DEPTH:
        raise Unusual
    return [value_json(value, depth + 1) for value in message.values]
