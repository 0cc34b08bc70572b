"""The well-known types whose JSON is not that of their fields, as printed and as read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from iii_bridge.contract.spec import UnknownMembers
from iii_codegen.emit.jsonschema.patterns import (
    ANY_TYPE,
    DURATION,
    DURATION_ANY,
    FIELD_MASK,
    TIMESTAMP,
    TIMESTAMP_ANY,
)
from iii_codegen.emit.jsonschema.values import Shape, View, scalar
from iii_codegen.model.nodes import Kind

__all__ = ["VALUE", "WELL_KNOWN", "well_known"]

VALUE: Final = "google.protobuf.Value"
"""Any JSON value, null included."""


def well_known(full_name: str, view: View) -> Shape | None:
    """The schema of a well-known type; None for every other message."""
    described = WELL_KNOWN.get(full_name)
    return None if described is None else described(view)


def _timestamp(view: View) -> Shape:
    if view.wide:
        return {"type": "string", "format": "date-time", "pattern": TIMESTAMP_ANY}
    return {"type": "string", "format": "date-time", "pattern": TIMESTAMP, "examples": ["2026-01-31T12:30:00Z"]}


def _duration(view: View) -> Shape:
    if view.wide:
        return {"type": "string", "pattern": DURATION_ANY}
    return {"type": "string", "pattern": DURATION, "examples": ["1.500s"]}


def _field_mask(view: View) -> Shape:
    shape: Shape = {"type": "string", "pattern": FIELD_MASK}
    return shape if view.wide else {**shape, "examples": ["customer,lineItems.sku"]}


def _any(view: View) -> Shape:
    """An Any with nothing in it is an object with nothing in it."""
    kind = {"type": "string", "pattern": ANY_TYPE}
    typed: Shape = {"required": ["@type"], "properties": {"@type": {}}}
    return {"type": "object", "properties": {"@type": kind}, "not": {"minProperties": 1, "not": typed}}


def _empty(view: View) -> Shape:
    closed = {"additionalProperties": False} if view.unknown is UnknownMembers.REJECT else {}
    return {"type": "object", **closed}


# Numbers beyond the range of a double are never printed, so only the schema of what is read speaks of them.


def _struct(view: View) -> Shape:
    return {"type": "object", "additionalProperties": {"$ref": VALUE}} if view.wide else {"type": "object"}


def _list_value(view: View) -> Shape:
    return {"type": "array", "items": {"$ref": VALUE}} if view.wide else {"type": "array"}


def _value(view: View) -> Shape:
    if not view.wide:
        return {}
    number = scalar(Kind.DOUBLE, view)["anyOf"][0]
    plain = [{"type": "null"}, {"type": "boolean"}, {"type": "string"}, number]
    return {"anyOf": [*plain, _list_value(view), _struct(view)]}


def _wrapper(kind: Kind) -> Callable[[View], Shape]:
    return lambda view: scalar(kind, view)


WELL_KNOWN: Final[dict[str, Callable[[View], Shape]]] = {
    "google.protobuf.Any": _any,
    "google.protobuf.Duration": _duration,
    "google.protobuf.Empty": _empty,
    "google.protobuf.FieldMask": _field_mask,
    "google.protobuf.ListValue": _list_value,
    "google.protobuf.Struct": _struct,
    "google.protobuf.Timestamp": _timestamp,
    VALUE: _value,
    "google.protobuf.BoolValue": _wrapper(Kind.BOOL),
    "google.protobuf.BytesValue": _wrapper(Kind.BYTES),
    "google.protobuf.DoubleValue": _wrapper(Kind.DOUBLE),
    "google.protobuf.FloatValue": _wrapper(Kind.FLOAT),
    "google.protobuf.Int32Value": _wrapper(Kind.INT32),
    "google.protobuf.Int64Value": _wrapper(Kind.INT64),
    "google.protobuf.StringValue": _wrapper(Kind.STRING),
    "google.protobuf.UInt32Value": _wrapper(Kind.UINT32),
    "google.protobuf.UInt64Value": _wrapper(Kind.UINT64),
}
"""By full name; wrappers are written as the scalars they hold."""
