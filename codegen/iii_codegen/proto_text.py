"""A descriptor of proto2 or proto3 as the `.proto` text it may have come from: messages, enums, extensions, options.

Made for files that are installed as descriptors only. What protoc makes of
the text is the descriptor again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from google.protobuf import descriptor_pool, message_factory, text_format
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

__all__ = ["proto_text"]

_MOST: Final = 536_870_912
"""One more than the largest field number."""
_LABELS: Final = {
    FieldDescriptorProto.LABEL_OPTIONAL: "optional",
    FieldDescriptorProto.LABEL_REQUIRED: "required",
    FieldDescriptorProto.LABEL_REPEATED: "repeated",
}


def proto_text(file: FileDescriptorProto, imported: tuple[FileDescriptorProto, ...], comment: str) -> str:
    """The text of a file, given those it imports, dependencies first. Raises ValueError for services."""
    return "\n".join(_Printer(file, imported).lines(comment)) + "\n"


class _Printer:
    def __init__(self, file: FileDescriptorProto, imported: tuple[FileDescriptorProto, ...]) -> None:
        self._file = file
        self._pool: Any = descriptor_pool.DescriptorPool()
        for item in (*imported, file):
            self._pool.Add(item)

    def lines(self, comment: str) -> Iterator[str]:
        file = self._file
        if file.service or file.syntax not in ("", "proto2", "proto3"):
            raise ValueError(f"{file.name} has services, or an edition")
        yield f"// {comment}"
        yield f'syntax = "{file.syntax or "proto2"}";'
        yield f"package {file.package};"
        yield from (f'import "{name}";' for name in file.dependency)
        yield from (f"option {text};" for text in self._options(file.options))
        for extension in file.extension:
            yield f"extend {extension.extendee} {{"
            yield f"  {self._field(extension)}"
            yield "}"
        for message in file.message_type:
            yield from self._message(message)
        for enum in file.enum_type:
            yield from self._enum(enum)

    def _message(self, message: DescriptorProto) -> Iterator[str]:
        yield f"message {message.name} {{"
        for nested in message.nested_type:
            yield from _indented(self._message(nested))
        for enum in message.enum_type:
            yield from _indented(self._enum(enum))
        yield from _reserved((item.start, item.end - 1) for item in message.reserved_range)
        yield from (f'  reserved "{name}";' for name in message.reserved_name)
        for item in message.extension_range:
            yield f"  extensions {item.start} to {'max' if item.end == _MOST else item.end - 1};"
        yield from (f"  option {text};" for text in self._options(message.options))
        opened: int | None = None
        for field in message.field:
            index = field.oneof_index if field.HasField("oneof_index") and not field.proto3_optional else None
            if opened is not None and index != opened:
                yield "  }"
            if index is not None and index != opened:
                yield f"  oneof {message.oneof_decl[index].name} {{"
            opened = index
            yield f"  {'' if index is None else '  '}{self._field(field, in_oneof=index is not None)}"
        if opened is not None:
            yield "  }"
        yield "}"

    def _field(self, field: FieldDescriptorProto, in_oneof: bool = False) -> str:
        label = "" if in_oneof else f"{_LABELS[field.label]} "
        if self._file.syntax == "proto3" and label == "optional " and not field.proto3_optional:
            label = ""
        kind = field.type_name or FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
        options = ", ".join(self._options(field.options))
        return f"{label}{kind} {field.name} = {field.number}{f' [{options}]' if options else ''};"

    def _enum(self, enum: EnumDescriptorProto) -> Iterator[str]:
        yield f"enum {enum.name} {{"
        yield from _reserved((item.start, item.end) for item in enum.reserved_range)
        yield from (f'  reserved "{name}";' for name in enum.reserved_name)
        yield from (f"  option {text};" for text in self._options(enum.options))
        yield from (f"  {value.name} = {value.number};" for value in enum.value)
        yield "}"

    def _options(self, options: Any) -> Iterator[str]:
        """Each option as `name = value`, extensions known through the files themselves."""
        if not options.ByteSize():
            return
        cls = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(options.DESCRIPTOR.full_name))
        for field, value in cls.FromString(options.SerializeToString()).ListFields():
            name = f"({field.full_name})" if field.is_extension else field.name
            for item in value if field.is_repeated else (value,):
                yield f"{name} = {_value(field, item)}"


def _value(field: Any, value: Any) -> str:
    if field.message_type is not None:
        return f"{{ {text_format.MessageToString(value, as_one_line=True)} }}"
    if field.enum_type is not None:
        return str(field.enum_type.values_by_number[value].name)
    if isinstance(value, str):
        return json.dumps(value)  # protoc reads the same escapes
    return str(value).lower()


def _reserved(ranges: Iterable[tuple[int, int]]) -> Iterator[str]:
    for first, last in ranges:
        yield f"  reserved {first if first == last else f'{first} to {last}'};"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
