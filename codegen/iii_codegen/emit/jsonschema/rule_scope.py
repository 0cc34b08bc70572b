"""Where rules do not count: below a field whose rules are ignored, a message is described without its own.

Such a message is another one, under the name of the first and a mark, so that
both may stand among the definitions of one schema.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from iii_bridge.contract.rules import FieldRules, Ignore
from iii_codegen.model.nodes import Cardinality, Element, Field, Message, Tree

__all__ = ["UNCHECKED", "RuleScope"]

UNCHECKED: Final = " unchecked"
"""Behind the full name of a message whose rules do not count; no name of protobuf has spaces."""


class RuleScope:
    """The messages of a tree, as they are to be described."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._bearers = _bearers(tree)

    def message(self, name: str) -> Message:
        """The message of a name, perhaps marked; fields refer to marked names where they ignore rules."""
        message = self._tree.messages[name.removesuffix(UNCHECKED)]
        if name.endswith(UNCHECKED):
            fields = tuple(self._unchecked(field) for field in message.fields)
            return replace(message, fields=fields, rules=None, required_oneofs=())
        fields = tuple(self._marked(field) if _ignores_held(field) else field for field in message.fields)
        return replace(message, fields=fields)

    def _unchecked(self, field: Field) -> Field:
        by_rule = field.rules is not None and field.rules.required and "REQUIRED" not in field.behaviors
        return replace(self._marked(field), rules=None, required=field.required and not by_rule)

    def _marked(self, field: Field) -> Field:
        if field.element.type_name not in self._bearers:
            return field
        return replace(field, element=Element(field.element.kind, field.element.type_name + UNCHECKED))


def _ignores_held(field: Field) -> bool:
    """Whether what a field holds may break its own rules; in lists and maps an empty message may."""
    rules = field.rules or FieldRules()
    if rules.ignore is Ignore.ALWAYS:
        return True
    inner = dict(rules.parts)
    held = inner.get("value" if field.cardinality is Cardinality.MAP else "item", FieldRules())
    return held.ignore is not Ignore.UNSET


def _bearers(tree: Tree) -> frozenset[str]:
    """The messages that have rules, or hold messages that have."""
    found = {message.full_name for message in tree.messages.values() if _has_rules(message)}
    grown = bool(found)
    while grown:
        more = {
            message.full_name
            for message in tree.messages.values()
            if message.full_name not in found and any(field.element.type_name in found for field in message.fields)
        }
        found |= more
        grown = bool(more)
    return frozenset(found)


def _has_rules(message: Message) -> bool:
    ruled = any(field.rules is not None for field in message.fields)
    return ruled or message.rules is not None or bool(message.required_oneofs)
