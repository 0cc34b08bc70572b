"""Ends tasks at their deadlines, with one timer for all of them: every invocation has a deadline, few reach it."""

from __future__ import annotations

import asyncio
import heapq
from typing import Any, Final

__all__ = ["Deadlines", "Limit"]

_SLACK: Final = 1024  # ended limits kept before the heap is rebuilt


class Limit:
    """The deadline of one task. `expired` says whether it was reached, and the task cancelled for it."""

    __slots__ = ("deadline", "expired", "task")

    def __init__(self, task: asyncio.Task[Any], deadline: float) -> None:
        self.task: asyncio.Task[Any] | None = task
        self.deadline = deadline
        self.expired = False

    def __lt__(self, other: Limit) -> bool:
        return self.deadline < other.deadline


class Deadlines:
    """Limits by deadline, on the clock of the running loop. Belongs to one event loop."""

    def __init__(self) -> None:
        self._heap: list[Limit] = []
        self._live = 0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, deadline: float) -> Limit:
        """Has the current task cancelled at `deadline`, unless `end` comes first."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is for a task")
        limit = Limit(task, deadline)
        heapq.heappush(self._heap, limit)
        self._live += 1
        if self._timer is None or deadline < self._timer.when():
            self._arm(deadline)
        return limit

    def end(self, limit: Limit) -> None:
        """The task is past what the limit was for."""
        if limit.task is None:
            return
        limit.task = None
        self._live -= 1
        if len(self._heap) > 2 * self._live + _SLACK:
            self._heap = [each for each in self._heap if each.task is not None]
            heapq.heapify(self._heap)

    def close(self) -> None:
        """Ends nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(deadline, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        while self._heap and (self._heap[0].task is None or self._heap[0].deadline <= now):
            limit = heapq.heappop(self._heap)
            if limit.task is not None:
                limit.expired = True
                limit.task.cancel()
        if self._heap:
            self._arm(self._heap[0].deadline)
