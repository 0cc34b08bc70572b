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


def test_whoever_closes_second_waits_for_the_first() -> None:
    portal = Portal()
    begun, go_on = threading.Event(), threading.Event()
    ended: list[str] = []

    async def last() -> None:
        begun.set()
        await asyncio.to_thread(go_on.wait, 10)
        ended.append("last")

    def close() -> None:
        portal.close(last)
        ended.append("closed")

    first, second = threading.Thread(target=close), threading.Thread(target=close)
    first.start()
    assert begun.wait(10)
    second.start()
    with pytest.raises(ClosedError):
        portal.call(last)
    go_on.set()
    first.join(10)
    second.join(10)
    assert ended == ["last", "closed", "closed"]


def test_a_call_that_the_end_cuts_off_says_that_its_outcome_is_unknown() -> None:
    portal = Portal()
    begun = threading.Event()
    ends: list[BaseException] = []

    async def endless() -> None:
        begun.set()
        await asyncio.Event().wait()

    def call() -> None:
        try:
            portal.call(endless)
        except BaseException as error:
            ends.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    assert begun.wait(10)
    portal.close()
    caller.join(10)
    assert [type(end) for end in ends] == [ClosedError]
    assert str(ends[0]) == "the bridge was closed meanwhile; outcome unknown"


def test_a_portal_cannot_close_itself() -> None:
    portal = Portal()

    async def close() -> None:
        portal.close()

    try:
        with pytest.raises(LocalProtocolError, match="await instead"):
            portal.call(close)
    finally:
        portal.close()
