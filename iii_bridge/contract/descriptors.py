"""Descriptors to schemas."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

from google.protobuf import descriptor_pb2
from google.protobuf.message import DecodeError

from iii_bridge.contract.binary import varints, wire_fields
from iii_bridge.contract.registry import file_of, full_name_of
from iii_bridge.contract.rule_options import field_rules, message_rules, oneof_is_required
from iii_bridge.contract.schema import (
    EnumSchema,
    FieldSchema,
    FileSchema,
    Kind,
    MapSchema,
    MessageSchema,
    OneofSchema,
)
from iii_bridge.errors import UnsupportedError

__all__ = ["enum_schema", "message_schema", "parse_file"]

_REPEATED: Final = 3
_REQUIRED_LABEL: Final = 2
_FIELD_BEHAVIOR: Final = 1052
"""google.api.field_behavior, a repeated enum; REQUIRED is 2."""
_FIELD_BEHAVIOR_REQUIRED: Final = 2

_FeatureSet = descriptor_pb2.FeatureSet
_EDITIONS: Final = (descriptor_pb2.EDITION_2023, descriptor_pb2.EDITION_2024)


def message_schema(cls: type) -> MessageSchema:
    """The schema of a registered message class. Raises KeyError for any other class."""
    return parse_file(file_of(cls).descriptor).messages[full_name_of(cls)]


def enum_schema(cls: type) -> EnumSchema:
    """The schema of a registered enum class. Raises KeyError for any other class."""
    return parse_file(file_of(cls).descriptor).enums[full_name_of(cls)]


@functools.cache
def parse_file(descriptor: bytes) -> FileSchema:
    """Reads a serialized FileDescriptorProto, with what its edition says resolved.

    Raises UnsupportedError for unknown editions, ValueError for
    bytes that are no descriptor.
    """
    try:
        file = descriptor_pb2.FileDescriptorProto.FromString(descriptor)
    except DecodeError:
        raise ValueError("not a serialized FileDescriptorProto; generate the module again") from None
    return _FileReader(file).read()


@dataclass(frozen=True, slots=True)
class _Features:
    """What an edition decides: presence of plain fields and whether enums are closed."""

    presence: bool
    required: bool
    closed_enums: bool

    def overridden(self, options: descriptor_pb2.FeatureSet) -> _Features:
        presence, required, closed = self.presence, self.required, self.closed_enums
        if options.HasField("field_presence"):
            presence = options.field_presence != _FeatureSet.IMPLICIT
            required = options.field_presence == _FeatureSet.LEGACY_REQUIRED
        if options.HasField("enum_type"):
            closed = options.enum_type == _FeatureSet.CLOSED
        return _Features(presence, required, closed)


def _file_features(file: descriptor_pb2.FileDescriptorProto) -> _Features:
    match file.syntax:
        case "proto3":
            return _Features(presence=False, required=False, closed_enums=False)
        case "" | "proto2":
            return _Features(presence=True, required=False, closed_enums=True)
        case "editions" if file.edition in _EDITIONS:
            base = _Features(presence=True, required=False, closed_enums=False)
            return base.overridden(file.options.features)
        case _:
            raise UnsupportedError(
                f"{file.name} uses an edition this version does not know; use edition 2023 or proto3"
            )


class _FileReader:
    """Walks one file and collects its messages and enums."""

    def __init__(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        self._file = file
        self._proto3 = file.syntax == "proto3"
        self._messages: dict[str, MessageSchema] = {}
        self._enums: dict[str, EnumSchema] = {}

    def read(self) -> FileSchema:
        features = _file_features(self._file)
        prefix = f"{self._file.package}." if self._file.package else ""
        for enum in self._file.enum_type:
            self._add_enum(enum, prefix, features)
        for message in self._file.message_type:
            self._add_message(message, prefix, features)
        return FileSchema(self._file.name, self._messages, self._enums)

    def _add_enum(self, enum: descriptor_pb2.EnumDescriptorProto, prefix: str, inherited: _Features) -> None:
        features = inherited.overridden(enum.options.features)
        values = tuple((value.name, value.number) for value in enum.value)
        self._enums[prefix + enum.name] = EnumSchema(prefix + enum.name, values, features.closed_enums)

    def _add_message(self, message: descriptor_pb2.DescriptorProto, prefix: str, inherited: _Features) -> None:
        features = inherited.overridden(message.options.features)
        full_name = prefix + message.name
        entries: dict[str, MapSchema] = {}
        for nested in message.nested_type:
            if nested.options.map_entry:
                key, value = (self._field(field, features, {}, nested) for field in nested.field)
                entries[f"{full_name}.{nested.name}"] = MapSchema(key, value)
            else:
                self._add_message(nested, f"{full_name}.", features)
        for enum in message.enum_type:
            self._add_enum(enum, f"{full_name}.", features)
        fields = tuple(self._field(field, features, entries, message) for field in message.field)
        oneofs = tuple(
            OneofSchema(oneof.name, numbers, oneof_is_required(oneof.options.SerializeToString()))
            for oneof in message.oneof_decl
            if (numbers := tuple(field.number for field in fields if field.oneof == oneof.name))
        )
        rules = message_rules(message.options.SerializeToString())
        self._messages[full_name] = MessageSchema(full_name, fields, oneofs, rules)

    def _field(
        self,
        field: descriptor_pb2.FieldDescriptorProto,
        inherited: _Features,
        entries: dict[str, MapSchema],
        message: descriptor_pb2.DescriptorProto,
    ) -> FieldSchema:
        kind = Kind(field.type)
        features = inherited.overridden(field.options.features)
        type_name = field.type_name.removeprefix(".")
        map_schema = entries.get(type_name)
        repeated = field.label == _REPEATED
        in_oneof = field.HasField("oneof_index") and not field.proto3_optional
        is_message = kind in (Kind.MESSAGE, Kind.GROUP)
        options = field.options.SerializeToString()
        presence = not repeated and (in_oneof or field.proto3_optional or is_message or features.presence)
        return FieldSchema(
            number=field.number,
            name=field.name,
            json_name=field.json_name or _default_json_name(field.name),
            kind=kind,
            type_name="" if map_schema else type_name,
            repeated=repeated and map_schema is None,
            map=map_schema,
            presence=presence,
            oneof=message.oneof_decl[field.oneof_index].name if in_oneof else None,
            required=field.label == _REQUIRED_LABEL
            or (features.required and not repeated and not in_oneof)
            or _marked_required(options),
            redact=field.options.debug_redact,
            rules=field_rules(options),
        )


def _default_json_name(name: str) -> str:
    """What protoc writes into json_name: each underscore goes, the letter after it is made upper case."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _marked_required(options: bytes) -> bool:
    """Whether google.api.field_behavior says REQUIRED in serialized FieldOptions.

    Read from the bytes: whether the extension is known depends on what else
    the process has imported.
    """
    written = [value for number, value in wire_fields(options) if number == _FIELD_BEHAVIOR]
    return _FIELD_BEHAVIOR_REQUIRED in varints(written)
