"""Messages and enums as classes."""

from __future__ import annotations

from iii_codegen.emit.file import Lines
from iii_codegen.emit.python.literal import docstring, text
from iii_codegen.emit.python.module import ABI, BETTERPROTO, BUILTINS, DATACLASSES, Module
from iii_codegen.emit.python.names import enum_value_name, member_name
from iii_codegen.emit.python.types import Names
from iii_codegen.model.nodes import Cardinality, Element, Enum, Field, Kind, Message

__all__ = ["MessageWriter"]


class MessageWriter:
    """Writes the classes of one module."""

    def __init__(self, module: Module, names: Names) -> None:
        self._module = module
        self._names = names

    def message(self, message: Message, name: str) -> Lines:
        """A dataclass with the nested types first, then the fields."""
        lines = Lines()
        dataclass = f"@{self._module.use(DATACLASSES)}.dataclass(eq=False, repr=False, kw_only=True)"
        types: list[Enum | Message] = [*message.enums, *message.messages]
        members = [item.name for item in types] + [item.name for item in message.fields]
        outer = self._names.enter(member_name(name) for name in members)
        lines.add(dataclass)
        with lines.indented(f"class {name}({self._module.use(BETTERPROTO)}.Message):"):
            lines.add(*docstring(message.comment))
            blocks = [self.enum(item, member_name(item.name)) for item in message.enums]
            blocks += [self.message(item, member_name(item.name)) for item in message.messages]
            for block in blocks:
                lines.add("")
                lines.extend(block)
            if blocks and message.fields:
                lines.add("")
            for item in message.fields:
                lines.add(*self._field(item))
            lines.add(*self._redaction(message))
            if not (message.comment.strip() or members):
                lines.add("pass")
        self._names.leave(outer)
        return lines

    def _redaction(self, message: Message) -> list[str]:
        """A `__repr__` for a message that hides what some of its fields hold."""
        hidden = [text(member_name(item.name)) for item in message.fields if item.redacted]
        if not hidden:
            return []
        returned = f"{self._module.use(ABI)}.redacted_repr(self, ({', '.join(hidden)},))"
        return ["", f"def __repr__(self) -> {self._module.use(BUILTINS)}.str:", f"    return {returned}"]

    def _field(self, field: Field) -> list[str]:
        betterproto = self._module.use(BETTERPROTO)
        arguments = [str(field.number), *self._arguments(field, betterproto)]
        annotation = self._annotation(field)
        declaration = f"{member_name(field.name)}: {annotation} = {betterproto}.field({', '.join(arguments)})"
        return [declaration, *docstring(field.comment)]

    def _annotation(self, field: Field) -> str:
        element = self._names.element(field.element)
        if field.key is not None:
            return f"{self._module.use(BUILTINS)}.dict[{self._names.scalar(field.key)}, {element}]"
        if field.cardinality is Cardinality.REPEATED:
            return f"{self._module.use(BUILTINS)}.list[{element}]"
        return f"{element} | None" if field.explicit_presence else element

    def _arguments(self, field: Field, betterproto: str) -> list[str]:
        unwrapped = self._names.unwrapped(field.element)
        kind = _proto_type(field.element.kind, betterproto)
        unwrap = f"lambda: {unwrapped.message}" if unwrapped else ""
        if field.key is not None:
            key = _proto_type(field.key, betterproto)
            value = f"{kind}, unwrap_2={unwrap}" if unwrap else kind
            return [f"{betterproto}.TYPE_MAP", f"map_meta={betterproto}.map_meta({key}, {value})"]
        arguments = [kind]
        if field.cardinality is Cardinality.REPEATED:
            arguments.append("repeated=True")
        elif field.explicit_presence:
            arguments.append("optional=True")
        elif field.element.kind is Kind.ENUM:
            arguments.append(f"default_factory=lambda: {self._zero(field.element)}")
        if field.oneof:
            arguments.append(f"group={text(field.oneof)}")
        if unwrap:
            arguments.append(f"unwrap={unwrap}")
        return arguments

    def _zero(self, element: Element) -> str:
        return f"{self._names.type(element.type_name)}(0)"

    def enum(self, enum: Enum, name: str) -> Lines:
        """An enum whose members are named as in the contract, escaped where Python needs it."""
        lines = Lines()
        renamed = {value.name: value.number for value in enum.values if enum_value_name(value.name) != value.name}
        with lines.indented(f"class {name}({self._module.use(BETTERPROTO)}.Enum):"):
            lines.add(*docstring(enum.comment))
            for value in enum.values:
                lines.add(f"{enum_value_name(value.name)} = {value.number}", *docstring(value.comment))
            if renamed:
                self._renaming(lines, renamed)
        return lines

    def _renaming(self, lines: Lines, renamed: dict[str, int]) -> None:
        """The hooks by which betterproto2 asks for the names in the contract."""
        builtins = self._module.use(BUILTINS)
        by_number = {number: name for name, number in reversed(renamed.items())}
        numbers = ", ".join(f"{number}: {text(name)}" for number, name in sorted(by_number.items()))
        names = ", ".join(f"{text(name)}: {number}" for name, number in renamed.items())
        for hook, types, items in (
            ("betterproto_value_to_renamed_proto_names", f"{builtins}.int, {builtins}.str", numbers),
            ("betterproto_renamed_proto_names_to_value", f"{builtins}.str, {builtins}.int", names),
        ):
            lines.add("", f"@{builtins}.classmethod")
            with lines.indented(f"def {hook}(cls) -> {builtins}.dict[{types}]:"):
                lines.add("return {" + items + "}")


def _proto_type(kind: Kind, betterproto: str) -> str:
    return f"{betterproto}.TYPE_{kind.value.upper()}"
