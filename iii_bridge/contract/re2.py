"""The regular expressions of contracts: RE2's syntax to a tree that other engines' syntax can be made of.

Read as RE2 reads it by default: Perl classes are ASCII, `.` leaves out line
feeds, `^` and `$` are the ends of the text, and there are no back references
and no look-around. Greed is dropped: whether a text matches does not depend on
it. Not read: `\\C`, classes of Unicode properties, and case folding of letters
outside ASCII, which engines see differently.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from iii_bridge.contract.re2_classes import ASCII_CLASSES, PERL_CLASSES, Ranges, folded, inverted, merged

__all__ = ["Alternate", "Anchor", "Chars", "Concat", "Node", "PatternError", "Repeat", "parse_pattern"]

_MOST: Final = 1000
"""The largest count RE2 takes, and the most it multiplies to."""
_DEPTH: Final = 100


class PatternError(ValueError):
    """A pattern that RE2 refuses, or that is not read here; the text says what and why."""


class Anchor(enum.Enum):
    """Places between characters."""

    TEXT_START = "text start"
    TEXT_END = "text end"
    LINE_START = "line start"
    LINE_END = "line end"
    WORD = "word boundary"
    NOT_WORD = "no word boundary"


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set, as sorted, separate, inclusive ranges of code points."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Concat:
    """One after the other; nothing is the empty text."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternate:
    """One of them."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """As often as said; `most` is None without a limit."""

    item: Node
    least: int
    most: int | None


Node = Anchor | Chars | Concat | Alternate | Repeat


def parse_pattern(text: str) -> Node:
    """The tree of a pattern. Raises PatternError."""
    parser = _Parser(text)
    node = parser.alternate(_Flags(), depth=0)
    if not parser.at_end:
        raise PatternError("a closing parenthesis stands without an opening one")
    if _count(node) > _MOST:
        raise PatternError(f"repetitions multiply to more than {_MOST}")
    return node


def _count(node: Node) -> int:
    """How often the most repeated part is repeated."""
    match node:
        case Repeat(item, least, most):
            return max(least, most or 0, 1) * _count(item)
        case Concat(items) | Alternate(items):
            return max(map(_count, items), default=1)
        case _:
            return 1


@dataclass(frozen=True, slots=True)
class _Flags:
    fold: bool = False
    lines: bool = False
    dot_all: bool = False


_FLAG_NAMES: Final = {"i": "fold", "m": "lines", "s": "dot_all", "U": ""}
_ANY: Final[Ranges] = ((0, 0x10FFFF),)
_NOT_LINE_FEED: Final = inverted(((10, 10),))
_ESCAPED: Final = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_ANCHORS: Final = {"A": Anchor.TEXT_START, "z": Anchor.TEXT_END, "b": Anchor.WORD, "B": Anchor.NOT_WORD}


class _Parser:
    """Recursive descent; flags are handed down, because they end with their group."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def _starts(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _take(self) -> str:
        if self.at_end:
            raise PatternError("it ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def _until(self, end: str) -> str:
        found = self._text.find(end, self._at)
        if found < 0:
            raise PatternError(f"{end} is missing")
        text = self._text[self._at : found]
        self._at = found + len(end)
        return text

    # --- structure ---------------------------------------------------------------------------------------------------

    def alternate(self, flags: _Flags, depth: int) -> Node:
        """Up to the end, or to a closing parenthesis, which is left where it is."""
        if depth > _DEPTH:
            raise PatternError(f"groups are nested more than {_DEPTH} deep")
        choices: list[Node] = []
        items: list[Node] = []
        while not self.at_end and not self._starts(")"):
            if self._starts("|"):
                self._at += 1
                choices.append(_concat(items))
                items = []
            elif (changed := self._flag_group(flags)) is not None:
                flags = changed
            else:
                items += self._repeated(self._atoms(flags, depth))
        choices.append(_concat(items))
        return choices[0] if len(choices) == 1 else Alternate(tuple(choices))

    def _flag_group(self, flags: _Flags) -> _Flags | None:
        """`(?i)`, which holds up to the end of the group around it."""
        if not self._starts("(?"):
            return None
        end = self._at + 2
        while end < len(self._text) and (self._text[end] in _FLAG_NAMES or self._text[end] == "-"):
            end += 1
        if self._text[end : end + 1] != ")":
            return None
        written = self._text[self._at + 2 : end]
        self._at = end + 1
        return _changed(flags, written)

    def _atoms(self, flags: _Flags, depth: int) -> list[Node]:
        """One atom; `\\Q…\\E` gives one for each of its characters."""
        char = self._take()
        match char:
            case "(":
                return [self._group(flags, depth)]
            case "[":
                return [Chars(self._class(flags))]
            case ".":
                return [Chars(_ANY if flags.dot_all else _NOT_LINE_FEED)]
            case "^":
                return [Anchor.LINE_START if flags.lines else Anchor.TEXT_START]
            case "$":
                return [Anchor.LINE_END if flags.lines else Anchor.TEXT_END]
            case "*" | "+" | "?":
                raise PatternError(f"nothing stands before {char}")
            case "\\":
                return self._escape(flags)
            case "{" if self._braces(self._at - 1) is not None:
                raise PatternError("nothing stands before {")
            case _:
                return [_char(ord(char), flags)]

    def _group(self, flags: _Flags, depth: int) -> Node:
        if self._starts("?"):
            self._at += 1
            if self._starts("P<") or (self._starts("<") and not self._starts("<=") and not self._starts("<!")):
                name = self._until(">").removeprefix("P").removeprefix("<")
                if not (name.isascii() and name.isidentifier()) and not name.replace("_", "a").isalnum():
                    raise PatternError("the name of a group is not well-formed")
            else:
                flags = _changed(flags, self._until(":"))
        node = self.alternate(flags, depth + 1)
        if self.at_end:
            raise PatternError("a closing parenthesis is missing")
        self._at += 1
        return node

    def _repeated(self, atoms: list[Node]) -> list[Node]:
        """The last of the atoms, as often as the operator behind it says."""
        least_most = self._operator()
        if least_most is None:
            return atoms
        if not atoms:
            raise PatternError("nothing stands before a repetition")
        if self._starts("?"):
            self._at += 1
        if self._operator() is not None:
            raise PatternError("two repetitions stand one behind the other")
        return [*atoms[:-1], Repeat(atoms[-1], *least_most)]

    def _operator(self) -> tuple[int, int | None] | None:
        for operator, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._starts(operator):
                self._at += 1
                return counts
        found = self._braces(self._at)
        if found is None:
            return None
        least, most, self._at = found
        if max(least, most or 0) > _MOST:
            raise PatternError(f"a repetition of more than {_MOST}")
        if most is not None and most < least:
            raise PatternError("a repetition of at most less than at least")
        return least, most

    def _braces(self, at: int) -> tuple[int, int | None, int] | None:
        """`{2}`, `{2,}` or `{2,5}` at a place, and where it ends; any other brace is a character."""
        end = self._text.find("}", at)
        if not self._text.startswith("{", at) or end < 0:
            return None
        low, comma, high = self._text[at + 1 : end].partition(",")
        if not _is_count(low) or (high and not _is_count(high)):
            return None
        return int(low), (int(high) if high else None if comma else int(low)), end + 1

    # --- characters --------------------------------------------------------------------------------------------------

    def _escape(self, flags: _Flags) -> list[Node]:
        if self._starts("Q"):
            self._at += 1
            end = self._text.find("\\E", self._at)
            literal = self._text[self._at :] if end < 0 else self._text[self._at : end]
            self._at = len(self._text) if end < 0 else end + 2
            return [_char(ord(char), flags) for char in literal]
        char = self._text[self._at : self._at + 1]
        if char in _ANCHORS and char:
            self._at += 1
            return [_ANCHORS[char]]
        found = self._perl_class(flags)
        return [Chars(found)] if found is not None else [_char(self._escaped(), flags)]

    def _perl_class(self, flags: _Flags) -> Ranges | None:
        """`\\d` and its like, behind the backslash."""
        char = self._text[self._at : self._at + 1]
        if char in ("p", "P"):
            raise PatternError("classes of Unicode properties are not supported")
        known = PERL_CLASSES.get(char.lower()) if char else None
        if known is None:
            return None
        self._at += 1
        known = folded(known) if flags.fold else known
        return known if char.islower() else inverted(known)

    def _escaped(self) -> int:
        """The code point behind a backslash."""
        char = self._take()
        if char in _ESCAPED:
            return _ESCAPED[char]
        if char == "x":
            return self._hexadecimal()
        if char in "01234567":
            return self._octal(char)
        if char.isascii() and not char.isalnum():
            return ord(char)
        raise PatternError(f"the escape \\{char} does not exist")

    def _hexadecimal(self) -> int:
        if self._starts("{"):
            self._at += 1
            digits = self._until("}")
        else:
            digits = self._text[self._at : self._at + 2]
            self._at += 2
            if len(digits) < 2:
                raise PatternError("\\x needs two digits")
        if not digits or not set(digits) <= set("0123456789abcdefABCDEF") or int(digits, 16) > 0x10FFFF:
            raise PatternError("the digits behind \\x are no code point")
        return int(digits, 16)

    def _octal(self, first: str) -> int:
        digits = first
        while len(digits) < 3 and self._text[self._at : self._at + 1] in tuple("01234567"):
            digits += self._take()
        if len(digits) == 1 and first != "0":
            raise PatternError("back references do not exist in RE2")
        return int(digits, 8)

    def _class(self, flags: _Flags) -> Ranges:
        negated = self._starts("^")
        self._at += negated
        found: list[tuple[int, int]] = []
        first = True
        while first or not self._starts("]"):
            first = False
            found += self._class_item(flags)
        self._at += 1
        ranges = merged(found)
        return inverted(ranges) if negated else ranges

    def _class_item(self, flags: _Flags) -> Iterable[tuple[int, int]]:
        if self._starts("[:"):
            return self._ascii_class(flags)
        if self._starts("\\"):
            self._at += 1
            known = self._perl_class(flags)
            if known is not None:
                return known
            self._at -= 1
        low = high = self._class_char()
        if self._starts("-") and not self._starts("-]"):
            self._at += 1
            high = self._class_char()
            if high < low:
                raise PatternError("a range of characters ends before it begins")
        return _fold(((low, high),), flags)

    def _ascii_class(self, flags: _Flags) -> Ranges:
        self._at += 2
        name = self._until(":]")
        known = ASCII_CLASSES.get(name.removeprefix("^"))
        if known is None:
            raise PatternError(f"the class [:{name}:] does not exist")
        known = folded(known) if flags.fold else known
        return inverted(known) if name.startswith("^") else known

    def _class_char(self) -> int:
        char = self._take()
        return self._escaped() if char == "\\" else ord(char)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))


def _concat(items: list[Node]) -> Node:
    return items[0] if len(items) == 1 else Concat(tuple(items))


def _changed(flags: _Flags, written: str) -> _Flags:
    added, minus, removed = written.partition("-")
    if (minus and not removed) or not set(added + removed) <= set(_FLAG_NAMES):
        raise PatternError(f"(?{written} is no group of RE2")
    for letters, value in ((added, True), (removed, False)):
        for name in filter(None, map(_FLAG_NAMES.__getitem__, letters)):
            flags = replace(flags, **{name: value})
    return flags


def _char(code: int, flags: _Flags) -> Chars:
    return Chars(_fold(((code, code),), flags))


def _fold(ranges: Ranges, flags: _Flags) -> Ranges:
    if not flags.fold:
        return ranges
    try:
        return folded(ranges)
    except ValueError as error:
        raise PatternError(str(error)) from None
