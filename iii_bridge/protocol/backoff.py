"""How long to wait before the next try: a generator of delays, jitter from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["Backoff"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential delays in seconds, with the SDKs' reconnect values as defaults (wire.md 2.7)."""

    initial: float = 1.0
    factor: float = 2.0
    limit: float = 30.0
    jitter: float = 0.3
    """A delay lies within this fraction above or below its nominal value."""

    def delays(self, random: Callable[[], float]) -> Iterator[float]:
        """Endless delays in seconds; `random` returns values in [0, 1)."""
        nominal = self.initial
        while True:
            yield nominal * (1.0 + self.jitter * (2.0 * random() - 1.0))
            nominal = min(nominal * self.factor, self.limit)
