"""What a queue is told about itself (wire.md 7.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["QueueConfig"]


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """One queue, with the defaults of wire.md 7.6.

    `max_retries` is the number of attempts in all; `backoff_ms` the pause in
    milliseconds after the first, doubled after each further one; `delay` the
    seconds before the first. A fifo queue runs one message at a time, strictly
    in order; with `message_group_field`, a payload member every message must
    have, that holds within each group, and `concurrency` groups run at once.
    """

    name: str
    type: Literal["standard", "fifo"] = "standard"
    concurrency: int = 10
    max_retries: int = 3
    backoff_ms: int = 1000
    message_group_field: str | None = None
    delay: float = 0.0

    def __post_init__(self) -> None:
        """Raises ValueError for numbers no queue can run with."""
        if not self.name:
            raise ValueError("a queue needs a name")
        if self.concurrency < 1 or self.max_retries < 1 or self.backoff_ms < 0 or self.delay < 0:
            text = "needs concurrency and max_retries of at least 1 and a backoff_ms and delay of at least 0"
            raise ValueError(f"queue {self.name!r} {text}")

    @property
    def fifo(self) -> bool:
        """Does the order of its messages count?"""
        return self.type == "fifo"

    @property
    def slots(self) -> int:
        """Messages that may run at once."""
        return 1 if self.fifo and self.message_group_field is None else self.concurrency

    @classmethod
    def parse(cls, text: str) -> QueueConfig:
        """Reads `NAME` or `NAME:fifo`; ValueError says what is wrong."""
        name, colon, kind = text.partition(":")
        if not name or kind not in ("", "fifo", "standard") or (colon and not kind):
            raise ValueError(f"queue {text!r} is not NAME, NAME:fifo or NAME:standard")
        return cls(name=name, type="fifo" if kind == "fifo" else "standard")
