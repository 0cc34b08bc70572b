"""Sets of characters as ranges of code points, and the classes that RE2 has names for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["ASCII_CLASSES", "PERL_CLASSES", "Ranges", "folded", "inverted", "merged"]

Ranges = tuple[tuple[int, int], ...]
"""Sorted, separate, inclusive."""

_LAST: Final = 0x10FFFF
_KELVIN: Final = 0x212A
_LONG_S: Final = 0x17F


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Any ranges, sorted and joined where they touch."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def inverted(ranges: Ranges) -> Ranges:
    """Every other code point."""
    found: list[tuple[int, int]] = []
    start = 0
    for low, high in ranges:
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    if start <= _LAST:
        found.append((start, _LAST))
    return tuple(found)


def folded(ranges: Ranges) -> Ranges:
    """With the other case of each letter: simple folding, in which k and the Kelvin sign, s and the long s are one.

    Raises ValueError for other letters outside ASCII.
    """
    found = list(ranges)
    for low, high in ranges:
        if high > 0x7F and not _is_everything_beyond(low, high):
            _refuse_cased(max(low, 0x80), high)
        for first, last, shift in ((0x41, 0x5A, 0x20), (0x61, 0x7A, -0x20)):
            start, end = max(low, first), min(high, last)
            if start <= end:
                found.append((start + shift, end + shift))
        found += _beyond_ascii(low, high)
    return merged(found)


def _beyond_ascii(low: int, high: int) -> Iterable[tuple[int, int]]:
    for letters, sign in (((0x4B, 0x6B), _KELVIN), ((0x53, 0x73), _LONG_S)):
        family = (*letters, sign)
        if any(low <= code <= high for code in family):
            yield from ((code, code) for code in family)


def _is_everything_beyond(low: int, high: int) -> bool:
    return low <= 0x80 and high == _LAST


def _refuse_cased(low: int, high: int) -> None:
    for code in range(low, high + 1):
        char = chr(code)
        if code not in (_KELVIN, _LONG_S) and (char.lower() != char or char.upper() != char):
            raise ValueError("letters outside ASCII are not supported where case is ignored")


def _of(*pairs: str) -> Ranges:
    return merged((ord(pair[0]), ord(pair[-1])) for pair in pairs)


PERL_CLASSES: Final[dict[str, Ranges]] = {
    "d": _of("09"),
    "s": _of("\t\n", "\f\r", " "),
    "w": _of("09", "AZ", "_", "az"),
}
"""By the small letter behind the backslash."""

ASCII_CLASSES: Final[dict[str, Ranges]] = {
    "alnum": _of("09", "AZ", "az"),
    "alpha": _of("AZ", "az"),
    "ascii": _of("\x00\x7f"),
    "blank": _of("\t", " "),
    "cntrl": _of("\x00\x1f", "\x7f"),
    "digit": _of("09"),
    "graph": _of("!~"),
    "lower": _of("az"),
    "print": _of(" ~"),
    "punct": _of("!/", ":@", "[`", "{~"),
    "space": _of("\t\r", " "),
    "upper": _of("AZ"),
    "word": _of("09", "AZ", "_", "az"),
    "xdigit": _of("09", "AF", "af"),
}
