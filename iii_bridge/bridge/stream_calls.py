"""Streaming calls on their way out: channels, invocation and iteration (design decision 10)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Generic, TypeVar

from msgspec import Raw

from iii_bridge.aio.channels import Channels, Incoming, Lingering, Outgoing, close_iterator
from iii_bridge.aio.transport import TransportClosed
from iii_bridge.bridge.calls import Calls
from iii_bridge.bridge.checks import checks_of
from iii_bridge.bridge.stream_counts import count_stream, outcome_name
from iii_bridge.bridge.thread_items import ThreadedItems
from iii_bridge.contract.spec import MethodKind, MethodSpec
from iii_bridge.errors import ClosedError, ConnectionLostError, ContractError, InvocationTimeoutError, Outcome
from iii_bridge.protocol.channel import ChannelRef
from iii_bridge.protocol.stream_call import CallerStream
from iii_bridge.protocol.stream_refs import StreamRefs, attach_refs
from iii_bridge.status import StatusCode
from iii_bridge.types import Json

__all__ = ["InterceptedResponses", "Responses", "StreamCalls"]

Response = TypeVar("Response")

_CANCEL_GRACE: Final = 1.0  # seconds for a farewell to a callee that may not read any more
_REQUEST_THREADS: Final = 32  # blocking iterables of requests that may run at once


class StreamCalls:
    """Starts streaming calls; one per bridge."""

    def __init__(self, calls: Calls, channels: Channels) -> None:
        self.calls = calls
        self.channels = channels
        self.lingering = Lingering()
        self.open_calls: set[_Call[Any]] = set()
        """Calls that read a channel."""
        self._pool: ThreadPoolExecutor | None = None

    def start(
        self,
        method: MethodSpec[Any, Response],
        requests: Any,
        *,
        timeout: float | None,
        metadata: Mapping[str, Json] | None,
        namespace: str | None,
    ) -> Responses[Response]:
        """As `Caller.stream_method`: the call starts with the first iteration."""
        return Responses(_Call(self, method, requests, timeout, metadata, namespace))

    async def perform(
        self,
        method: MethodSpec[Any, Any],
        requests: Any,
        timeout: float | None,
        metadata: Mapping[str, Json] | None,
        namespace: str | None,
    ) -> Any:
        """What interceptors go on to: the one response, or the stream of them once the call has started."""
        responses = self.start(method, requests, timeout=timeout, metadata=metadata, namespace=namespace)
        await responses.__aenter__()
        if method.kind is not MethodKind.CLIENT_STREAM:
            return responses
        async with responses:
            return await anext(responses)

    def in_threads(self, requests: Iterable[Any]) -> AsyncIterator[Any]:
        """An iterable that blocks, read in a thread."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_REQUEST_THREADS, thread_name_prefix="iii-bridge requests")
        return ThreadedItems(lambda: requests, self._pool)

    async def close(self) -> None:
        """Ends what is read, waits a moment for what is being written, then closes it."""
        for call in tuple(self.open_calls):
            call.leave()
        await self.lingering.stop()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


class Responses(Generic[Response]):
    """A `ResponseStream`. Nothing else refers to it, so a loop that is left early ends its call by dropping it."""

    def __init__(self, call: _Call[Response]) -> None:
        self._call = call

    def __aiter__(self) -> Responses[Response]:
        """Itself."""
        return self

    async def __anext__(self) -> Response:
        """As `ResponseStream.__anext__`."""
        return await self._call.next()

    async def batch(self, limit: int) -> list[Response]:
        """One response or, without waiting for them, more; empty at the end. Raises as `__anext__`."""
        return await self._call.batch(limit)

    async def aclose(self) -> None:
        """As `ResponseStream.aclose`."""
        self._call.close()

    async def __aenter__(self) -> Responses[Response]:
        """As `ResponseStream.__aenter__`."""
        await self._call.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `aclose`."""
        self._call.close()

    def __del__(self) -> None:
        self._call.drop()


class InterceptedResponses(Generic[Response]):
    """A `ResponseStream` of what interceptors return: a stream, or the one response of a method that has one."""

    def __init__(self, start: Callable[[], Awaitable[Any]]) -> None:
        self._start = start
        self._responses: Any = None

    def __aiter__(self) -> InterceptedResponses[Response]:
        """Itself."""
        return self

    async def __anext__(self) -> Response:
        """As `ResponseStream.__anext__`."""
        response: Response = await anext((await self.__aenter__())._responses)
        return response

    async def batch(self, limit: int) -> list[Response]:
        """As `Responses.batch`, one at a time: what interceptors return may be any stream."""
        async for response in self:
            return [response]
        return []

    async def aclose(self) -> None:
        """As `ResponseStream.aclose`."""
        await close_iterator(self._responses)

    async def __aenter__(self) -> InterceptedResponses[Response]:
        """As `ResponseStream.__aenter__`."""
        if self._responses is None:
            result = await self._start()
            self._responses = aiter(result) if hasattr(result, "__aiter__") else _once(result)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `aclose`."""
        await self.aclose()


