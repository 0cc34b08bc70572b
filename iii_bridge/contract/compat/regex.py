"""Regular expressions as automata: the part of ECMA-262 that is regular.

Look-around, back references, word boundaries and Unicode properties are not
read; an expression that has them is refused with `Irregular`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

__all__ = ["Automaton", "CharSet", "Irregular", "States", "automaton"]

CharSet = tuple[tuple[int, int], ...]
"""Ranges of code points, sorted, both ends included."""
States = frozenset[int]

_LAST: Final = 0x10FFFF
_MOST_STATES: Final = 4000
_DIGIT: Final[CharSet] = ((48, 57),)
_WORD: Final[CharSet] = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: Final[CharSet] = ((9, 13), (32, 32))
_CLASSES: Final = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_CONTROLS: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_SPECIAL: Final = frozenset("\\^$.|?*+()[]{}")


class Irregular(Exception):
    """The expression is not one this module reads."""


class Automaton:
    """States joined by characters; `search` is what it does: the expression may match anywhere in a text."""

    def __init__(self, pattern: str) -> None:
        self._free: list[list[int]] = []
        self._at_start: list[list[int]] = []
        self._at_end: list[list[int]] = []
        self._edges: list[list[tuple[CharSet, int]]] = []
        before, self._accept = self.state(), self.state()
        self.edge(before, ((0, _LAST),), before)
        self.edge(self._accept, ((0, _LAST),), self._accept)
        first, last = _Reader(pattern, self).whole()
        self.free(before, first)
        self.free(last, self._accept)
        self.start: Final = self._closed({before}, self._free, self._at_start)

    # --- building ------------------------------------------------------------

    def state(self) -> int:
        """A new state."""
        for edges in (self._free, self._at_start, self._at_end):
            edges.append([])
        self._edges.append([])
        if len(self._edges) > _MOST_STATES:
            raise Irregular
        return len(self._edges) - 1

    def free(self, source: int, target: int) -> None:
        """A step without a character."""
        self._free[source].append(target)

    def edge(self, source: int, chars: CharSet, target: int) -> None:
        """A step with one of some characters."""
        self._edges[source].append((chars, target))

    def anchor(self, source: int, target: int, *, end: bool) -> None:
        """A step that is possible at the start, or at the end, of a text only."""
        (self._at_end if end else self._at_start)[source].append(target)

    # --- running -------------------------------------------------------------

    def after(self, states: States, char: int) -> States:
        """The states one character later."""
        reached = {
            target for state in states for chars, target in self._edges[state] if any(a <= char <= b for a, b in chars)
        }
        return self._closed(reached, self._free)

    def accepts(self, states: States) -> bool:
        """Whether a text may end here."""
        return self._accept in self._closed(states, self._free, self._at_end)

    def boundaries(self) -> Iterator[int]:
        """Code points at which something changes."""
        for edges in self._edges:
            for chars, _ in edges:
                for low, high in chars:
                    yield low
                    yield high + 1

    @staticmethod
    def _closed(states: Iterable[int], *steps: list[list[int]]) -> States:
        found = set(states)
        waiting = list(found)
        while waiting:
            state = waiting.pop()
            for step in steps:
                for target in step[state]:
                    if target not in found:
                        found.add(target)
                        waiting.append(target)
        return frozenset(found)


@lru_cache(maxsize=256)
def automaton(pattern: str) -> Automaton | None:
    """The automaton of an expression, None for one that is not regular or too large."""
    try:
        return Automaton(pattern)
    except (Irregular, IndexError, ValueError, RecursionError):
        return None


_Piece = tuple[int, int]
"""The first and the last state of a part of the expression."""


class _Reader:
    """Reads an expression by descent, building as it goes. Lazy quantifiers match the same texts as greedy ones."""

    def __init__(self, text: str, built: Automaton) -> None:
        self._text = text
        self._at = 0
        self._built = built

    def whole(self) -> _Piece:
        piece = self._choice()
        if self._at < len(self._text):
            raise Irregular
        return piece

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _take(self) -> str:
        char = self._text[self._at]
        self._at += 1
        return char

    def _choice(self) -> _Piece:
        first, last = self._built.state(), self._built.state()
        while True:
            begin, end = self._sequence()
            self._built.free(first, begin)
            self._built.free(end, last)
            if self._peek() != "|":
                return first, last
            self._take()

    def _sequence(self) -> _Piece:
        first = last = self._built.state()
        while self._peek() not in ("", "|", ")"):
            begin, end = self._quantified()
            self._built.free(last, begin)
            last = end
        return first, last

    def _quantified(self) -> _Piece:
        start = self._at
        piece = self._atom()
        least, most = self._quantifier()
        if (least, most) == (1, 1):
            return piece
        end = self._at
        pieces: list[_Piece] = []
        for _ in range(max(least, 1) if most is None else most):
            self._at = start
            pieces.append(self._atom())  # built anew each time: a state belongs to one place
        self._at = end
        return self._repeated(pieces, least, endless=most is None)

    def _repeated(self, pieces: list[_Piece], least: int, *, endless: bool) -> _Piece:
        first = last = self._built.state()
        final = self._built.state()
        for index, (begin, end) in enumerate(pieces):
            if index >= least:
                self._built.free(last, final)
            self._built.free(last, begin)
            last = end
        if endless and pieces:
            self._built.free(pieces[-1][1], pieces[-1][0])
        self._built.free(last, final)
        return first, final

    def _quantifier(self) -> tuple[int, int | None]:
        match self._peek():
            case "*":
                limits: tuple[int, int | None] = (0, None)
            case "+":
                limits = (1, None)
            case "?":
                limits = (0, 1)
            case "{":
                return self._counted()
            case _:
                return 1, 1
        self._take()
        self._lazy()
        return limits

    def _lazy(self) -> None:
        if self._peek() == "?":
            self._take()
        elif self._peek() in ("+", "*"):
            raise Irregular

    def _counted(self) -> tuple[int, int | None]:
        end = self._text.index("}", self._at)
        least, comma, most = self._text[self._at + 1 : end].partition(",")
        self._at = end + 1
        self._lazy()
        low = int(least)
        high = (int(most) if most else None) if comma else low
        if low > 1000 or (high or 0) > 1000:
            raise Irregular
        return low, high

    def _atom(self) -> _Piece:
        char = self._take()
        if char == "(":
            return self._group()
        first, last = self._built.state(), self._built.state()
        if char in "^$":
            self._built.anchor(first, last, end=char == "$")
            return first, last
        if char == "[":
            chars = self._class()
        elif char == ".":
            chars = _without(((10, 10), (13, 13), (0x2028, 0x2029)))
        elif char == "\\":
            chars = self._escape()
        elif char in _SPECIAL:
            raise Irregular
        else:
            chars = _single(char)
        self._built.edge(first, chars, last)
        return first, last

    def _group(self) -> _Piece:
        if self._peek() == "?":
            self._take()
            kind = self._take()
            if kind == "<" and (self._peek().isalpha() or self._peek() == "_"):
                self._at = self._text.index(">", self._at) + 1
            elif kind != ":":
                raise Irregular
        piece = self._choice()
        if self._take() != ")":
            raise Irregular
        return piece

    def _escape(self) -> CharSet:
        char = self._take()
        if char.lower() in _CLASSES:
            known = _CLASSES[char.lower()]
            return known if char.islower() else _without(known)
        if char in ("x", "u"):
            width = 2 if char == "x" else 4
            digits = self._text[self._at : self._at + width]
            self._at += width
            return _single(chr(int(digits, 16)))
        if char in _CONTROLS:
            return _single(_CONTROLS[char])
        if char.isalnum():
            raise Irregular
        return _single(char)

    def _class(self) -> CharSet:
        negated = self._peek() == "^"
        if negated:
            self._take()
        ranges: list[tuple[int, int]] = []
        while self._peek() != "]":
            low = self._member()
            if self._peek() == "-" and self._text[self._at + 1] != "]":
                self._take()
                ranges.append(_range(low, self._member()))
            else:
                ranges += low
        self._take()
        chars = _merged(ranges)
        return _without(chars) if negated else chars

    def _member(self) -> CharSet:
        char = self._take()
        if char != "\\":
            return _single(char)
        if self._peek() == "b":
            self._take()
            return _single("\b")
        return self._escape()


def _single(char: str) -> CharSet:
    return ((ord(char), ord(char)),)


def _range(low: CharSet, high: CharSet) -> tuple[int, int]:
    """From one character to another; what stands for several is no end of a range."""
    ends = [(first, last) for chars in (low, high) for first, last in chars]
    if len(ends) != 2 or any(first != last for first, last in ends) or ends[0][0] > ends[1][0]:
        raise Irregular
    return ends[0][0], ends[1][0]


def _merged(ranges: Iterable[tuple[int, int]]) -> CharSet:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def _without(chars: CharSet) -> CharSet:
    kept: list[tuple[int, int]] = []
    start = 0
    for low, high in chars:
        if low > start:
            kept.append((start, low - 1))
        start = high + 1
    return (*kept, (start, _LAST)) if start <= _LAST else tuple(kept)
