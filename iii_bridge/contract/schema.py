"""Messages, fields and enums as a contract writes them, free of any library."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from iii_bridge.contract.rules import FieldRules, MessageRules

__all__ = ["EnumSchema", "FieldSchema", "FileSchema", "Kind", "MapSchema", "MessageSchema", "OneofSchema"]


class Kind(enum.IntEnum):
    """The type of a field; the numbers are those of FieldDescriptorProto.Type."""

    DOUBLE = 1
    FLOAT = 2
    INT64 = 3
    UINT64 = 4
    INT32 = 5
    FIXED64 = 6
    FIXED32 = 7
    BOOL = 8
    STRING = 9
    GROUP = 10
    MESSAGE = 11
    BYTES = 12
    UINT32 = 13
    ENUM = 14
    SFIXED32 = 15
    SFIXED64 = 16
    SINT32 = 17
    SINT64 = 18


@dataclass(frozen=True, slots=True)
class MapSchema:
    """Key and value of a map field."""

    key: FieldSchema
    value: FieldSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSchema:
    """One field. Everything inherited (editions, packages) is resolved already."""

    number: int
    name: str
    json_name: str
    kind: Kind
    type_name: str = ""
    """The full name of the message or enum, without a leading dot; empty for scalars."""
    repeated: bool = False
    """True for lists; a map is not called repeated."""
    map: MapSchema | None = None
    presence: bool = False
    """Whether unset differs from the default value."""
    oneof: str | None = None
    """The oneof the field belongs to; proto3 `optional` is no oneof."""
    required: bool = False
    """Marked REQUIRED (google.api.field_behavior), or `required` in proto2 and editions: present in the JSON."""
    redact: bool = False
    """`debug_redact`: its contents appear in no message of ours."""
    rules: FieldRules | None = None
    """What `buf.validate` says."""


@dataclass(frozen=True, slots=True)
class OneofSchema:
    """A oneof and the numbers of its fields, in the order of the contract."""

    name: str
    fields: tuple[int, ...]
    required: bool = False
    """Whether one of them has to be set (buf.validate)."""


@dataclass(frozen=True, slots=True)
class MessageSchema:
    """One message: its fields in the order of the contract."""

    full_name: str
    fields: tuple[FieldSchema, ...]
    oneofs: tuple[OneofSchema, ...]
    rules: MessageRules | None = None
    """What `buf.validate` says of the message as a whole."""


@dataclass(frozen=True, slots=True)
class EnumSchema:
    """One enum: names and numbers in the order of the contract, aliases included."""

    full_name: str
    values: tuple[tuple[str, int], ...]
    closed: bool = False
    """Whether numbers the contract does not name are refused (proto2, editions)."""


@dataclass(frozen=True, slots=True)
class FileSchema:
    """Every message and enum of one file by full name, nested ones included, map entries not."""

    name: str
    messages: Mapping[str, MessageSchema]
    enums: Mapping[str, EnumSchema]
