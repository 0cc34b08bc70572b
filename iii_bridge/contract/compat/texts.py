"""Texts that match some expressions and not another: found by walking their automata side by side."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from iii_bridge.contract.compat.regex import Automaton, States, automaton

__all__ = ["included", "texts"]

_MOST_STEPS: Final = 20_000
_LONGEST: Final = 80


def included(patterns: Iterable[str], wanted: str) -> bool | None:
    """Whether every text that matches all patterns matches the wanted one; None when it cannot be told."""
    return _included(tuple(sorted(patterns)), wanted)


@lru_cache(maxsize=1024)
def _included(patterns: tuple[str, ...], wanted: str) -> bool | None:
    walk = _Walk.over(patterns, wanted)
    if walk is None:
        return None
    found = next(walk.texts(0, None), None)
    return None if found is None and not walk.finished else found is None


@lru_cache(maxsize=1024)
def texts(
    patterns: tuple[str, ...], refused: str | None = None, least: int = 0, most: int | None = None
) -> tuple[str, ...]:
    """A few of the shortest texts that match all patterns and not the refused one; none when none was found."""
    walk = _Walk.over(patterns, refused)
    if walk is None or least > _LONGEST:
        return ()
    found: list[str] = []
    for text in walk.texts(least, most):
        found.append(text)
        if len(found) == 4:
            break
    return tuple(found)


_Place = tuple[tuple[States, ...], int]
"""The states of all automata, and the length as far as it matters."""


@dataclass
class _Walk:
    wanted: list[Automaton]
    refused: Automaton | None
    letters: list[int]
    finished: bool = False
    """Whether every reachable combination of states was seen."""

    @classmethod
    def over(cls, patterns: tuple[str, ...], refused: str | None) -> _Walk | None:
        made = [automaton(pattern) for pattern in patterns]
        against = None if refused is None else automaton(refused)
        wanted = [item for item in made if item is not None]
        if len(wanted) < len(made) or (refused is not None and against is None):
            return None
        every = [*wanted, *([against] if against is not None else [])]
        return cls(wanted, against, _letters(every))

    def texts(self, least: int, most: int | None) -> Iterator[str]:
        """Texts in order of length, of each combination of states the first; lengths between the limits."""
        deepest = min(most if most is not None else _LONGEST, _LONGEST)
        start = tuple(item.start for item in self._every())
        seen: set[_Place] = {(start, 0)}
        waiting: deque[tuple[_Place, str]] = deque([((start, 0), "")])
        cut = False
        for _ in range(_MOST_STEPS):
            if not waiting:
                self.finished = not cut
                return
            (states, _length), text = waiting.popleft()
            if len(text) >= least and self._accepted(states):
                yield text
            if len(text) >= deepest:
                cut = True
                continue
            for letter in self.letters:
                after = tuple(item.after(own, letter) for item, own in zip(self._every(), states, strict=True))
                if not all(after[: len(self.wanted)]):
                    continue
                reached = after, min(len(text) + 1, least)
                if reached not in seen:
                    seen.add(reached)
                    waiting.append((reached, text + chr(letter)))

    def _every(self) -> list[Automaton]:
        return [*self.wanted, *([self.refused] if self.refused is not None else [])]

    def _accepted(self, states: tuple[States, ...]) -> bool:
        if not all(item.accepts(own) for item, own in zip(self.wanted, states, strict=False)):
            return False
        return self.refused is None or not self.refused.accepts(states[-1])


def _letters(automata: list[Automaton]) -> list[int]:
    """One character for each class the automata tell apart, printable where there is one."""
    edges = sorted({0, 0x110000, *(edge for item in automata for edge in item.boundaries())})
    chosen = [_letter(low, high - 1) for low, high in itertools.pairwise(edges)]
    return [letter for letter in chosen if not 0xD800 <= letter <= 0xDFFF]


def _letter(low: int, high: int) -> int:
    for first, last in ((ord("a"), ord("z")), (ord("A"), ord("Z")), (ord("0"), ord("9")), (0x21, 0x7E), (0x20, 0x20)):
        if low <= last and high >= first:
            return max(low, first)
    return high if 0xD800 <= low <= 0xDFFF else low
