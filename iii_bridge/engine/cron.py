"""Trigger type `cron` (wire.md 7.2): each job runs one at a time, and ticks missed meanwhile are skipped."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from iii_bridge.cron import CronError, Schedule
from iii_bridge.engine.firing import Firing, Target, read_config
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.providers import TriggerRefused
from iii_bridge.engine.trigger_schemas import CONDITION, TEXT, object_schema
from iii_bridge.protocol.engine_state import Binding, TriggerType
from iii_bridge.wire.codec import raw
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["Cron"]

_LONGEST_SLEEP: Final = 3600.0
"""The wall clock may be set while a job sleeps: it looks again at least this often."""

_log = logging.getLogger("iii_bridge.engine.cron")


class _Config(msgspec.Struct):
    expression: str | None = None
    condition_function_id: str | None = None


class _Tick(msgspec.Struct):
    trigger: str
    job_id: str
    scheduled_time: str
    actual_time: str


_FIELDS: Final = "six or seven fields, seconds first, Sunday is 1; UTC"
_TIME: Final[dict[str, Any]] = {"type": "string", "format": "date-time"}
_KIND: Final = TriggerType(
    namespace=DEFAULT_NAMESPACE,
    id="cron",
    description="Cron-based scheduled triggers",
    provider=None,
    worker_name="iii-cron",
    configuration_schema=object_schema(
        "CronTriggerConfig",
        {"expression": {**TEXT, "description": _FIELDS}, "condition_function_id": CONDITION},
        ("expression",),
    ),
    request_schema=object_schema(
        "CronCallRequest",
        {"trigger": {"const": "cron"}, "job_id": TEXT, "scheduled_time": _TIME, "actual_time": _TIME},
        ("trigger", "job_id", "scheduled_time", "actual_time"),
    ),
)


class Cron:
    """The jobs of one engine; `now` gives unix seconds."""

    def __init__(self, hub: Hub, now: Callable[[], float] = time.time) -> None:
        self._firing = Firing(hub, "cron")
        self._now = now
        self._jobs: dict[str, _Job] = {}

    @property
    def kind(self) -> TriggerType:
        """The trigger type, as discovery shows it."""
        return _KIND

    def register(self, binding: Binding) -> None:
        """Begins a job; raises `TriggerRefused` for an expression it cannot run by."""
        config = read_config(binding, _Config)
        if not config.expression:
            raise TriggerRefused("Cron expression is required")
        try:
            schedule = Schedule.parse(config.expression)
        except CronError as error:
            raise TriggerRefused(f"Invalid cron expression '{config.expression}': {error}") from None
        job = _Job(Target(binding, config.condition_function_id or None), schedule, self._firing, self._now)
        self._jobs[binding.id] = job
        job.start()

    def unregister(self, binding: Binding) -> None:
        """Ends a job; one that is running goes on to its end."""
        job = self._jobs.pop(binding.id, None)
        if job is not None:
            job.stop()

    def close(self) -> None:
        """Ends every job."""
        for job in self._jobs.values():
            job.stop()
        self._jobs.clear()
        self._firing.close()


class _Job:
    """Sleeps until it is due, runs, and sleeps again."""

    def __init__(self, target: Target, schedule: Schedule, firing: Firing, now: Callable[[], float]) -> None:
        self._target = target
        self._schedule = schedule
        self._firing = firing
        self._now = now
        self._timer: asyncio.TimerHandle | None = None
        self._running: asyncio.Task[None] | None = None
        self._stopped = False

    def start(self) -> None:
        """Finds the next time after now, and sleeps until then."""
        due = self._schedule.after(datetime.fromtimestamp(self._now(), UTC))
        if due is None:
            _log.warning("cron job %s never comes due again", self._target.binding.id)
        else:
            self._sleep(due)

    def stop(self) -> None:
        """Runs no more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def _sleep(self, due: datetime) -> None:
        pause = min(due.timestamp() - self._now(), _LONGEST_SLEEP)
        self._timer = asyncio.get_running_loop().call_later(max(pause, 0.0), self._wake, due)

    def _wake(self, due: datetime) -> None:
        if self._now() < due.timestamp():  # a long sleep, or timers that run ahead of the wall clock
            self._sleep(due)
        else:
            self._running = asyncio.get_running_loop().create_task(self._run(due))

    async def _run(self, due: datetime) -> None:
        actual = datetime.fromtimestamp(self._now(), UTC)
        tick = _Tick("cron", self._target.binding.id, due.isoformat(), actual.isoformat(timespec="microseconds"))
        await self._firing.one(self._target, raw(tick))
        if not self._stopped:
            self.start()