async def _once(response: Any) -> AsyncIterator[Any]:
    yield response


class _Call(Generic[Response]):
    """One streaming call: what the machine decides is carried out here."""

    def __init__(
        self,
        owner: StreamCalls,
        method: MethodSpec[Any, Response],
        requests: Any,
        timeout: float | None,
        metadata: Mapping[str, Json] | None,
        namespace: str | None,
    ) -> None:
        self._owner = owner
        self._method = method
        self._requests = requests
        self._timeout = method.timeout if timeout is None else timeout
        self._metadata = metadata
        self._namespace = namespace
        self._checks = checks_of(method)
        self._items = self._checks.response_items()
        self._loop = asyncio.get_running_loop()
        kind = method.kind
        self._stream = CallerStream(
            method.function_id,
            self._loop.time(),
            sends=kind in (MethodKind.CLIENT_STREAM, MethodKind.BIDI_STREAM),
            receives=kind in (MethodKind.SERVER_STREAM, MethodKind.BIDI_STREAM),
        )
        responses, sent = self._stream.responses, self._stream.requests
        self._incoming = None if responses is None else Incoming(responses, self._responses_changed)
        self._outgoing = None if sent is None else Outgoing(sent, self._stop_sending)
        self._ended = asyncio.Event()
        self._started = False
        self._over = False
        self._index = 0
        self._late: ContractError | None = None
        self._invocation: asyncio.Task[Raw] | None = None
        self._sender: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._counted = False

    # --- what the handle does --------------------------------------------------

    async def open(self) -> None:
        """Starts the call, once."""
        if self._started:
            return
        self._started = True
        self._owner.open_calls.add(self)
        starting = self._owner.lingering.start(self._start(), f"{self._method.function_id} opening")
        try:
            # To its end, also when nobody waits any more: an engine keeps a channel with an unclaimed end for minutes.
            await asyncio.shield(starting)
        except BaseException:
            self.close()
            raise

    async def next(self) -> Response:
        """The next response; the error, or StopAsyncIteration, at the end."""
        if self._late is not None:
            late, self._late = self._late, None
            raise late
        if self._over:
            raise StopAsyncIteration
        if not self._started:
            await self.open()
        incoming = self._incoming
        if incoming is None:
            await self._ended.wait()
            self._finish()
            return self._checks.decode_response(self._stream.value)
        while True:
            data = incoming.take()
            if data is not None:
                return self._decode(data)
            if self._stream.ended:
                self._finish()
                raise StopAsyncIteration
            await incoming.wait()

    async def batch(self, limit: int) -> list[Response]:
        """See `Responses.batch`."""
        try:
            batch = [await self.next()]
        except StopAsyncIteration:
            return []
        incoming = self._incoming
        while incoming is not None and len(batch) < limit and (data := incoming.take()) is not None:
            try:
                batch.append(self._decode(data))
            except ContractError as error:
                self._late = error
                break
        return batch

    def close(self) -> None:
        """Ends the call at both sides, unless it has ended."""
        self._over = True
        if self._started and not self._stream.ended:
            self._count(StatusCode.CANCELLED.name)
        self._stream.abort(None)
        self._changed()
        self.leave()

    def leave(self) -> None:
        """Reads the channel no more; what has arrived may still be taken."""
        self._owner.open_calls.discard(self)
        if self._incoming is not None:
            self._incoming.leave()

    def drop(self) -> None:
        """The same from wherever the collector runs."""
        if self._started and not self._over and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.close)

    # --- how it begins ---------------------------------------------------------

    async def _start(self) -> None:
        method = self._method
        owner = self._owner
        budget = owner.calls.stream_budget(method.function_id, self._timeout)
        deadline = self._loop.time() + budget
        self._stream.limit(deadline, budget)
        data = Raw(b"{}") if self._outgoing is not None else self._checks.encode_request(self._requests)
        try:
            async with asyncio.timeout_at(None if math.isinf(budget) else deadline):
                refs = await self._open_channels()
        except TimeoutError as error:
            if isinstance(error, InvocationTimeoutError):
                raise
            raise InvocationTimeoutError(method.function_id, budget, Outcome.NOT_SENT) from None
        except TransportClosed as closed:
            reason = f"a channel could not be opened: {closed.reason or closed}"
            raise ConnectionLostError(method.function_id, Outcome.NOT_SENT, reason) from closed
        work = owner.calls.stream(
            method.function_id,
            attach_refs(data, refs),
            budget=deadline - self._loop.time(),
            metadata=self._metadata,
            namespace=self._namespace,
        )
        self._invocation = owner.lingering.start(work, method.function_id)
        self._invocation.add_done_callback(self._on_result)
        if self._over:  # given up meanwhile: the callee has to learn of it, and claim its ends
            self.leave()
            self._end_invocation()
        elif self._outgoing is not None:
            self._sender = owner.lingering.start(self._send(self._outgoing), f"{method.function_id} requests")

    async def _open_channels(self) -> StreamRefs:
        """Our ends are open before anything is sent: a callee that is faster finds them."""
        channels = self._owner.channels
        incoming, outgoing = self._incoming, self._outgoing

        async def responses() -> ChannelRef | None:
            if incoming is None:
                return None
            write, read = await channels.create()
            await incoming.open(channels, read, self._owner.lingering)
            return write

        async def requests() -> ChannelRef | None:
            if outgoing is None:
                return None
            write, read = await channels.create()
            await outgoing.open(channels, write, self._owner.lingering)
            return read

        # Both to their end, also when one fails: an end that opens later would stay open.
        opened = await asyncio.gather(requests(), responses(), return_exceptions=True)
        for failure in opened:
            if isinstance(failure, BaseException):
                raise failure
        reading, writing = (ref if isinstance(ref, ChannelRef) else None for ref in opened)
        return StreamRefs(requests=reading, responses=writing)

    # --- how it goes on --------------------------------------------------------

    async def _send(self, outgoing: Outgoing) -> None:
        """Hands over what the caller gives, in step with the reader."""
        items = self._checks.request_items()
        requests: AsyncIterable[Any] = self._requests
        iterator = aiter(requests)
        try:
            async for message in iterator:
                if not outgoing.put(items.encode(message, outgoing.items.count)):
                    await outgoing.room()
        except TransportClosed:
            pass  # the callee reads no more; its answer says why
        except Exception as error:
            self._stream.abort(error)
            self._changed()
        else:
            outgoing.items.end()
            outgoing.poke()
        finally:
            await close_iterator(iterator)

    def _on_result(self, invocation: asyncio.Task[Raw]) -> None:
        if invocation.cancelled():
            self._stream.abort(ClosedError(f"the bridge was closed under {self._method.function_id}", Outcome.UNKNOWN))
        elif (error := invocation.exception()) is None:
            self._stream.answered(invocation.result(), self._loop.time())
        else:
            self._stream.failed(error, self._loop.time())
        self._changed()

    def _responses_changed(self) -> None:
        self._stream.changed()
        self._changed()

    def _changed(self) -> None:
        if self._stream.ended:
            self._count(outcome_name(self._stream.error))
            self._tear_down()
            self._ended.set()
            if self._incoming is not None:
                self._incoming.wake()
        elif self._timer is None and (upcoming := self._stream.next_deadline()) is not None:
            self._timer = self._loop.call_at(upcoming, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._stream.tick(self._loop.time())
        self._changed()

    # --- how it ends -----------------------------------------------------------

    def _decode(self, data: bytes) -> Response:
        index = self._index
        self._index = index + 1
        try:
            return self._items.decode(data, index)
        except BaseException:
            self.close()
            raise

    def _count(self, outcome: str) -> None:
        if self._counted or not self._started:
            return
        self._counted = True
        incoming, outgoing = self._incoming, self._outgoing
        count_stream(
            self._method.function_id,
            "client",
            outcome,
            sent=0 if outgoing is None else outgoing.items.count,
            received=0 if incoming is None else incoming.items.received,
        )

    def _finish(self) -> None:
        """The end is reached: says so once, with the error if there was one."""
        self._over = True
        self.leave()
        if self._stream.error is not None:
            raise self._stream.error

    def _stop_sending(self) -> None:
        if self._sender is not None:
            self._sender.cancel()

    def _tear_down(self) -> None:
        """Everything but the responses that arrived, which may still be taken."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._outgoing is not None:
            self._outgoing.finish(within=_CANCEL_GRACE)
        self._stop_sending()
        self._end_invocation()

    def _end_invocation(self) -> None:
        """Waits for its answer no longer, but long enough for it to reach the engine."""
        if self._invocation is not None and not self._invocation.done():
            self._loop.call_later(_CANCEL_GRACE, self._invocation.cancel)
