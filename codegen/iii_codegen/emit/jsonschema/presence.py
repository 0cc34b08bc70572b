"""Which members must be there, and which cannot be there together.

Members of a oneof exclude each other by `not` and `required` beside plain
properties, so that tools that make types of schemas see plain types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from iii_bridge.contract.spec import Defaults
from iii_codegen.emit.jsonschema.rule_presence import needs_a_value, refused_by_rules
from iii_codegen.emit.jsonschema.values import NULL_VALUE, Shape, View
from iii_codegen.emit.jsonschema.well_known import VALUE
from iii_codegen.model.nodes import Cardinality, Enum, Field, Message

__all__ = ["Spellings", "presence", "takes_null"]

Spellings = Callable[[Field], list[str]]
"""The names a field goes by, the one we print first."""

_NULL_TYPES: Final = (VALUE, NULL_VALUE)


def takes_null(field: Field) -> bool:
    """Whether null is a value of the field; everywhere else it means unset."""
    return field.cardinality is Cardinality.SINGULAR and field.element.type_name in _NULL_TYPES


def presence(message: Message, view: View, spellings: Spellings, enums: Mapping[str, Enum]) -> Shape:
    """The keywords `required` and `not` of a message, as far as it needs them."""
    needed = [
        spellings(field) for field in message.fields if _is_required(field, view) or needs_a_value(field, message)
    ]
    required = [names[0] for names in needed if len(names) == 1]
    refused = [*_refused(message, view, spellings), *refused_by_rules(message, view, spellings, enums)]
    refused += [{"not": {"anyOf": [_present(name) for name in names]}} for names in needed if len(names) > 1]
    shape: Shape = {"required": required} if required else {}
    if refused:
        shape["not"] = {"anyOf": refused}
    return shape


def _is_required(field: Field, view: View) -> bool:
    if field.required:
        return True
    emits = view.profile.defaults is Defaults.EMIT and not field.explicit_presence
    return emits and view.response and not view.wide


def _refused(message: Message, view: View, spellings: Spellings) -> Iterator[Shape]:
    yield from (_present(*names) for field in message.fields if len(names := spellings(field)) > 1)
    for oneof, _ in message.oneofs:
        members = [field for field in message.fields if field.oneof == oneof]
        if view.wide:
            set_members = [_set(name, field) for field in members for name in spellings(field)]
            if len(set_members) > 1:
                yield {"not": _at_most_one(set_members)}
        else:
            names = [spellings(field)[0] for field in members]
            yield from (_present(one, other) for index, one in enumerate(names) for other in names[index + 1 :])


def _present(*names: str) -> Shape:
    """All of the members. Ajv in its strict mode wants to see what is required among the properties."""
    return {"required": list(names), "properties": {name: {} for name in names}}


def _set(name: str, field: Field) -> Shape:
    """The member, as a value: null leaves a member of a oneof unset."""
    value: Shape = {} if takes_null(field) else {"not": {"type": "null"}}
    return {"required": [name], "properties": {name: value}}


def _at_most_one(shapes: list[Shape]) -> Shape:
    return {"oneOf": [*shapes, {"not": {"anyOf": shapes}}]}
