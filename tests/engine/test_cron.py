"""Cron jobs under a clock of their own (wire.md 7.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from iii_bridge.engine import Engine
from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure
from iii_bridge.engine.cron import Cron
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.providers import TriggerRefused
from iii_bridge.protocol.engine_state import Binding
from iii_bridge.wire.codec import raw
from tests.engine.support import BareWorker, asynchronous
from tests.virtual_clock import run_virtually

START = 1_767_225_600.0  # 2026-01-01 00:00:00 UTC, a Thursday


class Days:
    """A hub with one function, and a wall clock that runs with the loop's."""

    def __init__(self) -> None:
        self.ticks: list[dict[str, Any]] = []
        self.hub = Hub()
        self.ahead = 0.0
        self.cron = Cron(self.hub, self.now)
        self.handle: Callable[[], Coroutine[Any, Any, None]] | None = None
        self.verdict: Raw | None = None
        self.hub.add_builtins([Builtin("f", self._tick, ""), Builtin("when", lambda _call: self.verdict, "")])

    def now(self) -> float:
        return START + self.ahead + asyncio.get_running_loop().time()

    async def _tick(self, call: BuiltinCall) -> Raw | None:
        self.ticks.append(msgspec.json.decode(call.data))
        if self.handle is not None:
            await self.handle()
        return None

    def job(self, expression: str, name: str = "j", **config: Any) -> Binding:
        binding = Binding(name, "cron", "f", raw({"expression": expression, **config}))
        self.cron.register(binding)
        return binding

    @property
    def scheduled(self) -> list[str]:
        return [tick["scheduled_time"] for tick in self.ticks]


def test_it_comes_due_at_its_times() -> None:
    async def run() -> None:
        days = Days()
        days.job("0 30 9 * * 6")  # Friday: Sunday is 1
        await asyncio.sleep(8 * 86400)
        days.cron.close()
        assert days.scheduled == ["2026-01-02T09:30:00+00:00"]
        tick = days.ticks[0]
        assert (tick["trigger"], tick["job_id"]) == ("cron", "j")
        assert tick["actual_time"] == "2026-01-02T09:30:00.000000+00:00"
        await asyncio.sleep(8 * 86400)
        assert len(days.ticks) == 1

    run_virtually(run())


@pytest.mark.parametrize(
    ("expression", "days", "count"),
    [
        ("* * * * * *", 4 / 86400, 3),
        ("@hourly", 1, 23),
        ("@daily", 7, 6),
        ("@weekly", 14, 2),
        ("@monthly", 90, 2),
        ("@yearly", 90, 0),
        ("0 0 0 13 * FRI", 90, 2),  # both days must match
        ("0 0 0 1 1 * 2030", 30, 0),
    ],
)
def test_forms(expression: str, days: float, count: int) -> None:
    async def run() -> None:
        it = Days()
        it.job(expression)
        await asyncio.sleep(days * 86400 - 0.5)
        it.cron.close()
        assert len(it.ticks) == count

    run_virtually(run())


def test_one_at_a_time_and_missed_ticks_are_skipped() -> None:
    async def run() -> None:
        days = Days()

        async def slow() -> None:
            await asyncio.sleep(2.5)

        days.handle = slow
        days.job("* * * * * *")
        days.job("0/5 * * * * *", "other")
        await asyncio.sleep(10.5)
        days.cron.close()
        mine = [tick["scheduled_time"][-9:-6] for tick in days.ticks if tick["job_id"] == "j"]
        assert mine == [":01", ":04", ":07", ":10"]
        assert len(days.ticks) == 6

    run_virtually(run())


def test_a_failing_job_and_a_condition(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        days = Days()

        async def fail() -> None:
            raise BuiltinFailure("x", "m")

        days.handle = fail
        days.job("* * * * * *", condition_function_id="when")
        days.verdict = Raw(b"false")
        await asyncio.sleep(2.5)
        assert days.ticks == []
        days.verdict = None
        await asyncio.sleep(2)
        days.cron.close()
        assert len(days.ticks) == 2

    run_virtually(run())
    assert caplog.messages == ["cron: f failed: x"] * 2


def test_a_wall_clock_that_is_set() -> None:
    async def run() -> None:
        days = Days()
        days.job("0 0 12 * * *")
        await asyncio.sleep(10)
        days.ahead = 12 * 3600 + 5  # summer came
        await asyncio.sleep(3600)
        assert days.scheduled == ["2026-01-01T12:00:00+00:00"]
        days.ahead = 0.0
        await asyncio.sleep(12 * 3600)
        days.cron.close()
        assert days.scheduled == ["2026-01-01T12:00:00+00:00"]  # the next one is tomorrow's

    run_virtually(run())


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({}, "Cron expression is required"),
        ({"expression": "* * * * *"}, "Invalid cron expression '* * * * *': 5 fields instead of six or seven"),
        ({"expression": "0 0 0 * * 8"}, "Invalid cron expression '0 0 0 * * 8': day of week 8"),
        ({"expression": 7}, "Failed to parse trigger config"),
    ],
)
def test_refusals(config: dict[str, Any], text: str) -> None:
    with pytest.raises(TriggerRefused) as caught:
        Cron(Hub()).register(Binding("j", "cron", "f", raw(config)))
    assert str(caught.value).startswith(text)


def test_what_never_comes_due_again_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        Days().job("0 0 0 1 1 * 2020", "late")

    run_virtually(run())
    assert "cron job late never comes due again" in caplog.text


@asynchronous
async def test_over_the_socket() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.function("on::tick")
        await worker.trigger("t", "cron", "on::tick", {"expression": "* * * * * *"}, metadata={"m": 1})
        tick = await worker.answer()
        assert (tick["data"]["job_id"], tick["metadata"]) == ("t", {"m": 1})
        await worker.trigger("t", "cron", "on::tick", {"expression": "@yearly"})
        assert engine.hub.protocol.triggers.find("t") is not None
