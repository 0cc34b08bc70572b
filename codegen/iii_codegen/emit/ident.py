"""Escaping of names: injective, so that two names of a contract never become one.

Two steps, each injective by itself, whatever the reserved words are:

    rule                                                     examples
    a name of the form (underscore)*_... gets one more       _x -> underscore_x, underscore_x -> underscoreunderscore_x
    "underscore" in front
    a reserved word, with any number of underscores behind   class -> class_, class_ -> class__
    it, gets one more
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["Escaper"]

_LEADING: Final = re.compile(r"(underscore)*_")


class Escaper:
    """Escapes the names of one scope."""

    def __init__(self, reserved: Iterable[str], reserved_endings: tuple[str, ...] = ()) -> None:
        """`reserved_endings` reserve every word that ends so."""
        self._reserved = frozenset(reserved)
        self._endings = reserved_endings

    def escape(self, name: str) -> str:
        """The identifier for a name; different names give different identifiers."""
        if _LEADING.match(name):
            name = f"underscore{name}"
        word = name.rstrip("_")
        if word in self._reserved or (self._endings and word.endswith(self._endings)):
            return f"{name}_"
        return name
