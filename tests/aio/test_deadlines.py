"""Tasks that end at their deadlines, under one timer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from iii_bridge.aio import deadlines
from iii_bridge.aio.deadlines import Deadlines
from tests.virtual_clock import run_virtually


def now() -> float:
    return asyncio.get_running_loop().time()


async def limited(limits: Deadlines, deadline: float, work: float) -> tuple[str, float]:
    """How the work ended, and when."""
    limit = limits.begin(deadline)
    try:
        await asyncio.sleep(work)
    except asyncio.CancelledError:
        assert limit.expired
        return "expired", now()
    finally:
        limits.end(limit)
        limits.end(limit)
    return "done", now()


def test_each_ends_at_its_own_deadline_or_before() -> None:
    async def main() -> None:
        limits = Deadlines()
        work = [(3.0, 9.0), (1.0, 9.0), (5.0, 2.0), (2.0, 2.5), (1.0, 0.5)]
        ends = await asyncio.gather(*(limited(limits, deadline, seconds) for deadline, seconds in work))
        assert ends == [("expired", 3.0), ("expired", 1.0), ("done", 2.0), ("expired", 2.0), ("done", 0.5)]
        late: Any = await asyncio.gather(limited(limits, 1.0, 9.0), limited(limits, 8.0, 1.0))
        assert late == [("expired", 3.0), ("done", 4.0)], "one that has passed already ends at once"

    run_virtually(main())


def test_those_that_ended_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "_SLACK", 10)

    async def main() -> None:
        limits = Deadlines()
        long = asyncio.create_task(limited(limits, 50.0, 60.0))
        for _ in range(200):
            await limited(limits, 1000.0, 0.0)
        assert len(limits._heap) <= 2 + 10 + 1
        assert await long == ("expired", 50.0)

    run_virtually(main())


def test_after_closing_nobody_is_ended() -> None:
    async def main() -> None:
        limits = Deadlines()
        task = asyncio.create_task(limited(limits, 1.0, 5.0))
        await asyncio.sleep(0.5)
        limits.close()
        assert await task == ("done", 5.0)

    run_virtually(main())
    with pytest.raises(RuntimeError):
        Deadlines().begin(1.0)
