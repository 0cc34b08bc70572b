"""What a schema accepts as a union of branches, each about one kind of value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from iii_bridge.contract.compat.document import ANYTHING, Document, Part, Schema, both
from iii_bridge.contract.compat.evaluate import json_type, same
from iii_bridge.contract.compat.patterns import matches
from iii_bridge.contract.compat.presence import Clause
from iii_bridge.types import Json

__all__ = [
    "KINDS",
    "Arrays",
    "Bound",
    "Branch",
    "Conditions",
    "Facts",
    "Members",
    "Numbers",
    "Objects",
    "Strings",
    "Unjudged",
    "Values",
    "meet",
]

Bound = tuple[float | int, bool]
"""A limit, and whether the limit itself is excluded."""


@dataclass(frozen=True, slots=True)
class Values:
    """Finitely many values: null, booleans, enums and constants."""

    values: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers between two limits."""

    integer: bool = False
    low: Bound | None = None
    high: Bound | None = None
    multiples: tuple[Json, ...] = ()
    formats: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Strings:
    """Strings by length in characters, expressions and formats."""

    least: int = 0
    most: int | None = None
    patterns: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Arrays:
    """Arrays: the first items one by one, the others alike."""

    prefix: tuple[Schema, ...] = ()
    rest: Schema = ANYTHING
    least: int = 0
    most: int | None = None
    unique: bool = False

    def item(self, index: int) -> Schema:
        """What the item at an index must be."""
        return self.prefix[index] if index < len(self.prefix) else self.rest


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """What one schema object says of members: `additional` is about those neither named nor matched, None if unsaid."""

    origin: Part
    properties: Mapping[str, Json]
    patterns: Mapping[str, Json]
    additional: Schema | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Members) and self.origin == other.origin

    def __hash__(self) -> int:
        return hash(self.origin)

    def member(self, name: str, *, strictly: bool) -> Schema:
        """What a member must be. `strictly` takes what cannot be told as said, else as unsaid."""
        schema: Schema = ()
        described: bool | None = name in self.properties
        if described:
            schema = self.origin.document.part(self.properties[name])
        for pattern, raw in self.patterns.items():
            hit = matches(pattern, name)
            if hit or (hit is None and strictly):
                schema = both(schema, self.origin.document.part(raw))
            if not described and hit is not False:
                described = hit
        if self.additional is not None and (described is False or (described is None and strictly)):
            schema = both(schema, self.additional)
        return schema


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects: what their members must be, and which must or may be there."""

    views: tuple[Members, ...] = ()
    clauses: tuple[Clause, ...] = ()
    names: Schema = ANYTHING
    least: int = 0
    most: int | None = None

    def named(self) -> list[str]:
        """The members described by name."""
        return list(dict.fromkeys(name for view in self.views for name in view.properties))

    def patterns(self) -> dict[str, Schema]:
        """The members described by expressions."""
        found: dict[str, Schema] = {}
        for view in self.views:
            for pattern, raw in view.patterns.items():
                found[pattern] = both(found.get(pattern, ()), view.origin.document.part(raw))
        return found

    def member(self, name: str, *, strictly: bool) -> Schema:
        """What a member of this name must be."""
        schema: Schema = ()
        for view in self.views:
            schema = both(schema, view.member(name, strictly=strictly))
        return schema

    def others(self) -> Schema:
        """What members nobody describes must be."""
        schema: Schema = ()
        for view in self.views:
            schema = both(schema, view.additional or ())
        return schema

    def sends_others(self) -> bool:
        """Whether a producer is taken to send members its schema does not describe.

        One that names members and says nothing of others sends those it
        names; one that names none, or that allows others expressly, may send
        anything.
        """
        if any(view.additional is not None for view in self.views):
            return True
        return not any(view.properties or view.patterns for view in self.views)


Facts = Values | Numbers | Strings | Arrays | Objects


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A keyword the comparison does not read: it is fine when both sides say the same."""

    keyword: str
    document: Document
    text: str

    def same_as(self, other: Unjudged) -> bool:
        """Whether both say the same; where they refer to definitions, only in equal documents."""
        if self.text != other.text:
            return False
        return '"$ref"' not in self.text or self.document.text == other.document.text


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a branch says beyond its facts."""

    negated: tuple[Schema, ...] = ()
    exact: tuple[tuple[Schema, ...], ...] = ()
    """Groups of alternatives of which no two may hold."""
    unjudged: tuple[Unjudged, ...] = ()

    def __add__(self, other: Conditions) -> Conditions:
        return Conditions(self.negated + other.negated, self.exact + other.exact, self.unjudged + other.unjudged)


@dataclass(frozen=True, slots=True)
class Branch:
    """One kind of value, and what it must satisfy."""

    facts: Facts
    conditions: Conditions = field(default_factory=Conditions)

    def under(self, conditions: Conditions) -> Branch:
        """The branch with more conditions."""
        return replace(self, conditions=self.conditions + conditions)


def meet(left: list[Branch], right: list[Branch]) -> Iterator[Branch]:
    """What both unions accept; values may be too many, and are sorted out by who knows the whole schema."""
    for one in left:
        for other in right:
            facts = _meet(one.facts, other.facts)
            if facts is not None:
                yield Branch(facts, one.conditions + other.conditions)


def _meet(one: Facts, other: Facts) -> Facts | None:
    match one, other:
        case Values(), Values():
            kept = tuple(value for value in one.values if any(same(value, known) for known in other.values))
            return Values(kept) if kept else None
        case Values(), _:
            return _of_kind(one, other)
        case _, Values():
            return _of_kind(other, one)
        case Numbers(), Numbers():
            return _meet_numbers(one, other)
        case Strings(), Strings():
            most = _smaller(one.most, other.most)
            least = max(one.least, other.least)
            return Strings(least, most, one.patterns | other.patterns, one.formats | other.formats)
        case Arrays(), Arrays():
            return _meet_arrays(one, other)
        case Objects(), Objects():
            return Objects(
                one.views + other.views,
                tuple(dict.fromkeys(one.clauses + other.clauses)),
                both(one.names, other.names),
                max(one.least, other.least),
                _smaller(one.most, other.most),
            )
        case _:
            return None


def _of_kind(values: Values, facts: Facts) -> Values | None:
    kind = KINDS[type(facts)]
    kept = tuple(value for value in values.values if json_type(value) == kind)
    return Values(kept) if kept else None


KINDS: Final[dict[type[Any], str]] = {Numbers: "number", Strings: "string", Arrays: "array", Objects: "object"}
"""The JSON type each kind of facts is about."""


def _meet_numbers(one: Numbers, other: Numbers) -> Numbers:
    lows = [bound for bound in (one.low, other.low) if bound is not None]
    highs = [bound for bound in (one.high, other.high) if bound is not None]
    return Numbers(
        one.integer or other.integer,
        max(lows, default=None),
        min(highs, key=lambda bound: (bound[0], not bound[1]), default=None),
        tuple(dict.fromkeys(one.multiples + other.multiples)),
        one.formats | other.formats,
    )


def _meet_arrays(one: Arrays, other: Arrays) -> Arrays:
    length = max(len(one.prefix), len(other.prefix))
    return Arrays(
        tuple(both(one.item(index), other.item(index)) for index in range(length)),
        both(one.rest, other.rest),
        max(one.least, other.least),
        _smaller(one.most, other.most),
        one.unique or other.unique,
    )


def _smaller(one: int | None, other: int | None) -> int | None:
    limits = [limit for limit in (one, other) if limit is not None]
    return min(limits, default=None)
