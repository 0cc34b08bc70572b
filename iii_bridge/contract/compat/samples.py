"""Documents a schema describes, a few of each kind: candidates for witnesses."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any, Final

from iii_bridge.contract.compat.branches import Arrays, Bound, Branch, Numbers, Objects, Strings, Values
from iii_bridge.contract.compat.document import Schema
from iii_bridge.contract.compat.evaluate import evaluate, multiple_of
from iii_bridge.contract.compat.normal import Normal
from iii_bridge.contract.compat.patterns import matches
from iii_bridge.contract.compat.presence import Clause, model_of
from iii_bridge.contract.compat.texts import texts
from iii_bridge.types import Json

__all__ = ["Samples", "fits_names", "presence_clauses"]

_DEEPEST: Final = 12
_MOST: Final = 12
_LONGEST: Final = 64
"""Arrays and strings longer than this are not made up."""

_NUMBERS: Final = (
    0,
    1,
    -1,
    0.5,
    7,
    -0.5,
    100,
    2**31,
    -(2**31) - 1,
    2**32,
    2**53 + 1,
    2**63,
    -(2**63) - 1,
    2**64,
    1e300,
)
_STRINGS: Final = (
    "",
    "a",
    "A",
    "0",
    "1",
    "-1",
    "true",
    "abc",
    "a b",
    "a.b",
    "a-b",
    "a_b",
    "aB",
    "AB",
    "A1",
    "a1",
    "AAAA",
    "AA==",
    "-_-_",
    "2000-01-01T00:00:00Z",
    "2000-01-01",
    "00:00:00",
    "1s",
    "1.5",
    "a@b.example",
    "a.example",
    "https://a.example/",
    "/a",
    "127.0.0.1",
    "::1",
    "00000000-0000-4000-8000-000000000000",
    "aaaaaaaaaaaaaaaaaaaaaaaa",
    "2147483648",
    "4294967296",
    "9223372036854775808",
    "18446744073709551615",
    "-9223372036854775808",
    "12345",
    "12345678",
    "ORD-1",
    "sku-1",
    "é",
    "\n",
)


_FORMATS: Final = {
    "date-time": ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00.123456+01:00"),
    "date": ("2000-01-01",),
    "time": ("00:00:00Z",),
    "duration": ("PT1S",),
    "email": ("a@b.example",),
    "hostname": ("a.example",),
    "ipv4": ("127.0.0.1",),
    "ipv6": ("::1",),
    "uri": ("https://a.example/",),
    "uuid": ("00000000-0000-4000-8000-000000000000",),
}
"""What a producer that names a format surely sends; of other formats nothing is known."""


class Samples:
    """Makes up documents out of normal forms."""

    def __init__(self, normal: Normal) -> None:
        self._normal = normal

    def of(self, schema: Schema, depth: int = 0) -> Iterator[Json]:
        """A few documents of a schema, the smallest of each branch first."""
        branches = self._normal.branches(schema)
        found = _in_turn([self.of_branch(branch, depth) for branch in branches])
        return itertools.islice((value for value in found if evaluate(schema, value) is not False), _MOST)

    def of_branch(self, branch: Branch, depth: int = 0) -> Iterator[Json]:
        """Documents of one branch; its conditions are not looked at."""
        if depth > _DEEPEST:
            return iter(())
        match branch.facts:
            case Values(values=values):
                return iter(values)
            case Numbers() as numbers:
                return self.numbers(numbers)
            case Strings() as strings:
                return self.strings(strings)
            case Arrays() as arrays:
                return self.arrays(arrays, depth)
            case Objects() as objects:
                return self.objects(objects, depth)

    def numbers(self, facts: Numbers, also: tuple[Json, ...] = ()) -> Iterator[Json]:
        """Numbers within the limits, on them where they are."""
        edges = [value for bound in (facts.low, facts.high) if bound for value in _near(bound)]
        steps = [step * count for step in facts.multiples for count in (1, -1, 3)]
        for value in (*also, *steps, *_NUMBERS, *edges):
            if _number_fits(value, facts):
                yield value

    def strings(self, facts: Strings, also: tuple[str, ...] = ()) -> Iterator[str]:
        """Texts of the wanted length that match every expression; of a format those that are surely of it."""
        if facts.formats:
            candidates = [text for name in sorted(facts.formats) for text in _FORMATS.get(name, ())]
        else:
            made = texts(tuple(sorted(facts.patterns)), None, facts.least, facts.most) if facts.patterns else ()
            padded = ("x" * length for length in (facts.least, facts.most or 0) if length <= _LONGEST)
            candidates = [*also, *made, *_STRINGS, *padded]
        for text in candidates:
            long_enough = len(text) >= facts.least and (facts.most is None or len(text) <= facts.most)
            if long_enough and all(matches(pattern, text) for pattern in facts.patterns):
                yield text

    def arrays(self, facts: Arrays, depth: int) -> Iterator[list[Json]]:
        """The shortest array, and one with an item more."""
        for length in (facts.least, facts.least + 1):
            if length > _LONGEST or (facts.most is not None and length > facts.most):
                continue
            made = self.array(facts, length, depth)
            if made is not None:
                yield made

    def array(self, facts: Arrays, length: int, depth: int) -> list[Json] | None:
        """An array of a length, its items different where they can be; None when an item cannot be made up."""
        pools = [list(self.of(facts.item(index), depth + 1)) for index in range(min(length, len(facts.prefix) + 1))]
        items: list[Json] = []
        for index in range(length):
            pool = pools[min(index, len(pools) - 1)]
            if not pool:
                return None
            items.append(pool[index % len(pool)])
        return items

    def objects(self, facts: Objects, depth: int) -> Iterator[dict[str, Json]]:
        """The object with the fewest members that is easily found, and one with many."""
        for wanted in ((), tuple(facts.named())):
            made = self.object(facts, {}, depth, wanted)
            if made is not None:
                yield made

    def object(
        self, facts: Objects, given: dict[str, bool], depth: int, wanted: tuple[str, ...] = ()
    ) -> dict[str, Json] | None:
        """An object whose members are there as `given`, and those `wanted` besides where they may be."""
        clauses = [*facts.clauses, *presence_clauses(facts, self._normal)]
        model = model_of(clauses, given)
        if model is None:
            return None
        for name in wanted if depth < 3 else ():
            model = model_of(clauses, {**model, name: True}) or model
        made: dict[str, Json] = {}
        for name in [name for name, there in model.items() if there]:
            value = next(self.of(facts.member(name, strictly=True), depth + 1), _NOTHING)
            if value is _NOTHING:
                if name in wanted:
                    continue
                return None
            made[name] = value
        return self._padded(facts, made, depth)

    def _padded(self, facts: Objects, made: dict[str, Json], depth: int) -> dict[str, Json]:
        """With further members until there are enough of them."""
        spare = self.names(facts)
        while len(made) < facts.least:
            name = next(spare, None)
            value = _NOTHING if name is None else next(self.of(facts.member(name, strictly=True), depth + 1), _NOTHING)
            if name is None or value is _NOTHING:
                break
            made.setdefault(name, value)
        return made

    def names(self, facts: Objects) -> Iterator[str]:
        """Names of members the object may have, those described by name first."""
        spare = (f"{letter}{number or ''}" for number in range(3) for letter in "abcdefgh")
        matched = (name for pattern in facts.patterns() for name in texts((pattern,)))
        for name in (*facts.named(), *matched, *_STRINGS, *spare):
            described = name in facts.named() or any(matches(pattern, name) for pattern in facts.patterns())
            may_be_there = (described or facts.sends_others()) and fits_names(facts, name)
            if may_be_there and not self._normal.never(facts.member(name, strictly=True)):
                yield name


def fits_names(facts: Objects, name: str) -> bool:
    """Whether a name is one `propertyNames` allows, as far as can be told."""
    return evaluate(facts.names, name) is not False


def presence_clauses(facts: Objects, normal: Normal) -> list[Clause]:
    """What follows from the descriptions of members: those that can have no value are not there."""
    absent = [
        name for name in facts.named() if not fits_names(facts, name) or normal.never(facts.member(name, strictly=True))
    ]
    return [frozenset({(name, False)}) for name in absent]


_NOTHING: Final[Any] = object()


def _in_turn(sources: list[Iterator[Json]]) -> Iterator[Json]:
    """One of each source after the other; nothing is taken before it is asked for."""
    while sources:
        for source in list(sources):
            value = next(source, _NOTHING)
            if value is _NOTHING:
                sources.remove(source)
            else:
                yield value


def _near(bound: Bound) -> tuple[float | int, ...]:
    limit = bound[0]
    if isinstance(limit, float) and not limit.is_integer():
        return (limit, math.floor(limit), math.ceil(limit), limit + 0.25, limit - 0.25)
    return (limit, limit + 1, limit - 1, limit + 0.5, limit - 0.5)


def _number_fits(value: Json, facts: Numbers) -> bool:
    if not math.isfinite(value):
        return False
    if facts.integer and not (isinstance(value, int) or float(value).is_integer()):
        return False
    if facts.low is not None and (value < facts.low[0] or (facts.low[1] and value == facts.low[0])):
        return False
    if facts.high is not None and (value > facts.high[0] or (facts.high[1] and value == facts.high[0])):
        return False
    return all(multiple_of(value, step) for step in facts.multiples)
