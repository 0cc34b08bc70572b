"""A descriptor as the `.proto` text it may have come from: messages, enums, services, extensions, options, comments.

Made for files that are known as descriptors only: those that are installed so,
and those live workers tell. What protoc makes of the text is the descriptor
again.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from google.protobuf import descriptor_pool, message_factory, text_format
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    Edition,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

__all__ = ["proto_text"]

_MOST: Final = 536_870_912
"""One more than the largest field number."""
_WIDTH: Final = 110
_NO_COMMENTS: Final[Mapping[str, str]] = MappingProxyType({})
_LABELS: Final = {
    FieldDescriptorProto.LABEL_OPTIONAL: "optional",
    FieldDescriptorProto.LABEL_REQUIRED: "required",
    FieldDescriptorProto.LABEL_REPEATED: "repeated",
}


def proto_text(
    file: FileDescriptorProto,
    imported: tuple[FileDescriptorProto, ...],
    comment: str,
    comments: Mapping[str, str] = _NO_COMMENTS,
) -> str:
    """The text of a file, given those it imports, dependencies first.

    `comments` are by full name of a message, field, enum, service or method, with dots only.
    """
    text = "\n".join(_Printer(file, imported, comments).lines(comment))
    return text.rstrip("\n") + "\n"


class _Printer:
    def __init__(
        self, file: FileDescriptorProto, imported: tuple[FileDescriptorProto, ...], comments: Mapping[str, str]
    ) -> None:
        self._file = file
        self._comments = comments
        self._pool: Any = descriptor_pool.DescriptorPool()
        for item in (*imported, file):
            self._pool.Add(item)

    def lines(self, comment: str) -> Iterator[str]:
        file = self._file
        yield f"// {comment}"
        if file.syntax == "editions":
            yield f'edition = "{Edition.Name(file.edition).removeprefix("EDITION_")}";'
        else:
            yield f'syntax = "{file.syntax or "proto2"}";'
        if file.package:
            yield from ("", f"package {file.package};")
        if file.dependency:
            yield ""
        public = set(file.public_dependency)
        for index, name in enumerate(file.dependency):
            yield f'import {"public " if index in public else ""}"{name}";'
        options = list(self._options(file.options))
        yield from (["", *(f"option {text};" for text in options)] if options else [])
        for extension in file.extension:
            yield from ("", f"extend {extension.extendee} {{")
            yield f"  {self._field(extension, ())}"
            yield "}"
        for service in file.service:
            yield ""
            yield from self._service(service)
        for message in file.message_type:
            yield ""
            yield from self._message(message, (file.package,) if file.package else (), ())
        for enum in file.enum_type:
            yield ""
            yield from self._enum(enum, file.package)

    def _comment(self, *names: str) -> Iterator[str]:
        for paragraph in self._comments.get(".".join(filter(None, names)), "").splitlines():
            yield from (f"// {line}".rstrip() for line in textwrap.wrap(paragraph, _WIDTH) or [""])

    def _service(self, service: ServiceDescriptorProto) -> Iterator[str]:
        yield from self._comment(self._file.package, service.name)
        yield f"service {service.name} {{"
        options = [f"  option {text};" for text in self._options(service.options)]
        yield from options
        names = tuple(method.name for method in service.method)
        for number, method in enumerate(service.method):
            if number or options:
                yield ""
            yield from _indented(self._comment(self._file.package, service.name, method.name))
            yield from _indented(self._method(method, names))
        yield "}"

    def _method(self, method: MethodDescriptorProto, names: tuple[str, ...]) -> Iterator[str]:
        request = ("stream " if method.client_streaming else "") + self._type(method.input_type, names)
        response = ("stream " if method.server_streaming else "") + self._type(method.output_type, names)
        head = f"rpc {method.name}({request}) returns ({response})"
        options = [f"  option {text};" for text in self._options(method.options)]
        yield from ([f"{head} {{", *options, "}"] if options else [f"{head};"])

    def _message(self, message: DescriptorProto, scope: tuple[str, ...], inner: tuple[str, ...]) -> Iterator[str]:
        """`inner` are the names in the messages around this one, which hide those of the package."""
        names = (*inner, *_names_in(message))
        full = (*scope, message.name)
        yield from self._comment(*full)
        yield f"message {message.name} {{"
        entries = {f".{'.'.join(full)}.{item.name}": item for item in message.nested_type if item.options.map_entry}
        for nested in message.nested_type:
            if not nested.options.map_entry:
                yield from _indented(self._message(nested, full, names))
        for enum in message.enum_type:
            yield from _indented(self._enum(enum, *full))
        yield from _reserved((item.start, item.end - 1) for item in message.reserved_range)
        yield from (f'  reserved "{name}";' for name in message.reserved_name)
        for item in message.extension_range:
            yield f"  extensions {item.start} to {'max' if item.end == _MOST else item.end - 1};"
        yield from (f"  option {text};" for text in self._options(message.options))
        yield from self._fields(message, full, names, entries)
        yield "}"

    def _fields(
        self, message: DescriptorProto, full: tuple[str, ...], names: tuple[str, ...], maps: Mapping[str, Any]
    ) -> Iterator[str]:
        opened: int | None = None
        for field in message.field:
            index = field.oneof_index if field.HasField("oneof_index") and not field.proto3_optional else None
            if opened is not None and index != opened:
                yield "  }"
            if index is not None and index != opened:
                yield f"  oneof {message.oneof_decl[index].name} {{"
                yield from (f"    option {text};" for text in self._options(message.oneof_decl[index].options))
            opened = index
            indent = "  " if index is None else "    "
            yield from (indent + line for line in self._comment(*full, field.name))
            yield indent + self._field(field, names, in_oneof=index is not None, entry=maps.get(field.type_name))
        if opened is not None:
            yield "  }"

    def _field(
        self,
        field: FieldDescriptorProto,
        names: tuple[str, ...],
        in_oneof: bool = False,
        entry: DescriptorProto | None = None,
    ) -> str:
        label = "" if in_oneof else f"{_LABELS[field.label]} "
        if self._file.syntax in ("proto3", "editions") and label == "optional " and not field.proto3_optional:
            label = ""
        kind = self._kind(field, names)
        if entry is not None:
            label, kind = "", f"map<{self._kind(entry.field[0], names)}, {self._kind(entry.field[1], names)}>"
        options = list(self._options(field.options))
        if field.json_name and field.json_name != _json_name(field.name) and not field.extendee:
            options.insert(0, f"json_name = {json.dumps(field.json_name, ensure_ascii=False)}")
        written = f" [{', '.join(options)}]" if options else ""
        return f"{label}{kind} {field.name} = {field.number}{written};"

    def _kind(self, field: FieldDescriptorProto, names: tuple[str, ...]) -> str:
        if field.type_name:
            return self._type(field.type_name, names)
        return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()

    def _type(self, name: str, hidden: tuple[str, ...]) -> str:
        """The shortest name that is found from here: of the own package without it, else without the leading dot."""
        own = f".{self._file.package}." if self._file.package else "."
        short = name.removeprefix(own)
        if short != name and short.partition(".")[0] not in hidden:
            return short
        first = name[1:].partition(".")[0]
        inside = {*hidden, *self._file.package.split(".")[1:], *(item.name for item in self._file.message_type)}
        return name if first in inside or short != name else name[1:]

    def _enum(self, enum: EnumDescriptorProto, *scope: str) -> Iterator[str]:
        yield from self._comment(*scope, enum.name)
        yield f"enum {enum.name} {{"
        yield from _reserved((item.start, item.end) for item in enum.reserved_range)
        yield from (f'  reserved "{name}";' for name in enum.reserved_name)
        yield from (f"  option {text};" for text in self._options(enum.options))
        for value in enum.value:
            options = ", ".join(self._options(value.options))
            yield f"  {value.name} = {value.number}{f' [{options}]' if options else ''};"
        yield "}"

    def _options(self, options: Any) -> Iterator[str]:
        """Each option as `name = value`, extensions known through the files themselves."""
        if not options.ByteSize():
            return
        cls = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(options.DESCRIPTOR.full_name))
        for field, value in cls.FromString(options.SerializeToString()).ListFields():
            if not field.is_extension and field.name == "map_entry":
                continue
            name = f"({field.full_name})" if field.is_extension else field.name
            for item in value if field.is_repeated else (value,):
                yield f"{name} = {_value(field, item)}"


def _names_in(message: DescriptorProto) -> Iterator[str]:
    """What stands in a message: types, fields, oneofs and values of enums share one scope."""
    yield from (item.name for item in message.nested_type)
    yield from (item.name for item in message.enum_type)
    yield from (item.name for item in message.field)
    yield from (item.name for item in message.oneof_decl)
    yield from (value.name for enum in message.enum_type for value in enum.value)


def _value(field: Any, value: Any) -> str:
    if field.message_type is not None:
        return f"{{ {text_format.MessageToString(value, as_one_line=True, as_utf8=True)} }}"
    if field.enum_type is not None:
        return str(field.enum_type.values_by_number[value].name)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # protoc reads the same escapes
    return str(value).lower()


def _json_name(name: str) -> str:
    """The JSON name protoc gives a field by itself."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _reserved(ranges: Iterable[tuple[int, int]]) -> Iterator[str]:
    for first, last in ranges:
        yield f"  reserved {first if first == last else f'{first} to {last}'};"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" if line else "" for line in lines)
