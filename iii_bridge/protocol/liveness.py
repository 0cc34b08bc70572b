"""Whether the peer of a connection is still there: what was heard, what got through, how long it has been silent.

The engine never speaks first and a half-open connection looks like a quiet
one (wire.md 1.3), so a worker asks when it has heard nothing for a while, and
gives up when nothing answers. Anything heard counts, and so does data of ours
that goes on leaving: on a slow line an answer may be stuck behind a large message.
"""

from __future__ import annotations

import enum
from typing import Final

__all__ = ["DEFAULT_INTERVAL", "SILENCES", "Liveness", "Verdict"]

DEFAULT_INTERVAL: Final = 20.0
"""Seconds between two looks, the SDKs' (wire.md 1.3)."""

SILENCES: Final = 3
"""After that many silent intervals the peer counts as gone: 60 s, the SDKs' (wire.md 1.3)."""


class Verdict(enum.Enum):
    """What a look has found."""

    ALIVE = "alive"
    ASK = "ask"
    """Nothing was heard: send a ping."""
    GONE = "gone"
    """Nothing was heard for too long, although it was asked."""


class Liveness:
    """Looked at once every interval."""

    def __init__(self, silences: int = SILENCES) -> None:
        """`silences` is how many intervals without a sign of life are one too many."""
        self._silences = silences
        self._silent = 0
        self._heard = 0
        self._waiting = 0

    def look(self, heard: int, waiting: int) -> Verdict:
        """`heard` counts what has arrived, in any unit that grows; `waiting` are bytes of ours not yet taken."""
        alive = heard != self._heard or waiting < self._waiting
        self._heard, self._waiting = heard, waiting
        if alive:
            self._silent = 0
            return Verdict.ALIVE
        self._silent += 1
        return Verdict.GONE if self._silent >= self._silences else Verdict.ASK
