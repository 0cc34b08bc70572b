"""Serving streaming methods: requests in and responses out through channels (design decision 10)."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from typing import Any, Final, Protocol

from msgspec import Raw

from iii_bridge.aio.channels import Channels, Incoming, Lingering, Outgoing, close_iterator
from iii_bridge.aio.dispatch import Handler
from iii_bridge.aio.invocation import Invocation
from iii_bridge.aio.transport import TransportClosed
from iii_bridge.bridge.checks import ItemChecks, checks_of
from iii_bridge.bridge.handlers import (
    MethodBody,
    check_none_blocks,
    intercepted,
    method_body,
    method_handler,
)
from iii_bridge.bridge.interceptors import AnyServerInterceptor, only_async, only_blocking
from iii_bridge.bridge.stream_counts import count_stream, outcome_name
from iii_bridge.bridge.thread_items import BlockingItems, ThreadedItems
from iii_bridge.contract.spec import MethodKind, MethodSpec
from iii_bridge.errors import ContractError, LocalProtocolError, Side, StatusError
from iii_bridge.protocol.stream_call import count_result
from iii_bridge.protocol.stream_items import IncomingItems, OutgoingItems
from iii_bridge.protocol.stream_refs import StreamRefs, detach_refs
from iii_bridge.status import StatusCode
from iii_bridge.types import Context

__all__ = ["RESPONDS_WITH_STREAM", "StreamHome", "any_body", "any_handler", "stream_handler"]

_SENDS: Final = (MethodKind.CLIENT_STREAM, MethodKind.BIDI_STREAM)
RESPONDS_WITH_STREAM: Final = (MethodKind.SERVER_STREAM, MethodKind.BIDI_STREAM)
"""The kinds whose handlers return an iterator."""


def any_body(
    function: Callable[..., Any],
    pool: Executor | None,
    method: MethodSpec[Any, Any] | None = None,
    interceptors: Sequence[AnyServerInterceptor] = (),
) -> MethodBody:
    """As `method_body`, for methods of every kind: one that answers with a stream returns an iterator.

    Raises LocalProtocolError for a method written in the wrong way.
    """
    if method is None or method.kind is MethodKind.UNARY:
        return method_body(function, pool, method, interceptors)
    name = getattr(function, "__qualname__", type(function).__name__)
    if pool is not None and inspect.isasyncgenfunction(function):
        raise LocalProtocolError(f"{name} is asynchronous in a blocking service; use the base without Sync")
    if method.kind is MethodKind.CLIENT_STREAM:
        taken = function if pool is None else functools.partial(_on_blocking_requests, function)
        return method_body(taken, pool, method, interceptors)
    if pool is None and inspect.iscoroutinefunction(function):
        raise LocalProtocolError(f"{name} returns no stream; write `async def` with `yield`")
    return _producer(function, pool, method, interceptors)


def any_handler(method: MethodSpec[Any, Any], body: MethodBody, home: StreamHome) -> Handler:
    """As `method_handler`, for methods of every kind."""
    return method_handler(method, body) if method.kind is MethodKind.UNARY else stream_handler(method, body, home)


def _producer(
    function: Callable[..., Any],
    pool: Executor | None,
    method: MethodSpec[Any, Any],
    interceptors: Sequence[AnyServerInterceptor],
) -> MethodBody:
    """Interceptors go around the start of the stream; what they return is what is sent."""

    async def begin(request: Any, context: Context) -> Any:
        return function(request, context)

    async def begin_blocking(request: Any, context: Context) -> Any:
        return ThreadedItems(functools.partial(start, _blocking(request), context), executor)

    start = function
    if pool is None:
        check_none_blocks(interceptors)
        body: MethodBody = begin
    else:
        executor = pool
        if inner := only_blocking(interceptors):
            start = intercepted(method, function, inner)
        body = begin_blocking
    outer = only_async(interceptors)
    return intercepted(method, body, outer) if outer else body


def _on_blocking_requests(function: Callable[..., Any], requests: Any, context: Context) -> Any:
    return function(_blocking(requests), context)


def _blocking(request: Any) -> Any:
    """What a blocking method is given for a stream of requests."""
    return BlockingItems(request, request.loop) if isinstance(request, _Requests) else request


class StreamHome(Protocol):
    """What a streaming handler needs of its bridge."""

    @property
    def channels(self) -> Channels:
        """Where channels come from."""
        ...

    @property
    def lingering(self) -> Lingering:
        """What outlives an invocation for a moment."""
        ...


def stream_handler(method: MethodSpec[Any, Any], body: MethodBody, home: StreamHome) -> Handler:
    """Opens the callee's ends, runs the method between them, and answers with the response or the count."""
    takes, gives = method.kind in _SENDS, method.kind in RESPONDS_WITH_STREAM

    async def handle(invocation: Invocation) -> Raw:
        refs, data, caller = detach_refs(invocation.data, method.function_id, requests=takes, responses=gives)
        invocation.caller_worker_id = caller
        return await _Serving(method, body, invocation).run(data, refs, home)

    return handle


