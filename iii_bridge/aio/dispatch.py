"""Runs inbound invocations, each in a task of its own, and answers every one of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from msgspec import Raw

from iii_bridge.aio.deadlines import Deadlines
from iii_bridge.aio.invocation import Invocation, current_invocation
from iii_bridge.protocol.failures import FUNCTION_NOT_FOUND, TIMEOUT, error_body, refusal_body
from iii_bridge.protocol.response_metadata import attach_response_metadata
from iii_bridge.protocol.worker_events import Invoked
from iii_bridge.wire import ErrorBody, InvokeFunction

__all__ = ["Dispatcher", "Handler", "Refusal", "Reply"]

_log: Final = logging.getLogger("iii_bridge.dispatch")

_STOP_GRACE: Final = 5.0

Handler = Callable[[Invocation], Awaitable[Raw | None]]
"""Serves one function: takes what arrived, returns the encoded result."""

Reply = Callable[[str, str, Raw | None, ErrorBody | None], None]
"""Sends an answer: invocation id, function id, result or error."""

Refusal = Callable[[InvokeFunction], tuple[Raw | None, ErrorBody | None] | None]
"""What an invocation that is not taken is answered, a result or an error; None takes it nonetheless."""


class Dispatcher:
    """Handlers by function id, and the tasks they run in."""

    def __init__(self, reply: Reply) -> None:
        self.handlers: dict[str, Handler] = {}
        self._reply = reply
        self._tasks: set[asyncio.Task[None]] = set()
        self._refusal: Refusal | None = None
        self._stopping = False
        self._deadlines = Deadlines()

    @property
    def running(self) -> int:
        """Invocations being served."""
        return len(self._tasks)

    def start(self, event: Invoked) -> None:
        """Begins to serve an invocation, or refuses it."""
        refused = self._refusal(event.frame) if self._refusal is not None else None
        if refused is not None:
            self._reply(event.invocation_id, event.frame.function_id, *refused)
            return
        task = asyncio.get_running_loop().create_task(self._serve(event), name=event.frame.function_id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def refuse(self, refusal: Refusal) -> None:
        """From now on `refusal` is asked about whatever arrives."""
        self._refusal = refusal

    async def finish(self, grace: float) -> None:
        """Waits, for `grace` seconds at most, for what runs and what is still taken, but for whoever asks for it."""
        end = asyncio.get_running_loop().time() + grace
        while tasks := self._others():
            left = end - asyncio.get_running_loop().time()
            if left <= 0:
                break
            await asyncio.wait(tasks, timeout=left)
        for task in tasks:
            _log.warning("%s did not end within %g s and is cancelled", task.get_name(), grace)

    async def stop(self) -> None:
        """Cancels what runs, but for a handler that asks for it itself, and refuses what still arrives.

        Nothing more of what runs is answered: the end of the connection is its
        answer. A handler that does not let itself be cancelled is waited for a
        while and then named in a warning.
        """
        if self._refusal is None:
            self.refuse(_refuse_everything)
        self._stopping = True
        tasks = self._others()
        for task in tasks:
            task.cancel()
        if tasks:
            _, running = await asyncio.wait(tasks, timeout=_STOP_GRACE)
            for task in running:
                _log.warning("%s does not end although it was cancelled", task.get_name())
        self._deadlines.close()

    def _others(self) -> list[asyncio.Task[None]]:
        return [task for task in self._tasks if task is not asyncio.current_task()]

    async def _serve(self, event: Invoked) -> None:
        function_id = event.frame.function_id
        handler = self.handlers.get(function_id)
        if handler is None:
            body = ErrorBody(FUNCTION_NOT_FOUND, f"Function not found: this worker does not serve {function_id}")
            self._reply(event.invocation_id, function_id, None, body)
            return
        result: Raw | None = None
        error: ErrorBody | None = None
        invocation: Invocation | None = None
        try:
            invocation = Invocation(event.invocation_id, event.frame)
            result, error = await self._run(handler, invocation)
            invocation.answered = error is None
            if invocation.said is not None and result is not None:
                result = attach_response_metadata(result, invocation.said)
        except (KeyboardInterrupt, GeneratorExit):
            raise  # the process, or the loop, is ending
        except BaseException as failure:
            # A cancellation that is not ours came out of the handler, and its caller waits like any other.
            if self._stopping and isinstance(failure, asyncio.CancelledError):
                raise
            _log.debug("%s failed", function_id, exc_info=True)
            said = None if invocation is None or invocation.said is None else msgspec.to_builtins(invocation.said)
            error = error_body(failure, function_id, said)
        self._reply(event.invocation_id, function_id, result, error)

    async def _run(self, handler: Handler, invocation: Invocation) -> tuple[Raw | None, ErrorBody | None]:
        current_invocation.set(invocation)  # the task's own context: nothing to reset
        if invocation.deadline is None:  # as most calls of other SDKs
            return await handler(invocation), None
        limit = self._deadlines.begin(invocation.deadline)
        try:
            return await handler(invocation), None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not limit.expired or (task is not None and task.uncancel() > 0):
                raise  # it was cancelled by somebody else, too
            return None, ErrorBody(TIMEOUT, f"{invocation.function_id} stopped at its caller's deadline")
        finally:
            self._deadlines.end(limit)


def _refuse_everything(frame: InvokeFunction) -> tuple[None, ErrorBody]:
    return None, refusal_body(frame.function_id)
