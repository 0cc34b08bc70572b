"""Where the values of a JSON document stand, by the plan of its message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from iii_bridge.contract.plan import Element, FieldPlan, MessagePlan, Shape, plan_of, root_element
from iii_bridge.contract.problems import Path
from iii_bridge.types import Json

__all__ = ["Place", "Steps", "objects_in", "reached", "unsafe_integer", "values_in"]

_SAFE: Final = 2**53 - 1
_WIDE: Final = frozenset({Shape.INT64, Shape.UINT64})

Steps = tuple[str | int, ...]
"""From the root of a document to a value: names, indices, keys."""


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a document: a field's own, or one inside a list or a map."""

    steps: Steps
    path: Path
    field: FieldPlan
    element: Element
    value: Json
    whole: bool
    """Whether it is what the field holds: a list or a map as a whole, or a plain value."""


def reached(root: type) -> Iterator[MessagePlan]:
    """The message classes a root reaches, itself included."""
    seen: set[type] = set()
    waiting = [root]
    while waiting:
        plan = plan_of(waiting.pop())
        if plan.cls in seen:
            continue
        seen.add(plan.cls)
        yield plan
        elements = (field.element for field in plan.fields)
        waiting += [each.cls for each in elements if each.shape is Shape.MESSAGE and each.cls is not None]


def objects_in(cls: type, document: Json) -> Iterator[tuple[MessagePlan, Steps, dict[str, Json]]]:
    """Every message in a document, the root first."""
    if root_element(cls).shape is Shape.MESSAGE and isinstance(document, dict):
        yield from _objects(plan_of(cls), (), cast("dict[str, Json]", document))


def values_in(cls: type, document: Json) -> Iterator[Place]:
    """Every value in a document that is not null, messages among them; what is in an Any is left out."""
    for plan, steps, members in objects_in(cls, document):
        path = Path()
        for step in steps:
            path = path.item(step) if isinstance(step, int) else path.member(step)
        for field in plan.fields:
            for name in dict.fromkeys((field.schema.json_name, field.schema.name)):
                if members.get(name) is not None:
                    yield from _places(field, (*steps, name), path.member(name), members[name])


def unsafe_integer(cls: type, document: Json) -> str | None:
    """The path of a 64-bit integer that is written as a number too large to be kept by every reader.

    ProtoJSON writes such integers as strings because a JSON number of that size may have been rounded already.
    """
    for place in values_in(cls, document):
        if place.element.shape in _WIDE and isinstance(place.value, int | float) and abs(place.value) > _SAFE:
            return str(place.path)
    return None


def _objects(plan: MessagePlan, steps: Steps, members: dict[str, Json]) -> Iterator[Any]:
    yield plan, steps, members
    for field in plan.fields:
        if field.element.shape is not Shape.MESSAGE or field.element.cls is None:
            continue
        inner = plan_of(field.element.cls)
        for name in dict.fromkeys((field.schema.json_name, field.schema.name)):
            for step, value in _inside(field, members.get(name)):
                if isinstance(value, dict):
                    yield from _objects(inner, (*steps, name, *step), cast("dict[str, Json]", value))


def _inside(field: FieldPlan, value: Json) -> Iterator[tuple[Steps, Json]]:
    """What a field holds, one by one."""
    if field.is_plain:
        yield (), value
    elif isinstance(value, dict):
        yield from (((key,), item) for key, item in cast("dict[str, Json]", value).items())
    elif isinstance(value, list):
        items: list[Json] = value  # pyright: ignore[reportUnknownVariableType] -- any JSON
        yield from (((index,), item) for index, item in enumerate(items))


def _places(field: FieldPlan, steps: Steps, path: Path, value: Json) -> Iterator[Place]:
    yield Place(steps, path, field, field.element, value, whole=True)
    if not field.is_plain:
        for step, item in _inside(field, value):
            inner = path.item(step[0]) if isinstance(step[0], int) else path.key(step[0])
            yield Place((*steps, *step), inner, field, field.element, item, whole=False)
