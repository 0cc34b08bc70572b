"""Patterns as machines that read a text once: time grows with its length alone, whatever the pattern and the text.

Python's `re` goes back and tries again, which some patterns let a text of
thirty characters do for hours; RE2 promises that this does not happen. States
are made as texts ask for them, and forgotten when there are too many.
"""

from __future__ import annotations

from typing import Final

from iii_bridge.contract.re2 import Alternate, Anchor, Chars, Concat, Node, PatternError, Repeat
from iii_bridge.contract.re2_classes import PERL_CLASSES, Ranges

__all__ = ["Machine"]

_MOST_PLACES: Final = 20_000
_MOST_STEPS: Final = 10_000
_WORD: Final = frozenset(chr(code) for low, high in PERL_CLASSES["w"] for code in range(low, high + 1))

_Places = frozenset[int]


class _State(dict[str, "_State"]):
    """Places between two characters, and the one before them as far as anchors care; leads on by the next one."""

    __slots__ = ("before", "places")

    def __init__(self, places: _Places, before: str) -> None:
        super().__init__()
        self.places = places
        self.before = before


_MATCHED: Final = _State(frozenset(), "")


class Machine:
    """Searches texts for a pattern. Raises PatternError for one that is too large."""

    def __init__(self, node: Node) -> None:
        self._free: list[list[tuple[Anchor | None, int]]] = []
        self._edges: list[tuple[Ranges, int] | None] = []
        self._accept = self._place()
        self._first = self._add(node, self._accept)
        self._states: dict[tuple[_Places, str], _State] = {}
        self._steps = 0

    # --- building: every part is given the place behind it, and returns the one before -------------------------------

    def _place(self) -> int:
        if len(self._edges) >= _MOST_PLACES:
            raise PatternError("it is too large")
        self._free.append([])
        self._edges.append(None)
        return len(self._edges) - 1

    def _add(self, node: Node, behind: int) -> int:
        match node:
            case Concat(items):
                for item in reversed(items):
                    behind = self._add(item, behind)
                return behind
            case Repeat():
                return self._repeat(node, behind)
            case _:
                place = self._place()
        match node:
            case Chars(ranges):
                self._edges[place] = (ranges, behind)
            case Anchor():
                self._free[place].append((node, behind))
            case Alternate(items):
                self._free[place] += [(None, self._add(item, behind)) for item in items]
        return place

    def _repeat(self, node: Repeat, behind: int) -> int:
        if node.most is None:
            loop = self._place()
            self._free[loop] += [(None, self._add(node.item, loop)), (None, behind)]
            behind = loop
        else:
            end = behind
            for _ in range(node.most - node.least):
                place = self._place()
                self._free[place] += [(None, self._add(node.item, behind)), (None, end)]
                behind = place
        for _ in range(node.least):
            behind = self._add(node.item, behind)
        return behind

    # --- running -----------------------------------------------------------------------------------------------------

    def search(self, text: str) -> bool:
        """Whether the pattern matches any part of a text."""
        state = self._state(frozenset(), "")
        for char in text:
            following = state.get(char)
            if following is None:
                following = self._step(state, char)
            if following is _MATCHED:
                return True
            state = following
        return self._accept in self._closed(state, "")

    def _state(self, places: _Places, before: str) -> _State:
        found = self._states.get((places, before))
        if found is None:
            found = self._states[places, before] = _State(places, before)
        return found

    def _step(self, state: _State, char: str) -> _State:
        closed = self._closed(state, char)
        following = _MATCHED
        if self._accept not in closed:
            code = ord(char)
            edges = (edge for edge in map(self._edges.__getitem__, closed) if edge is not None)
            places = frozenset(place for ranges, place in edges if any(low <= code <= high for low, high in ranges))
            following = self._state(places, char if char == "\n" else "w" if char in _WORD else " ")
        self._steps += 1
        if self._steps > _MOST_STEPS:  # what is in use stays alive, and is found again
            self._states, self._steps = {}, 0
        state[char] = following
        return following

    def _closed(self, state: _State, behind: str) -> set[int]:
        """With what is reached without a character; a search begins anew everywhere."""
        found = {*state.places, self._first}
        waiting = list(found)
        while waiting:
            for anchor, place in self._free[waiting.pop()]:
                if place not in found and (anchor is None or _stands(anchor, state.before, behind)):
                    found.add(place)
                    waiting.append(place)
        return found


def _stands(anchor: Anchor, before: str, behind: str) -> bool:
    """Whether an anchor holds between two characters, of which the empty text is the end."""
    match anchor:
        case Anchor.TEXT_START:
            return before == ""
        case Anchor.TEXT_END:
            return behind == ""
        case Anchor.LINE_START:
            return before in ("", "\n")
        case Anchor.LINE_END:
            return behind in ("", "\n")
        case Anchor.WORD:
            return (before == "w") != (behind in _WORD)
        case Anchor.NOT_WORD:
            return (before == "w") == (behind in _WORD)
