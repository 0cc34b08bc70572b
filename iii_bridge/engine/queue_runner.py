"""One queue at work: slots, order, retries, and the end of a message (wire.md 7.6).

At most a window of its messages is in memory; the rest waits in the store, and
is read when there is room. `held` names those in memory or under way.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from msgspec import Raw

from iii_bridge.engine.queue_config import QueueConfig
from iii_bridge.engine.queue_order import order_for
from iii_bridge.engine.storage.messages import DeadLetter, Loaded, Message, MessageStore, QueueName
from iii_bridge.errors import InvocationError

__all__ = ["Deliver", "QueueRunner"]

_WINDOW: Final = 1024
_RETURN_SECONDS: Final = 40.0
"""How long workers may take to come back after a restart: their SDKs' longest pause, with jitter (wire.md 2.7)."""

_LOOK_SECONDS: Final = 0.25
_LOOKS_PER_SECOND: Final = 1000
_BROKEN_SECONDS: Final = 1.0
_MOST_DOUBLINGS: Final = 20
_log = logging.getLogger("iii_bridge.engine.queue")

Deliver = Callable[[Message], asyncio.Future[Raw | None]]
"""Hands a message to its function; the future fails when it is to be tried again."""


class QueueRunner:
    """Delivers one queue's messages, as many at a time as it has slots; `now` gives unix seconds.

    Begins paused. `stored` is how many messages the store has for it.
    """

    def __init__(
        self,
        config: QueueConfig,
        deliver: Deliver,
        store: MessageStore,
        *,
        name: QueueName | None = None,
        stored: int = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.config = config
        self.name = name or QueueName(config.name)
        self._deliver = deliver
        self._store = store
        self._now = now
        self._stored = stored
        self._order = order_for(config)
        self._held: set[str] = set()
        self._active: dict[asyncio.Future[Raw | None], Message] = {}
        self._waiting: dict[str, tuple[Message, asyncio.TimerHandle]] = {}
        self._open = False
        self._stopped = False
        self._behind = stored > 0
        self._loading = False
        self._changes = 0
        self._next_due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._returning_until = 0.0

    @property
    def depth(self) -> int:
        """Messages that wait, for a slot or for their next attempt."""
        return self._stored - len(self._active)

    # -- open and paused --------------------------------------------------------------------

    def start(self, returning: bool = False) -> None:
        """Begins to deliver. `returning`: workers of a former run may be on their way back, so missing them is free."""
        if self._stopped:
            return
        if returning and self._stored:
            self._returning_until = asyncio.get_running_loop().time() + _RETURN_SECONDS
        self._open = True
        self._behind = self._behind or self._stored > len(self._held)
        self._pump()

    def pause(self) -> None:
        """Lets go of what is in memory; what is under way goes on to its end."""
        self._open = False
        self._behind = True
        waiting, self._waiting = self._waiting, {}
        self._order.clear()
        for message, timer in waiting.values():
            timer.cancel()
            self._order.finished(message)
        self._held = {message.id for message in self._active.values()}
        if self._timer is not None:
            self._timer.cancel()

    def stop(self) -> None:
        """Delivers no more; what was under way stays stored and is delivered after the next start."""
        self._stopped = True
        self.pause()
        for future in list(self._active):
            future.cancel()

    # -- new messages -----------------------------------------------------------------------

    async def add(self, message: Message) -> None:
        """Stores a message and delivers it in its turn. Raises what the store raises."""
        held = self.reserve(message)
        try:
            (stored,) = await self._store.add([(message, self.config.fifo)])
        except BaseException:
            self.unreserve(message)
            raise
        self.added(stored, held)

    def reserve(self, message: Message) -> bool:
        """Before a message is stored: is there room for it in memory? Then nobody else will load it."""
        if self._open and not self._behind and message.due <= 0 and len(self._held) < _WINDOW:
            self._held.add(message.id)
            return True
        self._changed(message.due)
        return False

    def unreserve(self, message: Message) -> None:
        """The message was not stored after all."""
        self._held.discard(message.id)

    def added(self, message: Message, held: bool) -> None:
        """A message was stored; `held` is what `reserve` said of it."""
        self._stored += 1
        if held and self._open:
            self._order.add(message)
        elif held:
            self._held.discard(message.id)
        self._pump()

    def counted(self, stored: int) -> None:
        """How many messages the store has, as of now."""
        self._stored = stored

    def revived(self, count: int) -> None:
        """Dead letters are messages once more."""
        self._stored += count
        self._changed(0.0)
        self._pump()

    def _changed(self, due: float) -> None:
        """The store has a message for us that is not in memory."""
        self._behind = True
        self._changes += 1
        self._next_due = min(self._next_due, due)

    # -- from the store ---------------------------------------------------------------------

    def _look(self) -> None:
        """Loads more, when there is more and room for it; later, when its time has not come."""
        if not self._open or not self._behind or self._loading or len(self._order) > _WINDOW // 2:
            return
        pause = self._next_due - self._now()
        if pause > 0:
            self._look_in(pause)
            return
        self._loading = True
        loaded = self._store.load(self.name, max(_WINDOW // 2, 1), self._now(), frozenset(self._held))
        loaded.add_done_callback(partial(self._loaded, self._changes))

    def _look_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _loaded(self, changes: int, done: asyncio.Future[Loaded]) -> None:
        self._loading = False
        if done.cancelled() or not self._open:
            return
        error = done.exception()
        if error is not None:
            _log.error("queue %s: its messages could not be read: %s", self.config.name, error)
            self._look_in(_BROKEN_SECONDS)
            return
        found = done.result()
        for message in found.messages:
            self._held.add(message.id)
            self._order.add(message)
        if changes == self._changes:
            self._behind = found.more
            self._next_due = found.next_due or 0.0
        self._pump()

    # -- delivery ---------------------------------------------------------------------------

    def _pump(self) -> None:
        while self._open and len(self._active) < self.config.slots:
            message = self._order.next()
            if message is None:
                break
            pause = message.due - self._now()
            if pause > 0:
                self._wait(message, pause)
            else:
                future = self._deliver(message)
                self._active[future] = message
                future.add_done_callback(self._delivered)
        self._look()

    def _delivered(self, done: asyncio.Future[Raw | None]) -> None:
        message = self._active.pop(done)
        if self._stopped or done.cancelled():
            return
        error = done.exception()
        if error is None:
            self._order.finished(message)
            self._forget(message, self._store.remove(message))
        else:
            self._failed(message, error)
        self._pump()

    def _failed(self, message: Message, error: BaseException) -> None:
        if self._open and self._may_return(error):
            self._wait(message, _LOOK_SECONDS + len(self._waiting) / _LOOKS_PER_SECOND)
            return
        tried = replace(message, attempts=message.attempts + 1)
        if tried.attempts >= self.config.max_retries:
            code, reason = _reason(error)
            text = "queue %s: message %s is dead after %d attempts: %s"
            _log.warning(text, self.config.name, tried.id, tried.attempts, code)
            self._order.finished(message)
            self._forget(message, self._store.bury(DeadLetter(tried, reason, self._now())))
            return
        pause = self.config.backoff_ms / 1000 * 2 ** min(tried.attempts - 1, _MOST_DOUBLINGS)
        again = replace(tried, due=self._now() + pause)
        write = self._store.retry(again, self.config.fifo)
        if self._open and (self.config.fifo or len(self._waiting) < _WINDOW):
            _watch(write)
            self._wait(again, pause)
        else:
            self._order.finished(message)
            write.add_done_callback(partial(self._put_back, again))
            _watch(write)

    def _may_return(self, error: BaseException) -> bool:
        missing = isinstance(error, InvocationError) and error.code == "function_not_found"
        return missing and asyncio.get_running_loop().time() < self._returning_until

    def _wait(self, message: Message, pause: float) -> None:
        timer = asyncio.get_running_loop().call_later(pause, self._again, message.id)
        self._waiting[message.id] = message, timer

    def _again(self, message_id: str) -> None:
        message, _ = self._waiting.pop(message_id)
        self._order.again(replace(message, due=0.0))
        self._pump()

    def _forget(self, message: Message, write: asyncio.Future[None]) -> None:
        """It is gone once the write is done; after a failed one it stays held, so only a restart brings it back."""
        _watch(write)
        write.add_done_callback(partial(self._forgotten, message))

    def _forgotten(self, message: Message, done: asyncio.Future[None]) -> None:
        if not done.cancelled() and done.exception() is None:
            self._held.discard(message.id)
            self._stored -= 1

    def _put_back(self, message: Message, done: asyncio.Future[None]) -> None:
        if not done.cancelled() and done.exception() is None:
            self._held.discard(message.id)
            self._changed(message.due)
            self._look()


def _reason(error: BaseException) -> tuple[str, str]:
    """The code for the log, and the text a dead letter keeps."""
    if isinstance(error, InvocationError):
        return error.code, f"{error.code}: {error.message}"
    return type(error).__name__, str(error)


def _watch(write: asyncio.Future[Any]) -> None:
    """A failed write is logged: the message stays as it was and is delivered again after a restart."""

    def done(future: asyncio.Future[Any]) -> None:
        if not future.cancelled() and future.exception() is not None:
            _log.error("a queue message could not be written: %s", future.exception())

    write.add_done_callback(done)
