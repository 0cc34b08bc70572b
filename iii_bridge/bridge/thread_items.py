"""Between iterators that block and those that do not: through threads, a bounded number of items ahead."""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Executor
from typing import Any, Final, Generic, Protocol, TypeVar

__all__ = ["Batches", "BlockingItems", "ThreadedItems"]

Item = TypeVar("Item")

_AHEAD: Final = 64  # items a thread produces before it gives its place back


class Batches(Protocol[Item]):
    """What gives several items at once."""

    async def batch(self, limit: int) -> list[Item]:
        """At least one item, or none at the end. Raises what broke the stream."""
        ...


class ThreadedItems(Generic[Item]):
    """A blocking iterable as an asynchronous iterator.

    A thread of the pool is held while the iterable works, not while nobody
    wants its items. It runs at most 64 items ahead. Leaving early closes a
    generator as soon as it yields: blocking code cannot be interrupted.
    """

    def __init__(self, start: Callable[[], Iterable[Item]], pool: Executor) -> None:
        """`start` makes the iterable, in the thread. Belongs to the running loop."""
        self._start = start
        self._pool = pool
        self._context = contextvars.copy_context()
        self._loop = asyncio.get_running_loop()
        self._iterator: Iterator[Item] | None = None
        self._items: deque[Item] = deque()
        self._working = False
        self._stopped = False
        self._exhausted = False
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    def __aiter__(self) -> AsyncIterator[Item]:
        """Itself."""
        return self

    async def __anext__(self) -> Item:
        """The next item; raises what the iterable raised."""
        while not self._items:
            if self._exhausted:
                error, self._error = self._error, None
                if error is not None:
                    raise error
                raise StopAsyncIteration
            self._waiter = self._loop.create_future()
            if not self._working:
                self._working = True
                self._pool.submit(self._context.run, self._work)
            if not self._items and not self._exhausted:  # or the thread was faster than we are
                await self._waiter
            self._waiter = None
        return self._items.popleft()

    async def aclose(self) -> None:
        """Asks for no more; a generator is closed in a thread."""
        self._stopped = True
        if not self._working and not self._exhausted and self._iterator is not None:
            self._working = True
            self._pool.submit(self._context.run, self._work)

    # --- in the thread -------------------------------------------------------

    def _work(self) -> None:
        try:
            if self._iterator is None:
                self._iterator = iter(self._start())
            while len(self._items) < _AHEAD and not self._stopped:
                self._items.append(next(self._iterator))
                self._tell()
            if self._stopped:
                close = getattr(self._iterator, "close", None)
                if close is not None:
                    close()
                self._exhausted = True
        except StopIteration:
            self._exhausted = True
        except BaseException as error:
            self._error = error
            self._exhausted = True
        self._working = False
        self._tell()

    def _tell(self) -> None:
        """Wakes whoever waits; the loop may be closed by now, and then nobody does."""
        waiter = self._waiter
        if waiter is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_wake, waiter)


class BlockingItems(Generic[Item]):
    """Items of a loop as a blocking iterator, for handlers in threads."""

    def __init__(self, source: Batches[Item], loop: asyncio.AbstractEventLoop) -> None:
        self._source = source
        self._loop = loop
        self._items: deque[Item] = deque()

    def __iter__(self) -> Iterator[Item]:
        """Itself."""
        return self

    def __next__(self) -> Item:
        """The next item; waits for it. Raises what the stream raises."""
        if not self._items:
            self._items.extend(asyncio.run_coroutine_threadsafe(self._source.batch(_AHEAD), self._loop).result())
            if not self._items:
                raise StopIteration
        return self._items.popleft()


def _wake(waiter: asyncio.Future[Any]) -> None:
    if not waiter.done():
        waiter.set_result(None)
