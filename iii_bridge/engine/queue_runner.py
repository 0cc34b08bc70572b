"""One named queue at work: slots, order, retries, and the end of a message (wire.md 7.6)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Final, Literal

from msgspec import Raw

from iii_bridge.engine.hub import Hub
from iii_bridge.engine.store import DeadLetter, Message, Store
from iii_bridge.errors import InvocationError

__all__ = ["QueueConfig", "QueueRunner"]

_RETURN_SECONDS: Final = 40.0
"""How long workers may take to come back after a restart: their SDKs' longest pause, with jitter (wire.md 2.7)."""

_LOOK_SECONDS: Final = 0.25
_LOOKS_PER_SECOND: Final = 1000
_log = logging.getLogger("iii_bridge.engine.queue")


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """One named queue, with the defaults of wire.md 7.6.

    `max_retries` is the number of attempts in all; `backoff_ms` the pause in
    milliseconds after the first, doubled after each further one.
    `message_group_field` names a payload member every message of a fifo queue
    must have. A fifo queue runs one message at a time, strictly in order.
    """

    name: str
    type: Literal["standard", "fifo"] = "standard"
    concurrency: int = 10
    max_retries: int = 3
    backoff_ms: int = 1000
    message_group_field: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for numbers no queue can run with."""
        if not self.name:
            raise ValueError("a queue needs a name")
        if self.concurrency < 1 or self.max_retries < 1 or self.backoff_ms < 0:
            text = "needs concurrency and max_retries of at least 1 and a backoff_ms of at least 0"
            raise ValueError(f"queue {self.name!r} {text}")

    @classmethod
    def parse(cls, text: str) -> QueueConfig:
        """Reads `NAME` or `NAME:fifo`; ValueError says what is wrong."""
        name, colon, kind = text.partition(":")
        if not name or kind not in ("", "fifo", "standard") or (colon and not kind):
            raise ValueError(f"queue {text!r} is not NAME, NAME:fifo or NAME:standard")
        return cls(name=name, type="fifo" if kind == "fifo" else "standard")


class QueueRunner:
    """Delivers one queue's messages, `concurrency` at a time."""

    def __init__(self, config: QueueConfig, hub: Hub, store: Store) -> None:
        self.config = config
        self._hub = hub
        self._store = store
        self._ready: deque[Message] = deque()
        self._active: set[asyncio.Future[Raw | None]] = set()
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._slots = 1 if config.type == "fifo" else config.concurrency
        self._stopped = False
        self._returning_until = 0.0

    @property
    def depth(self) -> int:
        """Messages that wait, for a slot or for their next attempt."""
        return len(self._ready) + len(self._waiting)

    @property
    def slots(self) -> int:
        """Messages that may run at once."""
        return self._slots

    def push(self, message: Message) -> None:
        """Takes a stored message; one that is due later waits until then."""
        pause = message.due - time.time()
        if pause > 0:
            self._wait(message, pause)
        else:
            self._ready.append(message)
            self._pump()

    def resume(self, message: Message) -> None:
        """Takes a message of a former run. Its worker may still be on its way back, so not finding it costs nothing."""
        self._returning_until = asyncio.get_running_loop().time() + _RETURN_SECONDS
        self.push(message)

    def stop(self) -> None:
        """Delivers no more; what was under way stays stored and is delivered after the next start."""
        self._stopped = True
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()
        for future in list(self._active):
            future.cancel()

    def _pump(self) -> None:
        while self._ready and len(self._active) < self._slots and not self._stopped and not self._blocked():
            self._deliver(self._ready.popleft())

    def _blocked(self) -> bool:
        """In a fifo queue nothing overtakes a message that waits for its next attempt."""
        return self.config.type == "fifo" and bool(self._waiting)

    def _deliver(self, message: Message) -> None:
        future = self._hub.call(
            message.function_id,
            Raw(message.data),
            namespace=message.namespace,
            traceparent=message.traceparent,
            baggage=message.baggage,
        )
        self._active.add(future)
        future.add_done_callback(lambda done: self._delivered(message, done))

    def _delivered(self, message: Message, done: asyncio.Future[Raw | None]) -> None:
        self._active.discard(done)
        if self._stopped or done.cancelled():
            return
        error = done.exception()
        if error is None:
            _watch(self._store.remove(message.id))
        else:
            self._failed(message, error)
        self._pump()

    def _failed(self, message: Message, error: BaseException) -> None:
        if self._may_return(error):
            self._wait(message, _LOOK_SECONDS + len(self._waiting) / _LOOKS_PER_SECOND)
            return
        tried = replace(message, attempts=message.attempts + 1)
        if tried.attempts >= self.config.max_retries:
            code, reason = _reason(error)
            text = "queue %s: message %s is dead after %d attempts: %s"
            _log.warning(text, tried.queue, tried.id, tried.attempts, code)
            _watch(self._store.bury(DeadLetter(tried, reason, time.time())))
            return
        pause = self.config.backoff_ms / 1000 * 2 ** (tried.attempts - 1)
        again = replace(tried, due=time.time() + pause)
        _watch(self._store.retry(again))
        self._wait(again, pause)

    def _may_return(self, error: BaseException) -> bool:
        missing = isinstance(error, InvocationError) and error.code == "function_not_found"
        return missing and asyncio.get_running_loop().time() < self._returning_until

    def _wait(self, message: Message, pause: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiting[message.id] = loop.call_later(pause, self._again, message)

    def _again(self, message: Message) -> None:
        self._waiting.pop(message.id, None)
        self._ready.appendleft(message)
        self._pump()


def _reason(error: BaseException) -> tuple[str, str]:
    """The code for the log, and the text a dead letter keeps."""
    if isinstance(error, InvocationError):
        return error.code, f"{error.code}: {error.message}"
    return type(error).__name__, str(error)


def _watch(write: asyncio.Future[None]) -> None:
    """A failed write is logged: the message stays as it was and is delivered again after a restart."""

    def done(future: asyncio.Future[None]) -> None:
        if not future.cancelled() and future.exception() is not None:
            _log.error("a queue message could not be written: %s", future.exception())

    write.add_done_callback(done)
