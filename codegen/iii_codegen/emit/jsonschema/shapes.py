"""Messages as schemas in one representation, before the dialect is known: references are full names.

`canonical` describes what is printed under a JSON profile, in types as plain as
they can be; `protojson` everything a conforming parser accepts: both spellings
of names, numbers as strings, null for unset.
"""

from __future__ import annotations

from iii_bridge.contract.spec import Names, UnknownMembers
from iii_codegen.emit.jsonschema.examples import with_examples
from iii_codegen.emit.jsonschema.presence import presence, takes_null
from iii_codegen.emit.jsonschema.rule_presence import grouped_fields, needs_a_value
from iii_codegen.emit.jsonschema.rule_scope import UNCHECKED, RuleScope
from iii_codegen.emit.jsonschema.rules import with_rules
from iii_codegen.emit.jsonschema.values import (
    NULL_VALUE,
    Shape,
    View,
    enum_value,
    map_key,
    null_value,
    scalar,
    with_null,
)
from iii_codegen.emit.jsonschema.well_known import VALUE, well_known
from iii_codegen.model.nodes import Cardinality, Element, Field, Kind, Message, Tree

__all__ = ["Shape", "Shapes", "View"]


class Shapes:
    """Describes messages of one tree under one view; remembers what it described."""

    def __init__(self, tree: Tree, view: View) -> None:
        self._tree = tree
        self._scope = RuleScope(tree)
        self._view = view
        self._known: dict[str, Shape] = {}

    def message(self, full_name: str) -> Shape:
        """The schema of a message, an object unless its type is well known."""
        known = self._known.get(full_name)
        if known is None:
            known = well_known(full_name, self._view) or self._object(self._scope.message(full_name))
            known = {"title": full_name.removesuffix(UNCHECKED).rpartition(".")[2], **known}
            self._known[full_name] = known
        return known

    def _object(self, message: Message) -> Shape:
        shape: Shape = {"type": "object"}
        if message.comment:
            shape["description"] = message.comment
        if message.deprecated:
            shape["deprecated"] = True
        if message.fields:
            shape["properties"] = {
                name: self._field(field, message) for field in message.fields for name in self._names(field)
            }
        shape |= presence(message, self._view, self._names, self._tree.enums)
        if self._view.unknown is UnknownMembers.REJECT:
            shape["additionalProperties"] = False
        return shape

    def _names(self, field: Field) -> list[str]:
        preferred, other = field.json_name, field.name
        if self._view.profile.names is Names.PROTO:
            preferred, other = other, preferred
        return [preferred, other] if self._view.wide and other != preferred else [preferred]

    def _field(self, field: Field, message: Message) -> Shape:
        grouped = field.name in grouped_fields(message)
        shape = with_rules(self._cardinality(field), field, self._view, self._tree.enums, grouped=grouped)
        shape = with_examples(shape, field, self._view, self._tree.enums)
        needed = field.required or needs_a_value(field, message)
        if self._view.wide and not needed and not takes_null(field):
            shape = with_null(shape)
        notes: Shape = {}
        if field.comment:
            notes["description"] = field.comment
        if field.deprecated:
            notes["deprecated"] = True
        if "OUTPUT_ONLY" in field.behaviors:
            notes["readOnly"] = True
        if "INPUT_ONLY" in field.behaviors:
            notes["writeOnly"] = True
        return {**shape, **notes}

    def _cardinality(self, field: Field) -> Shape:
        element = self._element(field.element, field.required and field.cardinality is Cardinality.SINGULAR)
        if field.cardinality is Cardinality.REPEATED:
            return {"type": "array", "items": element}
        if field.cardinality is Cardinality.MAP and field.key is not None:
            keys = map_key(field.key, self._view)
            return {"type": "object", **({"propertyNames": keys} if keys else {}), "additionalProperties": element}
        return element

    def _element(self, element: Element, needed: bool) -> Shape:
        if element.kind is Kind.MESSAGE:
            return self._message_value(element.type_name)
        if element.kind is Kind.ENUM:
            if element.type_name == NULL_VALUE:
                return null_value(self._view)
            return enum_value(self._tree.enums[element.type_name], self._view, needed=needed)
        return scalar(element.kind, self._view)

    def _message_value(self, full_name: str) -> Shape:
        plain = well_known(full_name, self._view)
        return {"$ref": full_name} if plain is None or (full_name == VALUE and self._view.wide) else plain
