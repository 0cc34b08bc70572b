"""How many calls a gateway takes at once: the next one is told to come back, and nothing collapses."""

from __future__ import annotations

from types import TracebackType

from iii_bridge.gateway.status import Refused

__all__ = ["Admission"]


class Admission:
    """Counts the calls under way: `with admission:` around each."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.active = 0
        """Calls under way."""
        self.refused = 0
        """Calls that were too many."""

    def __enter__(self) -> None:
        """Raises Refused where there are as many calls as there may be."""
        if self.active >= self._limit:
            self.refused += 1
            raise Refused(f"the gateway has {self._limit} calls under way already; come back later")
        self.active += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.active -= 1
