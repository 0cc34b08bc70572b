"""Whether one schema contains another, and where it is not proven to.

Everything the producer's branches describe has to find one branch of the
consumer's. What does not is an obstacle: a place, both sides in words, and
candidates for a document that shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from iii_bridge.contract.compat.branches import Arrays, Branch, Conditions, Numbers, Objects, Strings, Values
from iii_bridge.contract.compat.disjoint import Disjoint
from iii_bridge.contract.compat.document import Key, Part, Schema, key_of, text_of
from iii_bridge.contract.compat.evaluate import evaluate
from iii_bridge.contract.compat.members import MemberPairs, member_obstacles
from iii_bridge.contract.compat.normal import Normal
from iii_bridge.contract.compat.obstacles import Obstacle, Voice
from iii_bridge.contract.compat.samples import Samples
from iii_bridge.contract.compat.scalars import number_obstacles, string_obstacles
from iii_bridge.contract.compat.words import words, words_of
from iii_bridge.types import Json

__all__ = ["Containment"]

_FEW: Final = 6
_NON_FINITE: Final = frozenset({"NaN", "Infinity", "-Infinity"})
"""How ProtoJSON writes what is no number: every contract may send them for a double, few workers read them."""


class Containment:
    """One comparison of two documents on one side of a call."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._normal = Normal()
        self._samples = Samples(self._normal)
        self._disjoint = Disjoint(self._normal)
        self._known: dict[tuple[Key, Key], list[Obstacle]] = {}
        self._objects: dict[tuple[Objects, Objects], list[Obstacle]] = {}

    def obstacles(self, sent: Schema, accepted: Schema) -> list[Obstacle]:
        """Everything that keeps the producer's schema from being proven to lie within the consumer's.

        A pair that is met again within itself is taken to fit: if it does
        not, its own obstacles say so.
        """
        if not accepted or _same(sent, accepted):
            return []
        key = key_of(sent), key_of(accepted)
        if key not in self._known:
            self._known[key] = []
            found = [item for branch in self._normal.branches(sent) for item in self._branch(branch, sent, accepted)]
            self._known[key] = [_own_fault(item, accepted) for item in found]
        return self._known[key]

    def _branch(self, branch: Branch, sent: Schema, accepted: Schema) -> list[Obstacle]:
        if isinstance(branch.facts, Values):
            return self._values(branch.facts.values, accepted)
        branches = self._normal.branches(accepted)
        alike = [other for other in branches if type(other.facts) is type(branch.facts)]
        if not alike:
            witnesses = (value for value in self._samples.of_branch(branch) if evaluate(sent, value))
            return [self._voice.differs(words_of(branch), words(branches), witnesses)]
        near = [other for other in alike if not self._disjoint.branches(branch, other)] or alike
        found: list[list[Obstacle]] = []
        for other in near:
            found.append(self._against(branch, other))
            if not found[-1]:
                return []
        best = min(found, key=len)
        others = [item for several in found if several is not best for item in several]
        return [item.widened(others) for item in best]

    def _values(self, values: tuple[Json, ...], accepted: Schema) -> list[Obstacle]:
        refused = tuple(value for value in values if evaluate(accepted, value) is not True)
        if not refused:
            return []
        branches = self._normal.branches(accepted)
        certain = not set(map(str, refused)) <= _NON_FINITE or not any(isinstance(b.facts, Numbers) for b in branches)
        return [self._voice.differs(words_of(Branch(Values(refused))), words(branches), refused, decidable=certain)]

    def _against(self, branch: Branch, other: Branch) -> list[Obstacle]:
        match branch.facts, other.facts:
            case Numbers() as sent, Numbers() as accepted:
                found = number_obstacles(sent, accepted, self._voice, self._samples)
            case Strings() as sent, Strings() as accepted:
                found = string_obstacles(sent, accepted, self._voice, self._samples)
            case Arrays() as sent, Arrays() as accepted:
                found = self._arrays(sent, accepted)
            case Objects() as sent, Objects() as accepted:
                found = self._members(sent, accepted)
            case _:
                found = []
        return found or list(self._conditions(branch, other.conditions))

    def _members(self, sent: Objects, accepted: Objects) -> list[Obstacle]:
        key = sent, accepted
        if key not in self._objects:
            self._objects[key] = []
            whole = MemberPairs(self._voice, self._normal, self._samples, self.obstacles)
            self._objects[key] = member_obstacles(whole, sent, accepted)
        return self._objects[key]

    def _conditions(self, branch: Branch, wanted: Conditions) -> Iterator[Obstacle]:
        sends = words_of(branch)
        for schema in wanted.negated:
            known = any(_same(schema, own) for own in branch.conditions.negated)
            if not (known or self._disjoint.schema(branch, schema)):
                yield self._voice.differs(sends, "what `not` leaves of it", self._few(branch, schema))
        for group in wanted.exact:
            if not any(_same_group(group, own) for own in branch.conditions.exact):
                overlapping = [schema for schema in group if not self._disjoint.schema(branch, schema)]
                if len(overlapping) > 1:
                    yield self._voice.differs(sends, "exactly one choice of `oneOf`", self._few(branch, *overlapping))
        for unjudged in wanted.unjudged:
            if not any(unjudged.same_as(own) for own in branch.conditions.unjudged):
                accepts = f"what `{unjudged.keyword}` allows"
                yield self._voice.differs(sends, accepts, self._few(branch))

    def _few(self, branch: Branch, *others: Schema) -> Iterator[Json]:
        yield from islice(self._samples.of_branch(branch), _FEW)
        for schema in others:
            yield from islice(self._samples.of(schema), _FEW)

    def _arrays(self, sent: Arrays, accepted: Arrays) -> list[Obstacle]:
        found: list[Obstacle] = []
        most = self._most(sent)
        if sent.least < accepted.least or (accepted.most is not None and (most is None or most > accepted.most)):
            lengths = (accepted.least - 1, sent.least, (accepted.most or 0) + 1)
            made = [self._samples.array(sent, length, 0) for length in lengths if 0 <= length <= 64]
            witnesses = [value for value in made if value is not None]
            found.append(self._voice.differs(words_of(Branch(sent)), words_of(Branch(accepted)), witnesses))
        if accepted.unique and not sent.unique and (most is None or most > 1):
            witnesses = [[item, item] for item in self._samples.of(sent.item(0))]
            found.append(self._voice.differs("an array with equal items", "an array without", witnesses))
        for index in range(max(len(sent.prefix), len(accepted.prefix)) + 1):
            if most is None or index < most:
                found += self._items(sent, accepted, index)
        return found

    def _most(self, sent: Arrays) -> int | None:
        """The length of the longest array: none goes on where no item is possible."""
        for index in range(len(sent.prefix) + 1):
            if self._normal.never(sent.item(index)):
                return index if sent.most is None else min(index, sent.most)
        return sent.most

    def _items(self, sent: Arrays, accepted: Arrays, index: int) -> Iterator[Obstacle]:
        base = self._samples.array(sent, max(sent.least, index + 1), 0)
        fixed = index < max(len(sent.prefix), len(accepted.prefix))

        def wrap(item: Json) -> Json | None:
            return None if base is None else [*base[:index], item, *base[index + 1 :]]

        for obstacle in self.obstacles(sent.item(index), accepted.item(index)):
            yield obstacle.below(index if fixed else None, wrap)


def _own_fault(obstacle: Obstacle, accepted: Schema) -> Obstacle:
    """Without witnesses that are refused elsewhere only, and not at the obstacle's own place."""
    if obstacle.steps:
        return obstacle
    kept = tuple(item for item in obstacle.witnesses if evaluate(accepted, item) is False)
    return replace(obstacle, witnesses=kept)


def _same(one: Schema, other: Schema) -> bool:
    """Whether both are the same text with the same meaning: equal, and about the same definitions."""
    if key_of(one) == key_of(other):
        return True
    return len(one) == len(other) and all(map(_same_part, one, other))


def _same_part(one: Part, other: Part) -> bool:
    text = text_of(one.raw)
    if text != text_of(other.raw):
        return False
    return one.document.text == other.document.text or '"$' not in text


def _same_group(one: tuple[Schema, ...], other: tuple[Schema, ...]) -> bool:
    return len(one) == len(other) and all(map(_same, one, other))
