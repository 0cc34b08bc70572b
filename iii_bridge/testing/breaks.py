"""Hypothesis strategies for documents that break a contract in one place, and in a way that has a name."""

from __future__ import annotations

import copy
import enum
import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from iii_bridge.contract.plan import INTEGERS, FieldPlan, Shape, root_element
from iii_bridge.contract.protojson import Codec, CodecError, codec_for
from iii_bridge.contract.rules import BytesRules, FieldRules, MapRules, NumberRules, RepeatedRules, Size, StringRules
from iii_bridge.contract.scalars import INTEGER_RANGES
from iii_bridge.contract.spec import UnknownEnumNames, UnknownMembers
from iii_bridge.testing.places import Place, Steps, objects_in, reached, values_in
from iii_bridge.testing.strategies import strategy_for
from iii_bridge.testing.values import values_of
from iii_bridge.types import Json

__all__ = ["Break", "Broken", "breaks_of", "broken_documents"]


class Break(enum.Enum):
    """How a document breaks its contract."""

    MISSING = "missing members"
    """One that is marked REQUIRED."""
    TYPE = "wrong types"
    RANGE = "numbers out of range"
    ENUM = "unknown enum names"
    RULE = "broken rules"
    """Of buf.validate."""
    UNKNOWN = "unknown members"
    """Where the contract rejects them."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A document and what is wrong with it."""

    document: Json
    path: str
    problem: str


_Change = tuple[Steps, Callable[[Any, Any], None], SearchStrategy[Any]]
"""Where, what is done there to the holder and its key with a drawn value, and the values to draw."""

_STRANGERS: Final[tuple[Json, ...]] = (True, 5, 1.5, "?", "-", {"strange": 1}, [[1]], [])
_NO_NAME: Final = "NO_SUCH_NAME_OF_THE_ENUM"
_NO_MEMBER: Final = "noSuchMember"


def breaks_of(
    message_type: type[Any], unknown: UnknownMembers, unknown_enum_names: UnknownEnumNames
) -> tuple[Break, ...]:
    """The ways in which documents of a message can break it, by everything it reaches."""
    if root_element(message_type).shape is not Shape.MESSAGE:
        return ()
    found = {kind for plan in reached(message_type) for field in plan.fields for kind in _breaks_of_field(field)}
    if any(plan.schema.rules or any(one.required for one in plan.schema.oneofs) for plan in reached(message_type)):
        found.add(Break.RULE)
    if unknown is UnknownMembers.REJECT:
        found.add(Break.UNKNOWN)
    if unknown_enum_names is UnknownEnumNames.IGNORE:
        found.discard(Break.ENUM)
    return tuple(kind for kind in Break if kind in found)


def broken_documents(
    message_type: type[Any],
    kind: Break,
    *,
    codec: Codec[Any] | None = None,
    legal: SearchStrategy[Any] | None = None,
) -> SearchStrategy[Broken]:
    """Documents that break a message in this way and in no other.

    `codec` says what is legal and how it is spelled, default the plain one;
    `legal` are the messages to start from, default any.
    """
    checking = codec_for(message_type) if codec is None else codec
    messages = strategy_for(message_type, unknown_enum_numbers=False) if legal is None else legal

    @st.composite
    def broken(draw: st.DrawFn) -> Broken | None:
        document = json.loads(checking.encode(draw(messages)))
        changes = list(_CHANGES[kind](message_type, document))
        if not changes:
            return None
        steps, change, values = draw(st.sampled_from(changes))
        holder = functools.reduce(lambda inner, step: inner[step], steps[:-1], document)
        change(holder, (steps[-1], copy.deepcopy(draw(values))))
        return _refused(checking, document)

    found: SearchStrategy[Any] = broken()
    return found.filter(lambda one: one is not None)


def _refused(codec: Codec[Any], document: Json) -> Broken | None:
    try:
        codec.decode(json.dumps(document))
    except CodecError as error:
        return Broken(document, error.path, error.problem)
    return None


# --- what can be changed ---------------------------------------------------------------------------------------------


def _put(holder: Any, change: tuple[Any, Any]) -> None:
    key, value = change
    holder[key] = value


def _drop(holder: Any, change: tuple[Any, Any]) -> None:
    holder.pop(change[0], None)


def _missing(cls: type, document: Json) -> Iterator[_Change]:
    for plan, steps, members in objects_in(cls, document):
        for field in plan.fields:
            if field.schema.required:
                for name in {field.schema.json_name, field.schema.name} & set(members):
                    yield (*steps, name), _drop, st.none()


def _types(cls: type, document: Json) -> Iterator[_Change]:
    strangers = st.sampled_from(_STRANGERS)
    for place in values_in(cls, document):
        yield place.steps, _put, strangers
    for plan, steps, members in objects_in(cls, document):  # what is left out may be wrong as well
        for field in plan.fields:
            if not {field.schema.json_name, field.schema.name} & set(members):
                yield (*steps, field.schema.json_name), _put, strangers


