"""The members a compiled decoder passed by: which the contract does not know, and how many there are in all.

Looked at only when a document holds more members than its message took. The
walk is over plain dicts and lists, decoded in C; it costs about as much as the
compiled decoding itself, where the exact path costs several times as much.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from iii_bridge.contract.fast_values import OtherSpelling, Unusual
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.plan import FieldPlan, MessagePlan, Shape, plan_of
from iii_bridge.contract.problems import Path
from iii_bridge.contract.spec import Names

__all__ = ["Leftovers", "leftovers_of"]

_Place: TypeAlias = tuple[Any, str, bool] | None
"""The place around it, a field's name (empty: any item of a list or map) and whether it hides its contents.

The root is None. Most are never shown, so a `Path` is made of those that are.
"""

_Found: TypeAlias = dict[tuple[_Place, str], int]
"""How often an unknown name was met, by the place of the message."""

_Walk: TypeAlias = Callable[[Any, _Place, _Found], int]
"""(object, its place, where unknown members go) to the number of members in it at any depth."""

_FREE: Final = frozenset({Shape.STRUCT, Shape.VALUE, Shape.LIST})
"""Values whose members the contract does not name."""

_decode: Final = msgspec.json.Decoder().decode


class Leftovers(NamedTuple):
    """What a walk found."""

    members: int
    """At any depth, each name once per object."""
    unknown: list[tuple[Path, int]]
    """The places of members the contract does not know, and how often each occurs."""


def leftovers_of(data: bytes, message_type: type, names: Names, taken: str | None = None) -> Leftovers:
    """Walks a document that the compiled decoder of a class has read.

    `taken` is a member of the root that is no field. Raises OtherSpelling for a member in the other spelling, Unusual
    for unknown values nested too deeply, a msgspec error or UnicodeDecodeError for faults inside unknown members.
    """
    tree = _decode(data)
    members = 0
    if taken is not None and tree.pop(taken, None) is not None:
        members = 1
    unknown: _Found = {}
    members += _walk_of(message_type, names)(tree, None, unknown)
    return Leftovers(members, [(_path(place).unknown(name), times) for (place, name), times in unknown.items()])


def _path(place: _Place) -> Path:
    if place is None:
        return Path()
    around, name, redact = place
    return _path(around).member(name, redact) if name else _path(around).item(0)


@functools.cache
def _walk_of(message_type: type, names: Names) -> _Walk:
    """Fields are resolved at the first object: a recursive type meets itself while being built."""

    @functools.cache
    def tables() -> tuple[frozenset[str], frozenset[str], tuple[tuple[str, bool, _Walk], ...]]:
        return _tables(plan_of(message_type), names)

    def walk(value: Any, place: _Place, unknown: _Found) -> int:
        known, other, holders = tables()
        count = len(value)
        if not known.issuperset(value):
            count += _take(value, known, other, place, unknown)
        for name, redact, walk_field in holders:
            held = value.get(name)
            if held:
                count += walk_field(held, (place, name, redact), unknown)
        return count

    return walk


def _take(value: dict[str, Any], known: frozenset[str], other: frozenset[str], place: _Place, unknown: _Found) -> int:
    """Notes the names nobody knows; the members inside them."""
    count = 0
    for name in value:
        if name not in known:
            if name in other:
                raise OtherSpelling
            unknown[place, name] = unknown.get((place, name), 0) + 1
            count += _count(value[name], 0)
    return count


def _tables(
    plan: MessagePlan, names: Names
) -> tuple[frozenset[str], frozenset[str], tuple[tuple[str, bool, _Walk], ...]]:
    """Names as spelled here, names in the other spelling, and the fields that hold objects."""
    json_names = frozenset(field.schema.json_name for field in plan.fields)
    proto_names = frozenset(field.schema.name for field in plan.fields)
    known, other = (json_names, proto_names) if names is Names.JSON else (proto_names, json_names)
    holders: list[tuple[str, bool, _Walk]] = []
    for field in plan.fields:
        walk = _field_walk(field, names)
        if walk is not None:
            name = field.schema.json_name if names is Names.JSON else field.schema.name
            holders.append((name, field.schema.redact, walk))
    return known, other, tuple(holders)


def _field_walk(field: FieldPlan, names: Names) -> _Walk | None:
    """None for a field in which there are no members."""
    element = field.element
    walk: _Walk | None = None
    if element.shape is Shape.MESSAGE and element.cls is not None:
        walk = _walk_of(element.cls, names)
    elif element.shape in _FREE:
        walk = _free
    if field.key is not None:
        return _map_walk(walk)
    return _list_walk(walk) if field.schema.repeated and walk is not None else walk


def _list_walk(walk: _Walk) -> _Walk:
    def walk_list(items: Any, place: _Place, unknown: _Found) -> int:
        count, inside = 0, (place, "", False)
        for item in items:
            count += walk(item, inside, unknown)
        return count

    return walk_list


def _map_walk(walk: _Walk | None) -> _Walk:
    def walk_map(members: Any, place: _Place, unknown: _Found) -> int:
        count = len(members)
        if walk is not None:
            inside = (place, "", False)
            for member in members.values():
                count += walk(member, inside, unknown)
        return count

    return walk_map


def _free(value: Any, _place: _Place, _unknown: _Found) -> int:
    return _count(value, 0)


def _count(value: Any, depth: int) -> int:
    """The members in a value of no fixed type, at any depth."""
    count = 0
    held: Iterable[Any] = value
    if value.__class__ is dict:
        count, held = len(value), value.values()
    elif value.__class__ is not list:
        return 0
    if depth >= MAX_DEPTH:
        raise Unusual
    for inner in held:
        if inner.__class__ is dict or inner.__class__ is list:
            count += _count(inner, depth + 1)
    return count