class _Serving:
    """One streaming invocation."""

    def __init__(self, method: MethodSpec[Any, Any], body: MethodBody, invocation: Invocation) -> None:
        self._method = method
        self._body = body
        self._invocation = invocation
        self._checks = checks_of(method)
        self._work: asyncio.Task[Raw] | None = None
        self._left = False
        function_id = method.function_id
        now = asyncio.get_running_loop().time()
        self._incoming: Incoming | None = None
        self._outgoing: Outgoing | None = None
        if method.kind in _SENDS:
            self._incoming = Incoming(IncomingItems(function_id, Side.REQUEST, counted=True), self._heard)
        if method.kind in RESPONDS_WITH_STREAM:
            self._outgoing = Outgoing(OutgoingItems(now), self._caller_left)

    async def run(self, data: Raw, refs: StreamRefs, home: StreamHome) -> Raw:
        """Serves it to its end, or until the caller goes away; counts it.

        A request that breaks the contract is refused with the channels open: the caller reads their end, and need not
        wait for items that may be on their way.
        """
        ended: BaseException | None = None
        try:
            return await self._run(data, refs, home)
        except BaseException as error:
            ended = error
            raise
        finally:
            incoming, outgoing = self._incoming, self._outgoing
            count_stream(
                self._method.function_id,
                "server",
                outcome_name(ended),
                sent=0 if outgoing is None else outgoing.items.count,
                received=0 if incoming is None else incoming.items.received,
            )

    async def _run(self, data: Raw, refs: StreamRefs, home: StreamHome) -> Raw:
        try:
            await self._open(refs, home)
            self._work = asyncio.ensure_future(self._produce(data))
            if self._left:
                self._work.cancel()
            return await self._work
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._left or (task is not None and task.cancelling()):
                raise
            raise _gone(self._method) from None
        finally:
            if self._incoming is not None:
                self._incoming.leave()
            if self._outgoing is not None:
                self._outgoing.items.end()  # also after a failure: what came before it is complete
                self._outgoing.finish()

    async def _open(self, refs: StreamRefs, home: StreamHome) -> None:
        try:
            if self._incoming is not None and refs.requests is not None:
                await self._incoming.open(home.channels, refs.requests, home.lingering)
            if self._outgoing is not None and refs.responses is not None:
                await self._outgoing.open(home.channels, refs.responses, home.lingering)
        except TransportClosed as closed:
            raise _gone(self._method) from closed

    async def _produce(self, data: Raw) -> Raw:
        requests: _Requests | None = None
        if self._incoming is not None:
            requests = _Requests(self._incoming, self._checks.request_items())
        request = self._checks.decode_request(data)[0] if requests is None else requests
        produced = await self._body(request, self._invocation)
        if self._outgoing is None:
            result = self._checks.encode_response(produced)
        else:
            result = await self._send(produced, self._outgoing)
        if requests is not None and requests.violation is not None:
            raise requests.violation  # whatever the method made of it
        return result

    async def _send(self, produced: Any, outgoing: Outgoing) -> Raw:
        if not hasattr(produced, "__aiter__"):
            name = self._method.full_name
            raise LocalProtocolError(f"the handler of {name} does not return a stream; write `async def` with `yield`")
        items = self._checks.response_items()
        iterator = aiter(produced)
        count = 0
        try:
            async for message in iterator:
                data = items.encode(message, count)
                count += 1
                if not outgoing.put(data):
                    await outgoing.room()
        except TransportClosed:
            raise _gone(self._method) from None
        finally:
            await close_iterator(iterator)
        outgoing.items.end()
        outgoing.poke()
        await outgoing.flushed()
        return count_result(count)

    def _heard(self) -> None:
        if self._incoming is not None and self._incoming.items.cancelled:
            self._caller_left()

    def _caller_left(self) -> None:
        self._left = True
        if self._work is not None:
            self._work.cancel()


class _Requests(AsyncIterator[Any]):
    """The requests of one invocation, as its handler iterates over them."""

    def __init__(self, incoming: Incoming, items: ItemChecks[Any]) -> None:
        self.loop = asyncio.get_running_loop()
        self._incoming = incoming
        self._items = items
        self._index = 0
        self._over = False
        self._late: ContractError | None = None
        self.violation: ContractError | None = None

    async def __anext__(self) -> Any:
        """The next request. Raises ContractError for one that breaks the contract, StreamTruncatedError."""
        if self._late is not None:
            late, self._late = self._late, None
            raise late
        incoming = self._incoming
        while not self._over:
            data = incoming.take()
            if data is not None:
                return self._decode(data)
            if incoming.items.finished:
                self._over = True
                error = incoming.items.error
                if isinstance(error, ContractError):
                    self.violation = error
                if error is not None:
                    raise error
            else:
                await incoming.wait()
        raise StopAsyncIteration

    async def batch(self, limit: int) -> list[Any]:
        """One request or, without waiting for them, more; empty at the end. Raises as `__anext__`."""
        try:
            batch = [await self.__anext__()]
        except StopAsyncIteration:
            return []
        while len(batch) < limit and self._late is None and (data := self._incoming.take()) is not None:
            try:
                batch.append(self._decode(data))
            except ContractError as error:
                self._late = error
        return batch

    def _decode(self, data: bytes) -> Any:
        index = self._index
        self._index = index + 1
        try:
            return self._items.decode(data, index)
        except ContractError as error:
            self._over = True
            self.violation = error
            raise


def _gone(method: MethodSpec[Any, Any]) -> StatusError:
    text = f"{method.function_id} was cancelled: its caller has closed the stream"
    return StatusError(StatusCode.CANCELLED, text)
