"""The well-known types whose JSON is not that of their fields. The argument asks for the wide profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from iii_codegen.emit.jsonschema.patterns import DURATION, FIELD_MASK, TIMESTAMP, TIMESTAMP_ANY

__all__ = ["WELL_KNOWN"]

_Shape = dict[str, Any]


def _timestamp(wide: bool) -> _Shape:
    return {"type": "string", "format": "date-time", "pattern": TIMESTAMP_ANY if wide else TIMESTAMP}


def _duration(wide: bool) -> _Shape:
    return {"type": "string", "pattern": DURATION}


def _field_mask(wide: bool) -> _Shape:
    return {"type": "string", "pattern": FIELD_MASK}


def _any(wide: bool) -> _Shape:
    return {"type": "object", "properties": {"@type": {"type": "string"}}, "required": ["@type"]}


def _empty(wide: bool) -> _Shape:
    return {"type": "object"}


def _struct(wide: bool) -> _Shape:
    return {"type": "object"}


def _value(wide: bool) -> _Shape:
    return {}


def _list_value(wide: bool) -> _Shape:
    return {"type": "array"}


def _wrapper(wide: bool) -> _Shape:
    # Wrappers are written as the scalars they hold; `Shapes.element` sees to that.
    return {}


WELL_KNOWN: Final[dict[str, Callable[[bool], _Shape]]] = {
    "google.protobuf.Any": _any,
    "google.protobuf.Duration": _duration,
    "google.protobuf.Empty": _empty,
    "google.protobuf.FieldMask": _field_mask,
    "google.protobuf.ListValue": _list_value,
    "google.protobuf.Struct": _struct,
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Value": _value,
    **{
        f"google.protobuf.{name}Value": _wrapper
        for name in ("Bool", "Bytes", "Double", "Float", "Int32", "Int64", "String", "UInt32", "UInt64")
    },
}
