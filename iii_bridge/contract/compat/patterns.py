"""Regular expressions of schemas: what they match, and the ones that describe integers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from iii_bridge.contract.compat.regex import automaton

__all__ = ["interval_of", "matches"]

_LONGEST: Final = 100
"""Longer texts are not tried with Python: a foreign expression may take exponential time on them."""


@lru_cache(maxsize=4096)
def matches(pattern: str, text: str) -> bool | None:
    """Whether the expression is found in the text; None when that cannot be told as ECMA-262 would.

    Regular expressions run as automata, in time that grows with the text.
    Those with look-around and the like are left to Python where both mean the
    same.
    """
    known = automaton(pattern)
    if known is not None:
        states = known.start
        for char in text:
            states = known.after(states, ord(char))
        return known.accepts(states)
    compiled = _compiled(pattern)
    if compiled is None or len(text) > _LONGEST:
        return None
    return compiled.search(text) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    # Only a last `$` is common, and there Python's would let a newline follow.
    source = pattern[:-1] + r"\Z" if re.search(r"(?<!\\)(?:\\\\)*\$\Z", pattern) else pattern
    if re.search(r"\\[pPukZA]|\(\?<[A-Za-z]|\(\?[PaiLmsux#(]", source.removesuffix(r"\Z")):
        return None
    try:
        return re.compile(source, re.ASCII)
    except (re.error, RecursionError, OverflowError):
        return None


@lru_cache(maxsize=256)
def interval_of(pattern: str) -> tuple[int, int] | None:
    """The least and the most integer of an expression that lists an interval without gaps, as our schemas do.

    `^(?:0|[1-9][0-9]{0,8}|…|-(?:…))$` is read back by adding up its choices;
    None for an expression of any other form.
    """
    if not (pattern.startswith("^(?:") and pattern.endswith(")$")):
        return None
    positive, minus, negative = pattern[4:-2].partition("|-(?:")
    if minus and not negative.endswith(")"):
        return None
    spans = _spans(positive, 1)
    below = _spans(negative[:-1], -1) if minus else []
    return None if spans is None or below is None else _joined(spans + below)


def _spans(choices: str, sign: int) -> list[tuple[int, int]] | None:
    spans: list[tuple[int, int]] = []
    for choice in choices.split("|"):
        found = _span(choice)
        if found is None or (sign < 0 and found[0][0] == 0):  # "-0" is not how a number is written
            return None
        spans += found if sign > 0 else [(-high, -low) for low, high in found]
    return spans


def _span(choice: str) -> list[tuple[int, int]] | None:
    term = re.fullmatch(r"([0-9]*)((?:\[[0-9]-[0-9]\])?)((?:\[0-9\]\{[0-9]+(?:,[0-9]+)?\})?)", choice)
    if term is None or not choice:
        return None
    prefix, digit, free = term.groups()
    lows, highs = prefix + (digit[1] if digit else ""), prefix + (digit[3] if digit else "")
    if not lows or (lows[0] == "0" and choice != "0"):
        return None
    least, _, most = (free[6:-1] if free else "0").partition(",")
    counts = range(int(least), int(most or least) + 1)
    if len(counts) > 64 or (len(counts) > 0 and counts[-1] > 64):
        return None
    return [(int(lows + "0" * count), int(highs + "9" * count)) for count in counts]


def _joined(spans: list[tuple[int, int]]) -> tuple[int, int] | None:
    spans.sort()
    least, most = spans[0]
    for low, high in spans[1:]:
        if low > most + 1:
            return None
        most = max(most, high)
    return least, most
