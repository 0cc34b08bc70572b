"""Blocking iterators behind asynchronous ones, and the other way round."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from iii_bridge.bridge.thread_items import BlockingItems, ThreadedItems
from tests.bridge.streams import until
from tests.bridge.support import run_really

PLACE: contextvars.ContextVar[str] = contextvars.ContextVar("place", default="nowhere")


def test_items_come_in_order_and_the_thread_runs_ahead_only_so_far() -> None:
    produced = 0

    def count() -> Iterator[int]:
        nonlocal produced
        for number in range(10_000):
            produced = number
            yield number

    async def main() -> None:
        with ThreadPoolExecutor(1) as pool:
            items = ThreadedItems(count, pool)
            assert await anext(items) == 0
            before = -1
            while before != produced:
                before = produced
                await asyncio.sleep(0.05)
            assert produced <= 65
            assert await asyncio.get_running_loop().run_in_executor(pool, str, 1) == "1", "nobody holds the thread"
            assert [number async for number in items] == list(range(1, 10_000))
            with pytest.raises(StopAsyncIteration):
                await anext(items)

    run_really(main())


def test_an_item_is_there_before_the_next_is_made() -> None:
    async def main() -> None:
        going_on = threading.Event()

        def slow() -> Iterator[str]:
            yield "first"
            assert going_on.wait(20)
            yield "second"

        with ThreadPoolExecutor(1) as pool:
            items = ThreadedItems(slow, pool)
            assert await anext(items) == "first"
            waiting = asyncio.ensure_future(anext(items))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            going_on.set()
            assert await waiting == "second"

    run_really(main())


def test_errors_come_after_the_items_and_context_variables_are_carried() -> None:
    def failing() -> Iterator[str]:
        yield PLACE.get()
        raise ZeroDivisionError

    def at_once() -> Any:
        raise KeyError("at once")

    async def main() -> None:
        PLACE.set("here")
        with ThreadPoolExecutor(1) as pool:
            items = ThreadedItems(failing, pool)
            assert await anext(items) == "here"
            with pytest.raises(ZeroDivisionError):
                await anext(items)
            with pytest.raises(StopAsyncIteration):
                await anext(items)
            with pytest.raises(KeyError):
                await anext(ThreadedItems(at_once, pool))

    run_really(main())


@pytest.mark.parametrize("working", [False, True])
def test_leaving_closes_the_generator_in_a_thread(working: bool) -> None:
    async def main() -> None:
        closed = threading.Event()
        release = threading.Event()

        def endless() -> Iterator[int]:
            try:
                yield 1
                if working:
                    assert release.wait(20)
                while True:
                    yield 2
            finally:
                closed.set()

        with ThreadPoolExecutor(1) as pool:
            items = ThreadedItems(endless, pool)
            assert await anext(items) == 1
            await items.aclose()
            release.set()
            await until(closed.is_set)
            await items.aclose()

    run_really(main())


class Source:
    def __init__(self) -> None:
        self.left = [[1, 2, 3], [4], []]

    async def batch(self, limit: int) -> list[int]:
        await asyncio.sleep(0)
        if not self.left:
            raise ZeroDivisionError
        return self.left.pop(0)


def test_a_thread_waits_for_what_comes_over_the_loop() -> None:
    async def main() -> None:
        items = BlockingItems(Source(), asyncio.get_running_loop())
        assert await asyncio.to_thread(list, items) == [1, 2, 3, 4]
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(next, iter(items))

    run_really(main())
