"""Rules about which members are set, as members that must not be there, or not together."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from iii_bridge.contract.re2_text import python_pattern
from iii_bridge.contract.rules import (
    BoolRules,
    BytesRules,
    EnumRules,
    FieldRules,
    Ignore,
    MapRules,
    NumberRules,
    RepeatedRules,
    StringRules,
)
from iii_bridge.contract.spec import UnknownEnumNames
from iii_codegen.emit.jsonschema.rule_numbers import lets_through
from iii_codegen.emit.jsonschema.values import NULL_VALUE, Shape, View
from iii_codegen.model.nodes import Cardinality, Enum, Field, Kind, Message

__all__ = ["grouped_fields", "needs_a_value", "refused_by_rules"]

_NEVER: Final[Shape] = {"not": {}}
_FLOATS: Final = (Kind.FLOAT, Kind.DOUBLE)


def grouped_fields(message: Message) -> frozenset[str]:
    """The fields that a rule of the message makes exclude each other; their own rules count only while they are set."""
    groups = message.rules.oneofs if message.rules is not None else ()
    return frozenset(name for group in groups for name in group.fields)


def needs_a_value(field: Field, message: Message) -> bool:
    """Whether the default value of a field without presence breaks its rules, so that the member has to be there."""
    rules = field.rules
    if rules is None or field.explicit_presence or rules.ignore is not Ignore.UNSET:
        return False
    grouped = field.name in grouped_fields(message)
    return not grouped and (rules.required or _default_breaks(rules))


def _default_breaks(rules: FieldRules) -> bool:
    match rules.value:
        case NumberRules() as found:
            return not lets_through(found, 0)
        case StringRules() as texts:
            return _empty_breaks(texts)
        case BytesRules() as data:
            listed = (data.const,) if data.const is not None else data.one_of
            parts = data.length.least or data.prefix or data.suffix or data.contains or data.format
            return bool(parts) or (bool(listed) and b"" not in listed) or b"" in data.none_of
        case EnumRules() as enum:
            numbers = (enum.const,) if enum.const is not None else enum.one_of
            return (bool(numbers) and 0 not in numbers) or 0 in enum.none_of
        case BoolRules(const=const):
            return const is True
        case RepeatedRules(size=size) | MapRules(size=size):
            return bool(size.least)
        case _:
            return False


def _empty_breaks(rules: StringRules) -> bool:
    listed = (rules.const,) if rules.const is not None else rules.one_of
    parts = rules.length.least or rules.bytes_length.least or rules.prefix or rules.suffix or rules.contains
    formed = rules.format and rules.format not in ("uri_ref", "header_value", "header_value_loose")
    matched = rules.pattern is None or re.search(python_pattern(rules.pattern), "") is not None
    return bool(parts or formed) or (bool(listed) and "" not in listed) or "" in rules.none_of or not matched


def refused_by_rules(
    message: Message, view: View, spellings: Callable[[Field], list[str]], enums: Mapping[str, Enum]
) -> Iterator[Shape]:
    """Objects that break a rule about what is set: none of a required oneof's members, or two of a group's."""
    fields = {field.name: field for field in message.fields}
    for oneof in message.required_oneofs:
        yield _none([field for field in message.fields if field.oneof == oneof], view, spellings, enums)
    for group in message.rules.oneofs if message.rules is not None else ():
        members = [fields[name] for name in group.fields]
        if group.required:
            yield _none(members, view, spellings, enums)
        for pair in itertools.combinations(members, 2):
            for names in itertools.product(*map(spellings, pair)):
                values = [_set_value(field, view, enums, sure=True) for field in pair]
                if _NEVER not in values:
                    yield {"required": [*names], "properties": dict(zip(names, values, strict=True))}


def _none(
    members: list[Field], view: View, spellings: Callable[[Field], list[str]], enums: Mapping[str, Enum]
) -> Shape:
    present = [
        {"required": [name], "properties": {name: _set_value(field, view, enums, sure=False)}}
        for field in members
        for name in spellings(field)
    ]
    return {"not": {"anyOf": present}}


def _set_value(field: Field, view: View, enums: Mapping[str, Enum], *, sure: bool) -> Shape:
    """A member's values that set it: `sure` gives only such values, else all of them and perhaps more."""
    null: Shape = {} if field.element.type_name in _TAKES_NULL or not view.wide else {"not": {"type": "null"}}
    ignored = view.wide and view.unknown_enum_names is UnknownEnumNames.IGNORE and field.element.kind is Kind.ENUM
    if sure and ignored:
        return _NEVER  # a name that is not known sets nothing
    if field.explicit_presence:
        return null
    if field.cardinality is not Cardinality.SINGULAR:
        array = field.cardinality is Cardinality.REPEATED
        return {"type": "array", "minItems": 1} if array else {"type": "object", "minProperties": 1}
    if view.wide and not sure:
        return null
    return _more_than_default(field.element.kind, enums.get(field.element.type_name), view, sure=sure)


_TAKES_NULL: Final = (NULL_VALUE, "google.protobuf.Value")


def _more_than_default(kind: Kind, enum: Enum | None, view: View, *, sure: bool) -> Shape:
    if kind in (Kind.STRING, Kind.BYTES):
        return {"type": "string", "minLength": 1}
    if kind is Kind.BOOL:
        return {"const": True}
    if kind in _FLOATS:  # -0 sets a float, and is 0 to a validator
        return {"type": "number", "not": {"const": 0}} if sure else {}
    zeros = [value.name for value in enum.values if value.number == 0] if enum is not None else ["0"]
    if not view.wide:
        return {"not": {"enum": [0, *zeros]}}
    return {"type": "integer", "not": {"const": 0}}  # strings have many spellings of zero
