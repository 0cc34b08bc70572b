"""Stubs of google's message classes: every field with its type, for mypy and pyright."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from iii_codegen.emit.file import Lines
from iii_codegen.emit.python.literal import docstring, text
from iii_codegen.emit.python.module import Import, Module
from iii_codegen.emit.python.names import KEYWORDS
from iii_codegen.emit.python.types import SCALARS, Names
from iii_codegen.model.nodes import Cardinality, Element, Enum, Field, Kind, Message

__all__ = ["StubWriter"]

# Fields keep their names, so what the stub itself needs begins with an underscore.
_BUILTINS: Final = Import(0, "", "builtins", "_builtins")
_TYPING: Final = Import(0, "", "typing", "_typing")
_COLLECTIONS: Final = Import(0, "", "collections.abc", "_abc")
_MESSAGE: Final = Import(1, "google.protobuf", "message", "_message")
_CONTAINERS: Final = Import(1, "google.protobuf.internal", "containers", "_containers")
_ENUMS: Final = Import(1, "google.protobuf.internal", "enum_type_wrapper", "_enum_type_wrapper")

_WRAPPER_ATTRIBUTES: Final = frozenset(["DESCRIPTOR", "Name", "Value", "ValueType", "items", "keys", "mro", "values"])
_MESSAGE_ATTRIBUTES: Final = frozenset(
    [
        "ByteSize",
        "Clear",
        "ClearExtension",
        "ClearField",
        "CopyFrom",
        "DESCRIPTOR",
        "DiscardUnknownFields",
        "Extensions",
        "FindInitializationErrors",
        "FromString",
        "HasExtension",
        "HasField",
        "IsInitialized",
        "ListFields",
        "MergeFrom",
        "MergeFromString",
        "ParseFromString",
        "SerializePartialToString",
        "SerializeToString",
        "SetInParent",
        "UnknownFields",
        "WhichOneof",
    ]
)
"""A field of such a name is there, but a stub cannot say so: it would be another type for what the base has."""


class StubWriter:
    """Writes the classes of one stub."""

    def __init__(self, module: Module, names: Names) -> None:
        self._module = module
        self._names = names

    def enum(self, enum: Enum, name: str, lines: Lines) -> None:
        """What the wrapper of an enum can do, the type of its values, and the values themselves."""
        use = self._module.use
        value_type = f"{self._names.type(enum.full_name)}.ValueType"
        lines.add("")
        with lines.indented(f"class _{name}EnumTypeWrapper({use(_ENUMS)}.EnumTypeWrapper):"):
            lines.add(*(f"{value.name}: {value_type}" for value in enum.values if _is_attribute(value.name)))
            name_type = f"{use(_BUILTINS)}.str | {use(_BUILTINS)}.bytes"
            lines.add(f"def Value(self, name: {name_type}) -> {value_type}: ...")
        lines.add("")
        with lines.indented(f"class {name}(metaclass=_{name}EnumTypeWrapper):"):
            lines.add(*docstring(enum.comment))
            lines.add(f"ValueType = {use(_TYPING)}.NewType({text('ValueType')}, {use(_BUILTINS)}.int)")
        lines.add("")
        for value in enum.values:
            if value.name not in KEYWORDS:
                lines.add(f"{value.name}: {value_type}", *docstring(value.comment))

    def message(self, message: Message, name: str, lines: Lines) -> None:
        """A message class, with the types in it first."""
        use = self._module.use
        nested: list[Enum | Message] = [*message.enums, *message.messages]
        values = [value.name for enum in message.enums for value in enum.values]
        members = {*(item.name for item in nested), *(field.name for field in message.fields), *values}
        outer = self._names.enter(members)
        lines.add("")
        with lines.indented(f"class {name}({use(_MESSAGE)}.Message):"):
            lines.add(*docstring(message.comment))
            for item in message.enums:
                self.enum(item, item.name, lines)
            for inner in message.messages:
                self.message(inner, inner.name, lines)
            for field in message.fields:
                if _is_free(field.name):
                    self._field(field, lines)
            self._constructor([field for field in message.fields if field.name not in KEYWORDS], lines)
            self._presence(message, members, lines)
        self._names.leave(outer)

    def _field(self, field: Field, lines: Lines) -> None:
        use = self._module.use
        lines.add("", f"{field.name.upper()}_FIELD_NUMBER: {use(_BUILTINS)}.int")
        held = self._held(field)
        if held is None:
            lines.add(f"{field.name}: {self._value(field.element)}", *docstring(field.comment))
            return
        lines.add(f"@{use(_BUILTINS)}.property")
        with lines.indented(f"def {field.name}(self) -> {held}:"):
            lines.add(*(docstring(field.comment) or ["..."]))

    def _held(self, field: Field) -> str | None:
        """The container or message that is there always, and cannot be replaced; None for single values."""
        value, is_message = self._value(field.element), field.element.kind is Kind.MESSAGE
        if field.key is not None:
            kind = "MessageMap" if is_message else "ScalarMap"
            return f"{self._module.use(_CONTAINERS)}.{kind}[{self._scalar(field.key)}, {value}]"
        if field.cardinality is Cardinality.REPEATED:
            kind = "RepeatedCompositeFieldContainer" if is_message else "RepeatedScalarFieldContainer"
            return f"{self._module.use(_CONTAINERS)}.{kind}[{value}]"
        return value if is_message else None

    def _constructor(self, fields: list[Field], lines: Lines) -> None:
        own = "_self" if any(field.name == "self" for field in fields) else "self"
        if not fields:
            lines.add("", f"def __init__({own}) -> None: ...")
            return
        lines.add("")
        with lines.indented("def __init__(", ") -> None: ..."):
            lines.add(f"{own},", "*,")
            lines.add(*(f"{field.name}: {self._argument(field)} | None = ...," for field in fields))

    def _argument(self, field: Field) -> str:
        value = self._value(field.element)
        if field.key is not None:
            return f"{self._module.use(_COLLECTIONS)}.Mapping[{self._scalar(field.key)}, {value}]"
        if field.cardinality is Cardinality.REPEATED:
            return f"{self._module.use(_COLLECTIONS)}.Iterable[{value}]"
        return value

    def _presence(self, message: Message, members: set[str], lines: Lines) -> None:
        """The three methods that take names."""
        use = self._module.use
        oneofs = [name for name, _ in message.oneofs]
        names = [field.name for field in message.fields]
        present = [field.name for field in message.fields if field.explicit_presence]
        if present and "HasField" not in members:
            literal = self._literal([*present, *oneofs])
            lines.add("", f"def HasField(self, field_name: {literal}) -> {use(_BUILTINS)}.bool: ...")
        if names and "ClearField" not in members:
            lines.add("", f"def ClearField(self, field_name: {self._literal([*names, *oneofs])}) -> None: ...")
        if "WhichOneof" in members:
            return
        for oneof in oneofs:
            choices = self._literal(field.name for field in message.fields if field.oneof == oneof)
            lines.add("", *([f"@{use(_TYPING)}.overload"] if len(oneofs) > 1 else []))
            lines.add(f"def WhichOneof(self, oneof_group: {self._literal([oneof])}) -> {choices} | None: ...")

    def _literal(self, names: Iterable[str]) -> str:
        return f"{self._module.use(_TYPING)}.Literal[{', '.join(text(name) for name in names)}]"

    def _value(self, element: Element) -> str:
        if element.kind is Kind.ENUM:
            return f"{self._names.type(element.type_name)}.ValueType"
        return self._names.type(element.type_name) if element.type_name else self._scalar(element.kind)

    def _scalar(self, kind: Kind) -> str:
        return f"{self._module.use(_BUILTINS)}.{SCALARS.get(kind, 'int')}"


def _is_attribute(name: str) -> bool:
    """Whether a value can be an attribute of its wrapper in a stub."""
    return name not in KEYWORDS and name not in _WRAPPER_ATTRIBUTES


def _is_free(name: str) -> bool:
    """Whether a field can be declared in a stub."""
    return name not in KEYWORDS and name not in _MESSAGE_ATTRIBUTES and not (name[:2] == name[-2:] == "__")
