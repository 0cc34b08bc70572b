"""A draft as a `.proto` file, and which lines each field and method has."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from iii_codegen.importing.bindings import option
from iii_codegen.importing.draft import DraftEnum, DraftField, DraftMessage, DraftMethod
from iii_codegen.importing.literal import Word, literal
from iii_codegen.importing.names import json_name
from iii_codegen.importing.presence import label

__all__ = ["DraftFile", "DraftService", "Printed", "print_file"]

_WIDTH: Final = 116
_IMPORTS: Final = (  # a beginning of what is used, and the file that has it
    ("buf.validate.", "buf/validate/validate.proto"),
    ("google.api.http", "google/api/annotations.proto"),
    ("google.api.field_behavior", "google/api/field_behavior.proto"),
    ("google.protobuf.Any", "google/protobuf/any.proto"),
    ("google.protobuf.Duration", "google/protobuf/duration.proto"),
    ("google.protobuf.Empty", "google/protobuf/empty.proto"),
    ("google.protobuf.FieldMask", "google/protobuf/field_mask.proto"),
    ("google.protobuf.ListValue", "google/protobuf/struct.proto"),
    ("google.protobuf.NullValue", "google/protobuf/struct.proto"),
    ("google.protobuf.Struct", "google/protobuf/struct.proto"),
    ("google.protobuf.Value", "google/protobuf/struct.proto"),
    ("google.protobuf.Timestamp", "google/protobuf/timestamp.proto"),
    ("iii_bridge.v1.file", "iii_bridge/v1/contract.proto"),
    ("iii_bridge.v1.function", "iii_bridge/v1/contract.proto"),
    ("iii_bridge.v1.service", "iii_bridge/v1/contract.proto"),
    ("iii_bridge.v1.trigger", "iii_bridge/v1/contract.proto"),
    ("iii_bridge.v1.", "iii_bridge/v1/events.proto"),
)


@dataclass(slots=True, eq=False)
class DraftService:
    """The methods of one prefix."""

    name: str
    options: dict[str, Any]
    """Of `iii_bridge.v1.service`."""
    methods: list[DraftMethod]


@dataclass(slots=True, eq=False)
class DraftFile:
    """One package."""

    package: str
    services: list[DraftService]
    messages: list[DraftMessage]
    enums: list[DraftEnum]
    options: dict[str, Any] = field(default_factory=lambda: dict[str, Any]())
    """Of `iii_bridge.v1.file`."""
    proto_names: bool = False
    """Whether members are called as the fields are."""
    comment: str = ""

    @property
    def path(self) -> str:
        """Where the file belongs: directories are packages."""
        parts = self.package.split(".")
        return f"{'/'.join(parts)}/{parts[-2] if len(parts) > 1 else parts[-1]}.proto"


@dataclass(slots=True)
class Printed:
    """The text, and what stands where: the first line, the last, and the field or method."""

    text: str
    places: list[tuple[int, int, DraftField | DraftMethod]]


def print_file(file: DraftFile) -> Printed:
    """The whole file."""
    body = _Body(file)
    body.file()
    used = set(body.used)
    imports = sorted({path for path in (_import_of(name) for name in used) if path})
    head = [f"// {file.comment}"] if file.comment else []
    head += ['syntax = "proto3";', "", f"package {file.package};", ""]
    head += [f'import "{path}";' for path in imports] + ([""] if imports else [])
    lines = [*head, *body.lines]
    places = [(first + len(head), last + len(head), what) for first, last, what in body.places]
    return Printed("\n".join(lines).rstrip("\n") + "\n", places)


def _import_of(name: str) -> str:
    return next((path for start, path in _IMPORTS if name.startswith(start)), "")


class _Body:
    def __init__(self, file: DraftFile) -> None:
        self._file = file
        self.lines: list[str] = []
        self.used: list[str] = []
        self.places: list[tuple[int, int, DraftField | DraftMethod]] = []

    def file(self) -> None:
        if self._file.options:
            self._add(f"option {self._option('iii_bridge.v1.file', self._file.options)};", 0)
            self._add("", 0)
        for service in self._file.services:
            self._service(service)
        for message in self._file.messages:
            self._message(message)
        for enum in self._file.enums:
            if enum.parent is None:
                self._enum(enum, 0)
                self._add("", 0)

    def _add(self, line: str, depth: int) -> None:
        self.lines.append("  " * depth + line if line else "")

    def _comment(self, lines: Iterable[str], depth: int) -> None:
        for line in lines:
            for paragraph in line.splitlines() or [""]:
                for part in textwrap.wrap(paragraph, _WIDTH - 3 - 2 * depth, break_on_hyphens=False) or [""]:
                    self._add(f"// {part}".rstrip(), depth)

    def _option(self, name: str, value: Any) -> str:
        self.used.append(name)
        return f"({name}) = {literal(value)}"

    def _type(self, value: str | DraftMessage | DraftEnum) -> str:
        if not isinstance(value, str):
            return value.name
        self.used.append(value)
        return value

    def _service(self, service: DraftService) -> None:
        self._add(f"service {service.name} {{", 0)
        if service.options:
            self._add(f"option {self._option('iii_bridge.v1.service', service.options)};", 1)
            self._add("", 0)
        for number, method in enumerate(service.methods):
            if number:
                self._add("", 0)
            first = len(self.lines) + 1
            self._method(method)
            self.places.append((first, len(self.lines), method))
        self._add("}", 0)
        self._add("", 0)

    def _method(self, method: DraftMethod) -> None:
        self._comment(method.comment, 1)
        options = [self._option(*option(binding)) for binding in method.bindings]
        if method.options:
            options.append(self._option("iii_bridge.v1.function", method.options))
        head = f"rpc {method.name}({self._type(method.request)}) returns ({self._type(method.response)})"
        if not options:
            self._add(f"{head};", 1)
            return
        self._add(f"{head} {{", 1)
        for text in options:
            self._add(f"option {text};", 2)
        self._add("}", 1)

    def _message(self, message: DraftMessage) -> None:
        self._comment(message.comment, 0)
        inner = [enum for enum in self._file.enums if enum.parent is message]
        if not message.fields and not message.deprecated:
            self._add(f"message {message.name} {{}}", 0)
            self._add("", 0)
            return
        self._add(f"message {message.name} {{", 0)
        if message.deprecated:
            self._add("option deprecated = true;", 1)
        for enum in inner:
            self._enum(enum, 1)
        self._fields(message)
        self._add("}", 0)
        self._add("", 0)

    def _fields(self, message: DraftMessage) -> None:
        done: set[str] = set()
        for item in message.fields:
            if not item.oneof:
                self._field(item, 1)
            elif item.oneof not in done:
                done.add(item.oneof)
                self._add(f"oneof {item.oneof} {{", 1)
                if item.oneof in message.required_oneofs:
                    self._add(f"option {self._option('buf.validate.oneof', {'required': True})};", 2)
                for member in message.fields:
                    if member.oneof == item.oneof:
                        self._field(member, 2)
                self._add("}", 1)

    def _field(self, item: DraftField, depth: int) -> None:
        first = len(self.lines) + 1
        self._comment(item.comment, depth)
        kind = self._type(item.type)
        if item.key:
            kind = f"map<{item.key}, {kind}>"
        options = self._field_options(item)
        head = f"{label(item)}{kind} {item.name} = {item.number}"
        line = f"{head} [{', '.join(options)}];" if options else f"{head};"
        if len(line) + 2 * depth <= _WIDTH or not options:
            self._add(line, depth)
        else:
            self._add(f"{head} [", depth)
            for number, text in enumerate(options):
                self._add(text + ("," if number < len(options) - 1 else ""), depth + 1)
            self._add("];", depth)
        self.places.append((first, len(self.lines), item))

    def _field_options(self, item: DraftField) -> Sequence[str]:
        options: list[str] = []
        written = item.name if self._file.proto_names else json_name(item.name)
        if written != item.member:
            options.append(f"json_name = {literal(item.member)}")
        if item.deprecated:
            options.append("deprecated = true")
        options += [self._option("google.api.field_behavior", Word(behavior)) for behavior in item.behaviors]
        for kind, rules in item.rules.items():
            self.used.append("buf.validate.field")
            short = len(rules) == 1 and not isinstance(next(iter(rules.values())), dict | list)
            if short:
                ((name, value),) = rules.items()
                options.append(f"(buf.validate.field).{kind}.{name} = {literal(value)}")
            else:
                options.append(f"(buf.validate.field).{kind} = {literal(rules)}")
        return options

    def _enum(self, enum: DraftEnum, depth: int) -> None:
        self._comment([enum.comment] if enum.comment else [], depth)
        self._add(f"enum {enum.name} {{", depth)
        for number, (name, comment) in enumerate(enum.values):
            self._comment([comment] if comment else [], depth + 1)
            self._add(f"{name} = {number};", depth + 1)
        self._add("}", depth)
