"""Hypothesis strategies for the JSON documents of messages: presence, oneofs, lists, maps, messages within messages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from iii_bridge.contract.plan import Element, FieldPlan, MessagePlan, Shape, plan_of, root_element
from iii_bridge.contract.rules import AnyRules, FieldRules, Ignore, MapRules, MessageRules, RepeatedRules
from iii_bridge.errors import UnsupportedError
from iii_bridge.testing.places import reached
from iii_bridge.testing.texts import sizes
from iii_bridge.testing.values import is_default, keys_of, values_of
from iii_bridge.types import Json

__all__ = ["Documents"]

_ITEMS: Final = 3  # more than the least, where nothing limits a list or a map
_LIMIT: Final = 32  # levels of messages that must be there, before a contract counts as endless
_TYPE_PREFIX: Final = "type.googleapis.com/"

_Members = dict[str, SearchStrategy[Any]]


class Documents:
    """The documents of the messages one root reaches. Strategies are made once for each class and depth."""

    def __init__(self, root: type, *, depth: int, unknown_enum_numbers: bool) -> None:
        """Messages that may be left out are, `depth` levels below the root."""
        self._root = root_element(root)
        self._depth = depth
        self._unknown = unknown_enum_numbers
        self._made: dict[tuple[type, int], SearchStrategy[Any]] = {}
        self._packed = tuple(reached(root)) if self._root.shape is Shape.MESSAGE else ()

    def root(self) -> SearchStrategy[Json]:
        """Documents of the root. Raises UnsupportedError for a message that must hold itself."""
        return self._value(self._root, None, self._depth)

    # --- messages ------------------------------------------------------------

    def _message(self, cls: type, depth: int) -> SearchStrategy[Any]:
        found = self._made.get((cls, depth))
        if found is None:
            plan = plan_of(cls)
            if depth < -_LIMIT:
                raise UnsupportedError(f"{plan.full_name} must hold itself without end; make a field of it optional")
            found = self._made[cls, depth] = self._members(plan, depth)
        return found

    def _members(self, plan: MessagePlan, depth: int) -> SearchStrategy[Any]:
        rules = plan.schema.rules or MessageRules()
        groups = [(fields, oneof.required) for fields, oneof in zip(plan.oneofs, plan.schema.oneofs, strict=True)]
        by_name = {field.schema.name: field for field in plan.fields}
        groups += [(tuple(by_name[name] for name in one.fields), one.required) for one in rules.oneofs]
        grouped = {field.schema.number for fields, _ in groups for field in fields}
        always: _Members = {}
        perhaps: _Members = {}
        for field in plan.fields:
            if field.schema.number not in grouped:
                must = _must(field) or _checked_when_unset(field)
                found = self._field(field, depth, must)
                if found is not None:
                    (always if must else perhaps)[field.schema.json_name] = found
        parts = [st.fixed_dictionaries(always, optional=perhaps)]
        parts += [self._one_of(fields, required, depth) for fields, required in groups]
        return parts[0] if len(parts) == 1 else st.tuples(*parts).map(_joined)

    def _one_of(self, fields: Sequence[FieldPlan], required: bool, depth: int) -> SearchStrategy[Any]:
        """At most one of the fields, exactly one where it is asked for."""
        must = [field for field in fields if _must(field)]
        found: list[SearchStrategy[Any]] = []
        for field in must or fields:
            value = self._field(field, depth, required and len(fields) == 1)
            if value is not None:
                found.append(st.fixed_dictionaries({field.schema.json_name: value}))
        if required and not found:  # all of them are messages, so deep that others are left out
            found = [self._finite(fields, depth)]
        nothing: list[SearchStrategy[Any]] = [] if must or required else [st.just({})]
        return st.one_of(*nothing, *found)

    def _finite(self, fields: Sequence[FieldPlan], depth: int) -> SearchStrategy[Any]:
        """The first of the fields that does not hold its own message without end."""
        for field in fields[:-1]:
            try:
                return st.fixed_dictionaries({field.schema.json_name: self._always(field, depth)})
            except UnsupportedError:
                continue
        return st.fixed_dictionaries({fields[-1].schema.json_name: self._always(fields[-1], depth)})

    # --- fields --------------------------------------------------------------

    def _field(self, field: FieldPlan, depth: int, must: bool) -> SearchStrategy[Any] | None:
        """None for a message that is left out because it stands too deep."""
        deep = depth <= 0 and field.element.shape in (Shape.MESSAGE, Shape.ANY)
        if deep and field.is_plain and not must:
            return None
        return self._always(field, depth, empty=deep)

    def _always(self, field: FieldPlan, depth: int, *, empty: bool = False) -> SearchStrategy[Any]:
        rules = field.schema.rules or FieldRules()
        if rules.ignore is Ignore.ALWAYS:
            rules = FieldRules()
        spare = 0 if empty else _ITEMS
        if field.key is not None:
            return self._map(field, rules, field.key, spare, depth)
        if field.schema.repeated:
            return self._list(field, rules, spare, depth)
        found = self._value(field.element, rules, depth - 1)
        if rules.required and not field.schema.presence:
            return found.filter(lambda value: not is_default(field.element, value))
        return found

    def _list(self, field: FieldPlan, rules: FieldRules, spare: int, depth: int) -> SearchStrategy[Any]:
        own = rules.value if isinstance(rules.value, RepeatedRules) else RepeatedRules()
        least, most = sizes(own.size, spare=spare)
        least = max(least, 1) if rules.required else least
        if not spare and not least:
            return st.just([])
        items = self._value(field.element, own.items, depth - 1)
        unique = json.dumps if own.unique else None
        return st.lists(items, min_size=least, max_size=max(least, most), unique_by=unique)

    def _map(self, field: FieldPlan, rules: FieldRules, key: Shape, spare: int, depth: int) -> SearchStrategy[Any]:
        own = rules.value if isinstance(rules.value, MapRules) else MapRules()
        least, most = sizes(own.size, spare=spare)
        least = max(least, 1) if rules.required else least
        if not spare and not least:
            return st.just({})
        keys = keys_of(key, own.keys.value if own.keys is not None else None)
        values = self._value(field.element, own.values, depth - 1)
        return st.dictionaries(keys, values, min_size=least, max_size=max(least, most))

    def _value(self, element: Element, rules: FieldRules | None, depth: int) -> SearchStrategy[Any]:
        checked = rules.value if rules is not None and rules.ignore is not Ignore.ALWAYS else None
        if element.shape is Shape.MESSAGE and element.cls is not None:
            return self._message(element.cls, depth)
        if element.shape is Shape.ANY:
            return self._any(checked if isinstance(checked, AnyRules) else AnyRules(), depth)
        return values_of(element, checked, unknown_enum_numbers=self._unknown)

    def _any(self, rules: AnyRules, depth: int) -> SearchStrategy[Any]:
        """Messages of the same contract, packed; nothing at all where that is too deep."""
        packed = [plan for plan in self._packed if _allowed(rules, _TYPE_PREFIX + plan.full_name)]
        if depth < 0 or not packed:
            return st.just({})
        return st.one_of(*(self._with_type(plan, depth - 1) for plan in packed))

    def _with_type(self, plan: MessagePlan, depth: int) -> SearchStrategy[Any]:
        url = {"@type": _TYPE_PREFIX + plan.full_name}
        return self._message(plan.cls, depth).map(lambda document: url | document)


def _must(field: FieldPlan) -> bool:
    rules = field.schema.rules
    return field.schema.required or (rules is not None and rules.required and rules.ignore is not Ignore.ALWAYS)


def _checked_when_unset(field: FieldPlan) -> bool:
    """Whether rules look at the default value of a field that tracks no presence; it is the same as leaving it out."""
    rules = field.schema.rules
    return rules is not None and rules.value is not None and rules.ignore is Ignore.UNSET and not field.schema.presence


def _joined(parts: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
    return {name: value for part in parts for name, value in part.items()}


def _allowed(rules: AnyRules, url: str) -> bool:
    return url not in rules.none_of and (not rules.one_of or url in rules.one_of)
