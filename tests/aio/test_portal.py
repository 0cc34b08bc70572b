"""A loop in the background."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from iii_bridge.aio.portal import Portal
from iii_bridge.errors import ClosedError, LocalProtocolError


def test_it_runs_coroutines_elsewhere_and_carries_context_over() -> None:
    mark: contextvars.ContextVar[str] = contextvars.ContextVar("mark", default="none")

    async def look() -> tuple[str, str]:
        await asyncio.sleep(0)
        return mark.get(), threading.current_thread().name

    portal = Portal()
    mark.set("carried")
    try:
        assert portal.call(look) == ("carried", "iii-bridge portal")
    finally:
        portal.close()


def test_errors_come_back() -> None:
    async def fail() -> None:
        raise KeyError("x")

    portal = Portal()
    try:
        with pytest.raises(KeyError):
            portal.call(fail)
    finally:
        portal.close()


def test_waiting_for_itself_is_refused() -> None:
    portal = Portal()

    async def nested() -> None:
        async def nothing() -> None:
            pass

        portal.call(nothing)

    try:
        with pytest.raises(LocalProtocolError, match="await instead"):
            portal.call(nested)
    finally:
        portal.close()


def test_closing_cancels_what_runs_and_ends_the_thread() -> None:
    portal = Portal()
    ended: list[str] = []

    async def start() -> None:
        async def endless() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("cancelled")

        task = asyncio.create_task(endless())
        await asyncio.sleep(0)
        assert not task.done()

    async def nothing() -> None:
        raise AssertionError("never runs")

    portal.call(start)
    portal.close()
    portal.close()
    assert ended == ["cancelled"]
    assert portal.closed
    assert "iii-bridge portal" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(ClosedError):
        portal.call(nothing)
