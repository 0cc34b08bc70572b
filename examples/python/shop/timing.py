"""Durations as the demo's table shows them."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

__all__ = ["Timings", "percentile"]

T = TypeVar("T")


def percentile(sorted_values: Sequence[float], part: float) -> float:
    """The nearest-rank percentile of values in ascending order; 0 of none. `part` is 0.95 for the 95th."""
    if not sorted_values:
        return 0.0
    return sorted_values[max(0, math.ceil(part * len(sorted_values)) - 1)]


@dataclass(slots=True)
class Timings:
    """Durations of one kind of call, in milliseconds."""

    values: list[float] = field(default_factory=list[float])

    async def measure(self, call: Awaitable[T]) -> T:
        """Awaits `call` and keeps how long it took, whatever came of it."""
        started = time.perf_counter()
        try:
            return await call
        finally:
            self.values.append((time.perf_counter() - started) * 1000)

    def p50_p95(self) -> tuple[float, float]:
        """The median and the 95th percentile, in milliseconds."""
        ordered = sorted(self.values)
        return percentile(ordered, 0.50), percentile(ordered, 0.95)
