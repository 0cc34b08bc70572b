"""Whether a text matches a regular expression of a schema."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from iii_bridge.contract.compat.regex import automaton

__all__ = ["matches"]

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
