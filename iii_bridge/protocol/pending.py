"""Calls without an answer yet, and when each of them runs out of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import msgspec

__all__ = ["PendingCall", "PendingCalls"]

_SLACK = 1024  # stale heap entries kept before the heap is rebuilt


class PendingCall(msgspec.Struct, gc=False):
    """One call. Times in seconds: `deadline` on the machine's clock, `timeout` as the caller said."""

    key: str
    function_id: str
    deadline: float
    timeout: float
    void: bool = False
    """Finished as soon as it is written: no answer will come."""
    sent: bool = False


class PendingCalls:
    """A table by key and a heap by deadline; an entry leaves the table exactly once."""

    def __init__(self) -> None:
        self._calls: dict[str, PendingCall] = {}
        self._deadlines: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, key: str) -> bool:
        return key in self._calls

    def add(self, call: PendingCall) -> None:
        """Raises KeyError when the key is taken: invocation ids are unique."""
        if call.key in self._calls:
            raise KeyError(call.key)
        self._calls[call.key] = call
        heapq.heappush(self._deadlines, (call.deadline, call.key))
        if len(self._deadlines) > 2 * len(self._calls) + _SLACK:
            self._rebuild()

    def get(self, key: str) -> PendingCall | None:
        """The call, which stays pending."""
        return self._calls.get(key)

    def pop(self, key: str) -> PendingCall | None:
        """Takes the call out; None when it is not pending (any more)."""
        return self._calls.pop(key, None)

    def pop_all(self, *, sent_only: bool = False) -> list[PendingCall]:
        """Takes out every call, or every one that was written, oldest first."""
        taken = [call for call in self._calls.values() if call.sent or not sent_only]
        for call in taken:
            del self._calls[call.key]
        return taken

    def pop_due(self, now: float) -> Iterator[PendingCall]:
        """Takes out the calls whose deadline is not after `now`, earliest first."""
        while self._deadlines and self._deadlines[0][0] <= now:
            deadline, key = heapq.heappop(self._deadlines)
            call = self._calls.get(key)
            if call is not None and call.deadline == deadline:
                del self._calls[key]
                yield call

    def next_deadline(self) -> float | None:
        """The earliest deadline of a pending call."""
        while self._deadlines and self._deadlines[0][1] not in self._calls:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    def _rebuild(self) -> None:
        self._deadlines = [(call.deadline, call.key) for call in self._calls.values()]
        heapq.heapify(self._deadlines)
