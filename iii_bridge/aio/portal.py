"""An event loop in a background thread, for callers that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from iii_bridge.errors import ClosedError, LocalProtocolError

__all__ = ["Portal"]

T = TypeVar("T")


class Portal:
    """Runs coroutines on its own loop. The caller's context variables are carried over."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="iii-bridge portal", daemon=True)
        self._thread.start()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def call(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Runs `function()` on the loop and returns its result; cancels it when the waiting is interrupted.

        Raises what it raises, ClosedError after `close`, and LocalProtocolError
        on the loop's own thread, where waiting would never end.
        """
        if self._closed:
            raise ClosedError("the bridge is closed; connect again")
        if threading.current_thread() is self._thread:
            raise LocalProtocolError("a blocking call inside an async handler would wait for itself; await instead")
        future = asyncio.run_coroutine_threadsafe(function(), self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Ends the loop and its thread; closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        asyncio.run_coroutine_threadsafe(_drain(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _drain() -> None:
    """Cancels what still runs on the loop, so that nothing is destroyed pending."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
