"""Streams of responses for code that blocks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Final, Generic, Protocol, TypeVar

from iii_bridge.aio.portal import Portal
from iii_bridge.contract.caller import ResponseStream
from iii_bridge.errors import ClosedError

__all__ = ["BatchedStream", "InterceptedResponsesSync", "ResponsesSync"]

Item = TypeVar("Item")

_BATCH: Final = 64  # responses one hop to the other thread fetches at most


class BatchedStream(ResponseStream[Item], Protocol[Item]):
    """A stream that can give several responses at once."""

    async def batch(self, limit: int) -> list[Item]:
        """One response or, without waiting for them, more; empty at the end."""
        ...


class ResponsesSync(Generic[Item]):
    """A `ResponseStreamSync`: the responses of a call that runs on the portal's loop."""

    def __init__(self, portal: Portal, start: Callable[[], BatchedStream[Item]]) -> None:
        """`start` makes the asynchronous stream, on the loop."""
        self._portal = portal
        self._start = start
        self._responses: BatchedStream[Item] | None = None
        self._items: deque[Item] = deque()

    def __iter__(self) -> Iterator[Item]:
        """Itself."""
        return self

    def __next__(self) -> Item:
        """As `ResponseStreamSync.__next__`."""
        if not self._items:
            self._items.extend(self._portal.call(self._fetch))
            if not self._items:
                raise StopIteration
        return self._items.popleft()

    def close(self) -> None:
        """As `ResponseStreamSync.close`."""
        self._items.clear()
        responses = self._responses
        if responses is not None:
            try:
                self._portal.call(responses.aclose)
            except ClosedError:
                return  # the bridge was closed, and the call with it

    def __enter__(self) -> ResponsesSync[Item]:
        """As `ResponseStreamSync.__enter__`."""
        self._portal.call(self._open)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `close`."""
        self.close()

    async def _open(self) -> BatchedStream[Item]:
        if self._responses is None:
            self._responses = self._start()
        await self._responses.__aenter__()
        return self._responses

    async def _fetch(self) -> list[Item]:
        return await (await self._open()).batch(_BATCH)


class InterceptedResponsesSync(Generic[Item]):
    """A `ResponseStreamSync` of what interceptors return: a stream, or the one response of a method that has one."""

    def __init__(self, start: Callable[[], Any]) -> None:
        self._start = start
        self._responses: Any = None

    def __iter__(self) -> Iterator[Item]:
        """Itself."""
        return self

    def __next__(self) -> Item:
        """As `ResponseStreamSync.__next__`."""
        response: Item = next(self.__enter__()._responses)
        return response

    def close(self) -> None:
        """As `ResponseStreamSync.close`."""
        close = getattr(self._responses, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> InterceptedResponsesSync[Item]:
        """As `ResponseStreamSync.__enter__`."""
        if self._responses is None:
            result = self._start()
            self._responses = iter(result) if hasattr(result, "__iter__") else iter((result,))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `close`."""
        self.close()
