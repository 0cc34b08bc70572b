"""Whether texts match a pattern of RE2: by Python's `re` where that reads a text once, by a machine of ours elsewhere.

A pattern is steady when no character of a text ever leaves a choice: then there
is nothing to go back to, and `re`, which is many times as fast, is safe.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from iii_bridge.contract.re2 import Alternate, Anchor, Chars, Concat, Node, Repeat, parse_pattern
from iii_bridge.contract.re2_classes import Ranges
from iii_bridge.contract.re2_machine import Machine
from iii_bridge.contract.re2_text import python_text

__all__ = ["is_steady", "matcher"]

_MOST_POSITIONS: Final = 2000


@functools.lru_cache(maxsize=1024)
def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches anywhere, in time that grows with its length only. Raises PatternError."""
    node = parse_pattern(pattern)
    if not is_steady(node):
        return Machine(node).search
    search = re.compile(python_text(node)).search
    return lambda text: search(text) is not None


def is_steady(node: Node) -> bool:
    """Whether at most one way through the pattern fits any text: the places that may follow one another differ in
    their first character, and a search is tried in one place or ends after a fixed number of characters."""
    items = node.items if isinstance(node, Concat) else (node,)
    anchored = items[:1] == (Anchor.TEXT_START,)
    if not anchored and _is_endless(node):
        return False
    inner = items[anchored:]
    if inner[-1:] == (Anchor.TEXT_END,):
        inner = inner[:-1]
    try:
        _Follow().of(Concat(inner))
    except _UnsteadyError:
        return False
    return True


def _is_endless(node: Node) -> bool:
    match node:
        case Repeat(item, _, most):
            return most is None or _is_endless(item)
        case Concat(items) | Alternate(items):
            return any(map(_is_endless, items))
        case _:
            return False


class _UnsteadyError(Exception):
    """Two places may follow that begin with one character."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a pattern: whether it may be empty, the places it may begin with, and those it may end with."""

    empty: bool
    first: tuple[int, ...]
    last: tuple[int, ...]


class _Follow:
    """Glushkov's places, one for each character of the pattern, with those that may follow each."""

    def __init__(self) -> None:
        self._chars: list[Ranges] = []
        self._follow: list[tuple[int, ...]] = []

    def of(self, node: Node) -> _Part:
        """A part of the pattern. Raises _UnsteadyError."""
        match node:
            case Chars(ranges):
                if len(self._chars) >= _MOST_POSITIONS:
                    raise _UnsteadyError
                self._chars.append(ranges)
                self._follow.append(())
                place = (len(self._chars) - 1,)
                return _Part(False, place, place)
            case Anchor():
                raise _UnsteadyError  # in the middle of a pattern
            case Concat(items):
                return self._concat([self.of(item) for item in items])
            case Alternate(items):
                parts = [self.of(item) for item in items]
                if sum(part.empty for part in parts) > 1:
                    raise _UnsteadyError
                first = self._distinct(*(part.first for part in parts))
                return _Part(any(part.empty for part in parts), first, sum((part.last for part in parts), ()))
            case Repeat():
                return self._repeat(node)

    def _concat(self, parts: list[_Part]) -> _Part:
        found = _Part(True, (), ())
        for part in parts:
            for place in found.last:
                self._follow[place] = self._distinct(self._follow[place], part.first)
            first = self._distinct(found.first, part.first) if found.empty else found.first
            last = (*found.last, *part.last) if part.empty else part.last
            found = _Part(found.empty and part.empty, first, last)
        return found

    def _repeat(self, node: Repeat) -> _Part:
        """Counted ones are written out; what may be empty may be so in several ways, and is not repeated."""
        if node.most is None:
            parts = [self.of(node.item) for _ in range(max(node.least, 1))]
            if parts[-1].empty:
                raise _UnsteadyError
            for place in parts[-1].last:
                self._follow[place] = self._distinct(self._follow[place], parts[-1].first)
            whole = self._concat(parts)
            return whole if node.least else _Part(True, whole.first, whole.last)
        parts = [self.of(node.item) for _ in range(node.most)]
        if any(part.empty for part in parts) and node.most > 1:
            raise _UnsteadyError
        optional = [_Part(True, part.first, part.last) for part in parts[node.least :]]
        return self._nested(parts[: node.least], optional)

    def _nested(self, needed: list[_Part], optional: list[_Part]) -> _Part:
        """`aa(a(a)?)?`: an optional part stands only behind the one before it."""
        tail = _Part(True, (), ())
        for part in reversed(optional):
            solid = _Part(False, part.first, part.last)
            inner = self._concat([solid, tail])
            tail = _Part(True, inner.first, inner.last)
        return self._concat([*needed, tail])

    def _distinct(self, *places: tuple[int, ...]) -> tuple[int, ...]:
        """All of them, when no two may begin with one character."""
        found = sum(places, ())
        ranges = sorted(interval for place in found for interval in self._chars[place])
        if any(low <= high for (_, high), (low, _) in itertools.pairwise(ranges)):
            raise _UnsteadyError
        return found
