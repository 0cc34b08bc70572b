"""An event loop in a background thread, for callers that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, Final, TypeVar

from iii_bridge.aio.loops import new_event_loop
from iii_bridge.errors import ClosedError, LocalProtocolError, Outcome

__all__ = ["Portal"]

T = TypeVar("T")

_DRAIN_GRACE: Final = 5.0  # a task that does not let itself be cancelled must not keep us


class Portal:
    """Runs coroutines on its own loop. The caller's context variables are carried over."""

    def __init__(self) -> None:
        self._loop = new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="iii-bridge portal", daemon=True)
        self._thread.start()
        self._closed = False
        self._submitting = threading.Lock()  # nothing is handed to the loop after what ends it
        self._closing = threading.Lock()  # whoever closes second waits for the first

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def call(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Runs `function()` on the loop and returns its result; cancels it when the waiting is interrupted.

        Raises what it raises, ClosedError after `close`, and LocalProtocolError
        on the loop's own thread, where waiting would never end.
        """
        self._refuse_own_thread()
        with self._submitting:
            if self._closed:
                raise ClosedError("the bridge is closed; connect again")
            future = self._submit(function)
        return self._wait(future)

    def close(self, last: Callable[[], Coroutine[Any, Any, object]] | None = None) -> None:
        """Runs `last()`, then ends the loop and its thread; calls made meanwhile are refused.

        Closing twice does nothing but wait for the first. Raises what `last`
        raises, and LocalProtocolError on the loop's own thread.
        """
        self._refuse_own_thread()
        with self._closing:
            with self._submitting:
                if self._closed:
                    return
                self._closed = True
            try:
                if last is not None:
                    self._wait(self._submit(last))
            finally:
                self._submit(_drain).result()
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
                self._loop.close()

    def _submit(self, function: Callable[[], Coroutine[Any, Any, T]]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(function(), self._loop)

    def _wait(self, future: Future[T]) -> T:
        try:
            return future.result()
        except CancelledError:
            if not self._closed:
                raise
            raise ClosedError("the bridge was closed meanwhile", Outcome.UNKNOWN) from None
        except BaseException:
            future.cancel()
            raise

    def _refuse_own_thread(self) -> None:
        if threading.current_thread() is self._thread:
            raise LocalProtocolError("a blocking call inside an async handler would wait for itself; await instead")


async def _drain() -> None:
    """Cancels what still runs on the loop, so that nothing is destroyed pending."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_DRAIN_GRACE)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
