"""Patterns of RE2 written for other engines: Python's `re`, and ECMA-262 as JSON Schema has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iii_bridge.contract.re2 import Alternate, Anchor, Chars, Concat, Node, Repeat, parse_pattern
from iii_bridge.contract.re2_classes import Ranges, inverted

__all__ = ["ecma_pattern", "python_pattern", "python_text"]

_PYTHON_ANCHORS: Final = {
    Anchor.TEXT_START: r"\A",
    Anchor.TEXT_END: r"\Z",
    Anchor.LINE_START: "(?m:^)",
    Anchor.LINE_END: "(?m:$)",
    Anchor.WORD: r"(?a:\b)",
    Anchor.NOT_WORD: r"(?a:(?!\b))",  # \B does not match the empty text in older versions
}
_ECMA_ANCHORS: Final = {
    Anchor.TEXT_START: "^",
    Anchor.TEXT_END: "$",
    Anchor.WORD: r"\b",
    Anchor.NOT_WORD: r"\B",
}
_SYNTAX: Final = frozenset("^$\\.*+?()[]{}|/")
"""What both engines let a backslash stand before, in every mode."""
_LETTERS: Final = {9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
_EVERYTHING: Final[Ranges] = ((0, 0x10FFFF),)


def python_pattern(pattern: str) -> str:
    """The same for `re.search`, without flags. Raises PatternError."""
    return python_text(parse_pattern(pattern))


def python_text(node: Node) -> str:
    """As `python_pattern`, of a tree."""
    return _text(node, _PYTHON_ANCHORS)


def ecma_pattern(pattern: str) -> str | None:
    """The same for ECMA-262 with or without its flag `u`, which Python reads alike; None where it has none.

    Characters beyond U+FFFF are two where the flag is missing, so sets that
    name some have no such form. Raises PatternError.
    """
    try:
        return _text(parse_pattern(pattern), _ECMA_ANCHORS)
    except (KeyError, _BeyondError):
        return None


class _BeyondError(Exception):
    """A character that takes two units of UTF-16."""


def _text(node: Node, anchors: Mapping[Anchor, str]) -> str:
    match node:
        case Anchor():
            return anchors[node]
        case Chars(ranges):
            return _set(ranges, python=Anchor.LINE_START in anchors)
        case Concat(items):
            return "".join(
                _grouped(item, anchors) if isinstance(item, Alternate) else _text(item, anchors) for item in items
            )
        case Alternate(items):
            return "|".join(_text(item, anchors) for item in items)
        case Repeat(item, least, most):
            return _atom(item, anchors) + _counts(least, most)


def _grouped(node: Node, anchors: Mapping[Anchor, str]) -> str:
    return f"(?:{_text(node, anchors)})"


def _atom(node: Node, anchors: Mapping[Anchor, str]) -> str:
    return _text(node, anchors) if isinstance(node, Chars) else _grouped(node, anchors)


def _counts(least: int, most: int | None) -> str:
    for counts, operator in (((0, None), "*"), ((1, None), "+"), ((0, 1), "?")):
        if counts == (least, most):
            return operator
    return f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}"


def _set(ranges: Ranges, python: bool) -> str:
    if not ranges:
        return "(?!)"
    if ranges == _EVERYTHING:
        return r"[\s\S]"
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _char(ranges[0][0], python, in_class=False)
    others = inverted(ranges)
    negated = ranges[-1][1] > 0xFFFF and not (python and len(ranges) <= len(others))
    parts = [
        _char(low, python) if low == high else f"{_char(low, python)}-{_char(high, python)}"
        for low, high in (others if negated else ranges)
    ]
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def _char(code: int, python: bool, in_class: bool = True) -> str:
    char = chr(code)
    if char in _SYNTAX or (in_class and char == "-"):
        return f"\\{char}"
    if code in _LETTERS:
        return _LETTERS[code]
    if 0x20 <= code < 0x7F:
        return char
    if code > 0xFFFF:
        if not python:
            raise _BeyondError
        return f"\\U{code:08x}"
    return f"\\u{code:04x}"
