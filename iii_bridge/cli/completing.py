"""Completion in bash of words that hold colons, as function ids do.

bash takes a colon for the end of a word (COMP_WORDBREAKS): it asks about
`orders::pl` as the words `orders`, `::` and `pl`, and puts what it is told in
place of the last one. So the words are joined before the question is
answered, and what stands before the last colon is taken out of the answers.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, MutableMapping, Sequence
from typing import Final

__all__ = ["answer_bash", "asks_from_bash", "joined_words"]

_VARIABLE: Final = "_III_BRIDGE_COMPLETE"


def asks_from_bash(environment: MutableMapping[str, str]) -> bool:
    """Whether the program was started by bash to complete a line."""
    return environment.get(_VARIABLE) == "complete_bash" and "COMP_WORDS" in environment


def answer_bash(environment: MutableMapping[str, str], answer: Callable[[], None]) -> None:
    """Runs `answer`, which prints completions, for the words as they were typed."""
    words, current = environment["COMP_WORDS"].split("\n"), int(environment.get("COMP_CWORD", "0"))
    words, current, before = joined_words(words, current)
    environment["COMP_WORDS"], environment["COMP_CWORD"] = "\n".join(words), str(current)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            answer()
    finally:
        lines = printed.getvalue().splitlines()
        sys.stdout.write("".join(f"{line.removeprefix(before)}\n" for line in lines))


def joined_words(words: Sequence[str], current: int) -> tuple[list[str], int, str]:
    """The words with those that belong together as one, which of them is asked about, and what bash has of it."""
    joined: list[str] = []
    place, glued, split = 0, False, False
    for index, word in enumerate(words[: current + 1]):
        colons = bool(word) and not word.strip(":")
        if joined and (colons or glued):
            joined[-1] += word
            split = True
        else:
            joined.append(word)
            split = False
        glued = colons
        if index == current:
            place = len(joined) - 1
    before = joined[place].rpartition(":")[0] + ":" if split and ":" in joined[place] else ""
    return [*joined, *words[current + 1 :]], place, before
