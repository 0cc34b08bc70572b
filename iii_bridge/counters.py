"""What happened how often in this process: a few counters, each with few labels, never a payload.

`snapshot` shows them at any time; with OpenTelemetry they are metrics.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

__all__ = ["COUNTERS", "LABELS", "REST", "CounterName", "Counters"]

CounterName = Literal["violations", "retries", "hedges", "reconnects", "unknown_members", "streams", "stream_items"]
"""What is counted."""

LABELS: Final[Mapping[CounterName, tuple[str, ...]]] = MappingProxyType(
    {
        "violations": ("function", "side"),
        "retries": ("function", "reason"),
        "hedges": ("function",),
        "reconnects": ("worker",),
        "unknown_members": ("message", "path"),
        "streams": ("function", "side", "outcome"),
        "stream_items": ("function", "side", "direction"),
    }
)
"""What each is counted by.

`reason` is timeout, connection, executor, missing or closing. `side` of a stream is client or server, `direction` sent
or received, and `outcome` ok, or the status it ended with, CANCELLED for one that was left.
"""

REST: Final = "…"
"""Stands for every further label once there are too many."""

_LIMIT: Final = 1000


class Counters:
    """Counts by labels; safe from every thread."""

    def __init__(self, limit: int = _LIMIT) -> None:
        """At most `limit` combinations of labels are told apart for each counter, the others count as one."""
        self._limit = limit
        self._lock = threading.Lock()
        self._counts: dict[CounterName, dict[tuple[str, ...], int]] = {name: {} for name in LABELS}

    def add(self, name: CounterName, *labels: str, times: int = 1) -> None:
        """Counts an event; `labels` are as LABELS says."""
        with self._lock:
            counts = self._counts[name]
            if labels not in counts and len(counts) >= self._limit:
                labels = (REST,) * len(labels)
            counts[labels] = counts.get(labels, 0) + times

    def snapshot(self) -> Mapping[CounterName, Mapping[tuple[str, ...], int]]:
        """Every counter as it is now, by labels."""
        with self._lock:
            return {name: dict(counts) for name, counts in self._counts.items()}


COUNTERS: Final = Counters()
"""The counters of this process."""
