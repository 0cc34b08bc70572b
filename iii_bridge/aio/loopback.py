"""A session without an engine: calls go to the handlers of one dispatcher, as the frames they would be."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Final

from msgspec import UNSET, Raw, UnsetType

from iii_bridge.aio.dispatch import Dispatcher
from iii_bridge.aio.ids import new_id
from iii_bridge.errors import ClosedError, InvocationTimeoutError, Outcome
from iii_bridge.protocol.builtins import EnqueueResult
from iii_bridge.protocol.failures import error_from_body
from iii_bridge.protocol.worker_events import Invoked
from iii_bridge.protocol.worker_frames import call_frame, reply_frame
from iii_bridge.wire import NULL, ErrorBody, InvocationResult, InvokeFunction, decode_message, raw

__all__ = ["Loopback"]

_log: Final = logging.getLogger("iii_bridge.loopback")


class Loopback:
    """Carries calls within one process. Belongs to one event loop."""

    def __init__(self) -> None:
        self.dispatcher = Dispatcher(self._reply)
        self._waiters: dict[str, asyncio.Future[Raw]] = {}
        self._closed = False

    async def call(
        self,
        function_id: str,
        data: Raw,
        *,
        timeout: float,
        namespace: str | None = None,
        metadata: Raw | UnsetType = UNSET,
        traceparent: str | None = None,
        baggage: str | None = None,
        queue: str | None = None,
        void: bool = False,
    ) -> Raw:
        """As `Session.call`; a queue is delivered from at once, and every namespace is the same."""
        if self._closed:
            raise ClosedError("the service in memory is closed; enter `in_memory` again")
        key = new_id()
        text = call_frame(
            key,
            function_id,
            data,
            namespace=namespace,
            metadata=UNSET if queue is not None else metadata,  # a queue drops it (wire.md 5.5)
            traceparent=traceparent,
            baggage=baggage,
            queue=queue,
            void=void,
        ).decode()
        frame = decode_message(text)
        if not isinstance(frame, InvokeFunction):
            raise TypeError(f"an invocation was read as {type(frame).__name__}")
        waiter: asyncio.Future[Raw] = asyncio.get_running_loop().create_future()
        if not void and queue is None:
            self._waiters[key] = waiter
        self.dispatcher.start(Invoked(key, frame))
        if void:
            return NULL
        if queue is not None:
            return raw(EnqueueResult(new_id()))
        try:
            async with asyncio.timeout(None if math.isinf(timeout) else timeout):  # a stream may have no limit
                return await waiter
        except TimeoutError:
            raise InvocationTimeoutError(function_id, timeout, Outcome.UNKNOWN) from None
        finally:
            del self._waiters[key]

    def recovering(self) -> bool:
        """As `Session.recovering`: there is nothing to come back."""
        return False

    async def close(self) -> None:
        """Cancels what is being served; open calls end with ClosedError."""
        self._closed = True
        await self.dispatcher.stop()
        for waiter in self._waiters.values():
            if not waiter.done():
                waiter.set_exception(ClosedError("the service in memory was closed", Outcome.UNKNOWN))

    def _reply(self, invocation_id: str, function_id: str, result: Raw | None, error: ErrorBody | None) -> None:
        waiter = self._waiters.get(invocation_id)
        if waiter is None:
            if error is not None:
                _log.warning("%s failed, and nobody waits for it: %s [%s]", function_id, error.message, error.code)
            return
        frame = decode_message(reply_frame(invocation_id, function_id, result, error).decode())
        if waiter.done():
            return
        if isinstance(frame, InvocationResult) and frame.error:
            waiter.set_exception(error_from_body(frame.error, function_id))
        elif isinstance(frame, InvocationResult) and isinstance(frame.result, Raw):
            waiter.set_result(frame.result)
        else:
            waiter.set_result(NULL)
