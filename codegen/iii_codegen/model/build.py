"""From serialized descriptors to a Tree: structure first, then the services with their options."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

from iii_bridge.contract.rule_options import field_rules, message_rules, oneof_is_required
from iii_bridge.contract.rules import Ignore
from iii_codegen.model.contract import json_profile
from iii_codegen.model.descriptors import DescriptorError, Descriptors, OptionError
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.digest import service_digest
from iii_codegen.model.examples import field_examples
from iii_codegen.model.nodes import (
    Cardinality,
    Element,
    Enum,
    EnumValue,
    Field,
    File,
    Kind,
    Message,
    Place,
    Tree,
)
from iii_codegen.model.options import FILE, Options
from iii_codegen.model.services import build_services
from iii_codegen.model.sources import Sources

__all__ = ["build"]

_KINDS: Final = {
    FieldDescriptorProto.TYPE_DOUBLE: Kind.DOUBLE,
    FieldDescriptorProto.TYPE_FLOAT: Kind.FLOAT,
    FieldDescriptorProto.TYPE_INT64: Kind.INT64,
    FieldDescriptorProto.TYPE_UINT64: Kind.UINT64,
    FieldDescriptorProto.TYPE_INT32: Kind.INT32,
    FieldDescriptorProto.TYPE_FIXED64: Kind.FIXED64,
    FieldDescriptorProto.TYPE_FIXED32: Kind.FIXED32,
    FieldDescriptorProto.TYPE_BOOL: Kind.BOOL,
    FieldDescriptorProto.TYPE_STRING: Kind.STRING,
    FieldDescriptorProto.TYPE_GROUP: Kind.MESSAGE,
    FieldDescriptorProto.TYPE_MESSAGE: Kind.MESSAGE,
    FieldDescriptorProto.TYPE_BYTES: Kind.BYTES,
    FieldDescriptorProto.TYPE_UINT32: Kind.UINT32,
    FieldDescriptorProto.TYPE_ENUM: Kind.ENUM,
    FieldDescriptorProto.TYPE_SFIXED32: Kind.SFIXED32,
    FieldDescriptorProto.TYPE_SFIXED64: Kind.SFIXED64,
    FieldDescriptorProto.TYPE_SINT32: Kind.SINT32,
    FieldDescriptorProto.TYPE_SINT64: Kind.SINT64,
}

# Field numbers inside descriptor.proto, of which source_code_info paths are made.
_FILE_MESSAGE, _FILE_ENUM, _FILE_OPTIONS = 4, 5, 8
_OWN_OPTIONS = 51310
_MESSAGE_FIELD, _MESSAGE_NESTED, _MESSAGE_ENUM, _MESSAGE_ONEOF = 2, 3, 4, 8
_ENUM_VALUE = 2

_OPTIONS: Final = (".google.protobuf.", ".buf.validate.")
"""Where extensions are no fields of payloads: options, and rules of validation."""
_EDITION_2023: Final = 1000
_Path = tuple[int, ...]


def build(
    files: Sequence[bytes], to_generate: Iterable[str], report: Report, follow: Callable[[str], bool] = lambda _: False
) -> Tree:
    """Builds the model of serialized FileDescriptorProtos, given dependencies first.

    `to_generate` names the files to write code for; files of which they use a
    type are added where `follow(path)` says so.
    """
    try:
        descriptors = Descriptors(files)
    except DescriptorError as error:
        report.add("III009", Place(error.file, 1, 1), f"file cannot be read: {error}")
        return Tree(files={}, generated=(), messages={}, enums={}, file_of={})
    wanted = set(to_generate)
    built: dict[str, File] = {}
    for data, proto in zip(files, descriptors.protos, strict=True):
        # Problems of files that are only imported are not the user's to solve.
        own = report if proto.name in wanted else Report()
        built[proto.name] = _FileBuilder(descriptors, proto, own).build(data)
    messages = {message.full_name: message for file in built.values() for message in file.all_messages()}
    enums = {enum.full_name: enum for file in built.values() for enum in file.all_enums()}
    file_of: dict[str, str] = {}
    for file in built.values():
        file_of.update((name, file.path) for name in file.type_names())
    for path, file in built.items():
        services = tuple(
            dataclasses.replace(service, digest=service_digest(service, messages, enums)) for service in file.services
        )
        built[path] = dataclasses.replace(file, services=services)
    _follow(built, wanted, file_of, follow)
    generated = tuple(path for path in built if path in wanted)
    return Tree(files=built, generated=generated, messages=messages, enums=enums, file_of=file_of)


def _follow(files: dict[str, File], wanted: set[str], file_of: dict[str, str], follow: Callable[[str], bool]) -> None:
    """Adds the files whose types are used, and those whose types these use."""
    waiting = sorted(wanted)
    while waiting:
        for name in _used_types(files[waiting.pop()]):
            path = file_of.get(name, "")
            if path and path not in wanted and follow(path):
                wanted.add(path)
                waiting.append(path)


def _used_types(file: File) -> Iterable[str]:
    for message in file.all_messages():
        for field in message.fields:
            if field.element.type_name:
                yield field.element.type_name
    for service in file.services:
        for method in service.methods:
            yield method.request
            yield method.response


class _FileBuilder:
    """Builds one file."""

    def __init__(self, descriptors: Descriptors, proto: FileDescriptorProto, report: Report) -> None:
        self._descriptors = descriptors
        self._proto = proto
        self._sources = Sources(proto)
        self._report = report

    def build(self, data: bytes) -> File:
        proto = self._proto
        self._check_syntax()
        prefix = f"{proto.package}." if proto.package else ""
        messages = tuple(
            self._message(item, prefix, (_FILE_MESSAGE, index)) for index, item in enumerate(proto.message_type)
        )
        enums = tuple(self._enum(item, prefix, (_FILE_ENUM, index)) for index, item in enumerate(proto.enum_type))
        place = self._sources.place((_FILE_OPTIONS, _OWN_OPTIONS))
        options = Options(self._options(proto.options, place).get(FILE, {}), place)
        bare = FileDescriptorProto.FromString(data)
        bare.ClearField("source_code_info")
        return File(
            path=proto.name,
            package=proto.package,
            messages=messages,
            enums=enums,
            services=build_services(proto, options, self._descriptors, self._sources, self._report),
            descriptor=bare.SerializeToString(deterministic=True),
            json=json_profile(options.child("json")),
        )

    def _check_syntax(self) -> None:
        proto, place = self._proto, self._sources.place((12,))
        if proto.syntax == "editions" and proto.edition != _EDITION_2023:
            self._report.add("III001", place, "edition is not supported")
        if proto.extension and not all(item.extendee.startswith(_OPTIONS) for item in proto.extension):
            self._report.add("III003", self._sources.place((7, 0)), "extension fields are not supported")

    def _options(self, options: Any, place: Place) -> dict[str, Any]:
        if not options.ByteSize():
            return {}
        try:
            return dict(self._descriptors.options(options))
        except OptionError as error:
            self._report.add("III010", place, str(error))
            return {}

    def _message(self, proto: DescriptorProto, prefix: str, path: _Path) -> Message:
        full_name = prefix + proto.name
        place = self._sources.place((*path, 1))
        inner = f"{full_name}."
        resolved = self._descriptors.message(full_name).fields_by_number
        entries = {f".{inner}{item.name}": item for item in proto.nested_type if item.options.map_entry}
        fields = tuple(
            self._field(item, resolved[item.number], entries, proto, (*path, _MESSAGE_FIELD, index))
            for index, item in enumerate(proto.field)
        )
        real = {field.oneof for field in fields if field.oneof}
        if any(not item.extendee.startswith(_OPTIONS) for item in proto.extension):
            self._report.add("III003", self._sources.place((*path, 6, 0)), "extension fields are not supported")
        return Message(
            full_name=full_name,
            name=proto.name,
            fields=fields,
            oneofs=tuple(
                (item.name, self._sources.comment((*path, _MESSAGE_ONEOF, index)))
                for index, item in enumerate(proto.oneof_decl)
                if item.name in real
            ),
            required_oneofs=tuple(
                item.name for item in proto.oneof_decl if oneof_is_required(item.options.SerializeToString())
            ),
            rules=message_rules(proto.options.SerializeToString()),
            messages=tuple(
                self._message(item, inner, (*path, _MESSAGE_NESTED, index))
                for index, item in enumerate(proto.nested_type)
                if not item.options.map_entry
            ),
            enums=tuple(
                self._enum(item, inner, (*path, _MESSAGE_ENUM, index)) for index, item in enumerate(proto.enum_type)
            ),
            deprecated=proto.options.deprecated,
            comment=self._sources.comment(path),
            place=place,
        )

    def _field(
        self,
        proto: FieldDescriptorProto,
        resolved: Any,
        entries: dict[str, DescriptorProto],
        message: DescriptorProto,
        path: _Path,
    ) -> Field:
        place = self._sources.place((*path, 1))
        if resolved.type == FieldDescriptorProto.TYPE_GROUP:
            self._report.add("III002", place, f"field {proto.name} is a group")
        if proto.HasField("default_value"):
            self._report.add("III004", place, f"field {proto.name} has a default value")
        options = self._options(proto.options, self._sources.place((*path, 8)))
        behaviors = tuple(str(item) for item in options.get("[google.api.field_behavior]", ()))
        rules = field_rules(proto.options.SerializeToString())
        validated = rules is not None and rules.required and rules.ignore is not Ignore.ALWAYS
        required = resolved.is_required or "REQUIRED" in behaviors or validated
        cardinality, element, key = _shape(proto, entries)
        in_oneof = proto.HasField("oneof_index") and not proto.proto3_optional
        return Field(
            name=proto.name,
            json_name=proto.json_name,
            number=proto.number,
            cardinality=cardinality,
            element=element,
            key=key,
            explicit_presence=cardinality is Cardinality.SINGULAR and bool(resolved.has_presence),
            oneof=message.oneof_decl[proto.oneof_index].name if in_oneof else "",
            required=required,
            behaviors=behaviors,
            rules=rules,
            examples=field_examples(options, cardinality),
            deprecated=proto.options.deprecated,
            redacted=proto.options.debug_redact,
            comment=self._sources.comment(path),
            place=place,
            option_place=self._sources.place((*path, 8)) if proto.options.ByteSize() else None,
        )

    def _enum(self, proto: EnumDescriptorProto, prefix: str, path: _Path) -> Enum:
        values = tuple(
            EnumValue(
                item.name,
                item.number,
                item.options.deprecated,
                self._sources.comment((*path, _ENUM_VALUE, index)),
            )
            for index, item in enumerate(proto.value)
        )
        return Enum(
            full_name=prefix + proto.name,
            name=proto.name,
            values=values,
            closed=self._descriptors.enum_is_closed(prefix + proto.name),
            deprecated=proto.options.deprecated,
            comment=self._sources.comment(path),
            place=self._sources.place((*path, 1)),
        )


def _shape(
    proto: FieldDescriptorProto, entries: dict[str, DescriptorProto]
) -> tuple[Cardinality, Element, Kind | None]:
    entry = entries.get(proto.type_name)
    if entry is not None:
        key, value = entry.field
        return Cardinality.MAP, _element(value), _KINDS[key.type]
    repeated = proto.label == FieldDescriptorProto.LABEL_REPEATED
    return Cardinality.REPEATED if repeated else Cardinality.SINGULAR, _element(proto), None


def _element(proto: FieldDescriptorProto) -> Element:
    return Element(_KINDS[proto.type], proto.type_name.removeprefix("."))
