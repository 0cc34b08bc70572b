"""Which rules fit which field. The runtime and the generator ask the same question."""

from __future__ import annotations

from typing import Final

from iii_bridge.contract.rules import FieldRules, MapRules, RepeatedRules

__all__ = ["expected_kind", "misfit"]

_WELL_KNOWN: Final = {
    "google.protobuf.Any": "any",
    "google.protobuf.Duration": "duration",
    "google.protobuf.FieldMask": "field_mask",
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.BoolValue": "bool",
    "google.protobuf.BytesValue": "bytes",
    "google.protobuf.DoubleValue": "double",
    "google.protobuf.FloatValue": "float",
    "google.protobuf.Int32Value": "int32",
    "google.protobuf.Int64Value": "int64",
    "google.protobuf.StringValue": "string",
    "google.protobuf.UInt32Value": "uint32",
    "google.protobuf.UInt64Value": "uint64",
}

_MESSAGES: Final = frozenset({"", "any", "duration", "field_mask", "timestamp"})
"""The kinds of messages that are more than a wrapper."""


def expected_kind(scalar: str, type_name: str) -> str:
    """The kind of rules that fit a value: its protobuf type, that of the value inside a wrapper, or that of a
    well-known message; empty for other messages."""
    if scalar == "message":
        return _WELL_KNOWN.get(type_name, "")
    return scalar


def misfit(
    rules: FieldRules, scalar: str, type_name: str, *, repeated: bool = False, key: str = "", place: str = ""
) -> str | None:
    """What is wrong with rules of a field of this type, or None.

    `scalar` is the type's name in protobuf, `message` or `enum` with the full
    name in `type_name`; `key` is the type of a map's keys, for maps.
    """
    expected = "map" if key else "repeated" if repeated else expected_kind(scalar, type_name)
    if rules.kind and rules.kind != expected:
        fitting = f"rules of the kind {expected} fit" if expected else "no rules of a kind fit"
        return f"has rules of the kind {rules.kind}{place}, where {fitting}"
    if isinstance(rules.value, RepeatedRules):
        if rules.value.unique and scalar == "message" and expected_kind(scalar, type_name) in _MESSAGES:
            return "asks for unique messages, which are not compared"
        items = rules.value.items
        return misfit(items, scalar, type_name, place=" for its items") if items else None
    if isinstance(rules.value, MapRules):
        keys, values = rules.value.keys, rules.value.values
        problem = misfit(keys, key, "", place=" for its keys") if keys else None
        return problem or (misfit(values, scalar, type_name, place=" for its values") if values else None)
    return None
