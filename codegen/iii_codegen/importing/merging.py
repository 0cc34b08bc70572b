"""Messages that are the same become one, and everything gets its name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from iii_codegen.importing.draft import DraftEnum, DraftField, DraftMessage, DraftMethod, Rules
from iii_codegen.importing.names import free_name, json_name, snake
from iii_codegen.importing.unions import enum_rule

__all__ = ["merge_messages", "name_enums", "name_fields", "name_messages"]


def merge_messages(methods: Sequence[DraftMethod]) -> list[DraftMessage]:
    """One message for all that are the same, in the order they are met; methods and fields then refer to it.

    A request and a response are the same where the members are, and neither
    side asks for more than the other gives.
    """
    kept: list[DraftMessage] = []
    stands_for: dict[int, DraftMessage] = {}
    for method in methods:
        for message in method.drafts():
            if id(message) in stands_for:
                continue
            other = next((item for item in kept if item.wanted == message.wanted and _same(item, message)), None)
            if other is None:
                kept.append(message)
                stands_for[id(message)] = message
            else:
                stands_for[id(message)] = other
                _join(other, message)
    for method in methods:
        method.request, method.response = (
            stands_for[id(root)] if isinstance(root, DraftMessage) else root
            for root in (method.request, method.response)
        )
    for message in kept:
        for field in message.fields:
            if isinstance(field.type, DraftMessage):
                field.type = stands_for[id(field.type)]
    return kept


def _same(one: DraftMessage, other: DraftMessage, assumed: frozenset[tuple[int, int]] = frozenset()) -> bool:
    if one is other or (id(one), id(other)) in assumed:
        return True
    mine, theirs = ({field.member: field for field in item.fields} for item in (one, other))
    if one.wanted != other.wanted or mine.keys() != theirs.keys() or one.required_oneofs != other.required_oneofs:
        return False
    within = assumed | {(id(one), id(other))}
    return all(_fits(field, theirs[member], within) for member, field in mine.items())


def _fits(one: DraftField, other: DraftField, assumed: frozenset[tuple[int, int]]) -> bool:
    if (one.repeated, one.key, one.rules, one.long_number, one.oneof) != (
        other.repeated, other.key, other.rules, other.long_number, other.oneof
    ):  # fmt: skip
        return False
    asked = {seen.required for field in (one, other) for seen in field.seen if not seen.response}
    given = {seen.required for field in (one, other) for seen in field.seen if seen.response}
    if len(asked) > 1 or len(given) > 1 or (True in asked and False in given):
        return False
    mine, theirs = one.type, other.type
    if isinstance(mine, DraftMessage) and isinstance(theirs, DraftMessage):
        return _same(mine, theirs, assumed)
    if isinstance(mine, DraftEnum) and isinstance(theirs, DraftEnum):
        return mine.wanted == theirs.wanted and mine.same(theirs)
    return mine == theirs


def _join(kept: DraftMessage, other: DraftMessage) -> None:
    """What the second says that the first does not."""
    kept.closed.update(other.closed)
    kept.comment += [line for line in other.comment if line not in kept.comment]
    theirs = {field.member: field for field in other.fields}
    for field in kept.fields:
        same = theirs[field.member]
        field.seen += same.seen
        field.comment += [line for line in same.comment if line not in field.comment]
        field.behaviors += [item for item in same.behaviors if item not in field.behaviors]


def name_messages(messages: Iterable[DraftMessage], taken: set[str]) -> None:
    """Gives each message a name that is free, and adds it to those `taken`."""
    for message in messages:
        message.name = free_name((message.wanted, message.fallback), taken)
        taken.add(message.name)


def name_fields(message: DraftMessage, *, as_written: bool) -> None:
    """Names and numbers; `as_written` keeps the member's name, for contracts that write names of fields."""
    members = {field.member for field in message.fields}
    taken: set[str] = set()
    for number, field in enumerate(message.fields, 1):
        name = field.member if as_written else snake(field.member)
        others = taken | (members - {field.member}) | {json_name(item) for item in members - {field.member}}
        others |= {member[1:] for member in members if member.startswith("_")}  # `optional x` also makes a oneof `_x`
        field.name = free_name((name,), others if not as_written else taken)
        field.number = number
        taken |= {field.name, field.member}


def name_enums(messages: Sequence[DraftMessage], taken: set[str]) -> list[DraftEnum]:
    """Every enum once; values share the scope of their enum, where other names are `taken`.

    Where a name is taken the enum moves into its message, and where it is
    taken there too the field is a string with a rule, which says the same.
    """
    scope = _Scope(set(taken), taken)
    for message in messages:
        for field in message.fields:
            if isinstance(field.type, DraftEnum):
                _place(field, field.type, message, scope)
    return scope.found


@dataclass(slots=True)
class _Scope:
    """The top of a file: names of types, and these with the values of enums."""

    types: set[str]
    names: set[str]
    found: list[DraftEnum] = dataclasses.field(default_factory=lambda: list[DraftEnum]())


def _place(field: DraftField, enum: DraftEnum, message: DraftMessage, scope: _Scope) -> None:
    for known in scope.found:
        if known.wanted == enum.wanted and known.same(enum) and known.parent in (None, message):
            field.type = known
            return
    values = {name for name, _ in enum.values}
    inner = {item.name for item in message.fields} | {item.oneof for item in message.fields}
    inner |= {name for own in _within(message, scope.found) for name in own}
    if enum.wanted not in scope.names and not values & scope.names:
        scope.names |= {enum.wanted, *values}
    elif enum.wanted not in inner | scope.types and not values & (inner | scope.types):
        enum.parent = message
    else:
        field.type, field.rules = "string", _replaced(field, enum_rule(enum))
        return
    enum.name = enum.wanted
    scope.types.add(enum.name)
    scope.found.append(enum)


def _within(message: DraftMessage, found: Sequence[DraftEnum]) -> Iterator[set[str]]:
    yield from ({enum.wanted, *(name for name, _ in enum.values)} for enum in found if enum.parent is message)


def _replaced(field: DraftField, rule: Rules) -> Rules:
    """The field's rules with those of its values exchanged."""
    if field.key:
        return {"map": {**field.rules.get("map", {}), "values": rule}}
    if field.repeated:
        return {"repeated": {**field.rules.get("repeated", {}), "items": rule}}
    return rule