def _ranges(cls: type, document: Json) -> Iterator[_Change]:
    for place in _single(cls, document):
        if place.element.shape in INTEGERS:
            low, high = INTEGER_RANGES[place.element.shape.value]
            wide = place.element.shape in (Shape.INT64, Shape.UINT64)
            beyond = st.integers(low - 2**16, low - 1) | st.integers(high + 1, high + 2**16)
            yield place.steps, _put, beyond.map(str) if wide else beyond


def _enums(cls: type, document: Json) -> Iterator[_Change]:
    for place in _single(cls, document):
        if place.element.shape is Shape.ENUM:
            yield place.steps, _put, st.just(_NO_NAME)


def _rules(cls: type, document: Json) -> Iterator[_Change]:
    for place in values_in(cls, document):
        rules = place.field.schema.rules
        if rules is not None:
            yield from _against(place, rules)
    for plan, steps, members in objects_in(cls, document):
        held = [fields for fields, one in zip(plan.oneofs, plan.schema.oneofs, strict=True) if one.required]
        grouped = {name for one in (plan.schema.rules.oneofs if plan.schema.rules else ()) for name in one.fields}
        held += [tuple(field for field in plan.fields if field.schema.name in grouped)]
        for field in {field.schema.number: field for fields in held for field in fields}.values():
            for name in {field.schema.json_name, field.schema.name} & set(members):
                yield (*steps, name), _drop, st.none()


def _unknown(cls: type, document: Json) -> Iterator[_Change]:
    for _, steps, _members in objects_in(cls, document):
        yield (*steps, _NO_MEMBER), _put, st.sampled_from((None, 1, "text"))


_CHANGES: Final[dict[Break, Callable[[type, Json], Iterator[_Change]]]] = {
    Break.MISSING: _missing,
    Break.TYPE: _types,
    Break.RANGE: _ranges,
    Break.ENUM: _enums,
    Break.RULE: _rules,
    Break.UNKNOWN: _unknown,
}


def _single(cls: type, document: Json) -> Iterator[Place]:
    """Values that are neither lists nor maps."""
    return (place for place in values_in(cls, document) if place.field.is_plain or not place.whole)


def _against(place: Place, rules: FieldRules) -> Iterator[_Change]:
    """Values near a rule, on its wrong side; what turns out to be legal is filtered."""
    if rules.required and place.whole:
        yield place.steps, _drop, st.none()
    if isinstance(rules.value, RepeatedRules | MapRules) and place.whole:
        yield from _sizes(place, rules.value.size)
        return
    own = rules
    if isinstance(rules.value, RepeatedRules):
        own = rules.value.items or FieldRules()
    elif isinstance(rules.value, MapRules):
        own = rules.value.values or FieldRules()
    if own.value is None or place.element.shape in (Shape.MESSAGE, Shape.ANY):
        return
    yield place.steps, _put, values_of(place.element, None, unknown_enum_numbers=True)
    for near in _near(own):
        yield place.steps, _put, st.just(near)


def _sizes(place: Place, size: Size) -> Iterator[_Change]:
    held: Any = place.value
    if size.least:
        yield place.steps, _put, st.just([]) if place.field.key is None else st.just({})
    if size.most is None or not held:
        return
    count = size.most + 1
    if place.field.key is None:
        yield place.steps, _put, st.just((held * count)[:count])
    else:
        names = [*held, *map(str, range(count))][:count]
        yield place.steps, _put, st.just(dict.fromkeys(names, held[names[0]]))


def _near(rules: FieldRules) -> Iterator[Json]:
    value = rules.value
    if isinstance(value, StringRules):
        yield ""
        if value.length.most is not None:
            yield "x" * (value.length.most + 1)
    elif isinstance(value, BytesRules) and value.length.most is not None:
        yield "A" * 4 * (value.length.most // 3 + 1)
    elif isinstance(value, NumberRules) and rules.kind not in ("duration", "timestamp"):
        yield 0
        for bound, step in ((value.lower, -1), (value.upper, 1)):
            if bound is not None:
                yield bound.value + step
                yield bound.value


# --- what there is ---------------------------------------------------------------------------------------------------


def _breaks_of_field(field: FieldPlan) -> Iterator[Break]:
    yield Break.TYPE
    if field.schema.required:
        yield Break.MISSING
    if field.element.shape in INTEGERS:
        yield Break.RANGE
    if field.element.shape is Shape.ENUM:
        yield Break.ENUM
    rules = field.schema.rules
    if rules is not None and (rules.value is not None or rules.required):
        yield Break.RULE
