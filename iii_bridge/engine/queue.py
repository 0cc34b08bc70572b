"""Named queues: stored, delivered, tried again, and buried (wire.md 5.3, 7.6)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import msgspec
from msgspec import Raw

from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure, Handler
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.store import DeadLetter, Message, Store
from iii_bridge.errors import InvocationError
from iii_bridge.protocol.invocations import ENQUEUE_FUNCTION, EnqueueRequest
from iii_bridge.wire.codec import raw, text_or_none
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["QUEUE_WORKER", "QueueConfig", "Queues"]

QUEUE_WORKER = "queue"
"""The worker name the queue functions are listed under."""

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


class _Runner:
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

    def _wait(self, message: Message, pause: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiting[message.id] = loop.call_later(pause, self._again, message)

    def _again(self, message: Message) -> None:
        self._waiting.pop(message.id, None)
        self._ready.appendleft(message)
        self._pump()


class _QueueQuery(msgspec.Struct):
    queue: str | None = None
    topic: str | None = None


class _MessageQuery(msgspec.Struct):
    queue: str | None = None
    topic: str | None = None
    message_id: str | None = None


class _TopicQuery(msgspec.Struct):
    topic: str | None = None
    offset: int = 0
    limit: int = 50


class Queues:
    """Every named queue of one engine; `default` always exists."""

    def __init__(self, hub: Hub, store: Store, configs: Iterable[QueueConfig] = ()) -> None:
        self._store = store
        declared = {"default": QueueConfig("default")}
        for config in configs:
            if config.name in declared and config.name != "default":
                raise ValueError(f"queue {config.name!r} is declared twice; name it once")
            declared[config.name] = config
        self._runners = {name: _Runner(config, hub, store) for name, config in declared.items()}

    def builtins(self) -> list[Builtin]:
        """The enqueue provider and the management functions."""
        table: list[tuple[str, Handler, str]] = [
            (ENQUEUE_FUNCTION, self._enqueue, "Store a call in a named queue; the provider of action enqueue"),
            ("engine::queue::list_topics", self._list, "List queues"),
            ("engine::queue::topic_stats", self._stats, "Count the messages of a queue"),
            ("engine::queue::dlq_topics", self._dead_topics, "List queues with their dead letters counted"),
            ("engine::queue::dlq_messages", self._dead_messages, "List the dead letters of a queue"),
            ("iii::queue::redrive", self._redrive, "Deliver the dead letters of a queue again"),
            ("iii::queue::redrive_message", self._redrive_message, "Deliver one dead letter again"),
            ("iii::queue::discard_message", self._discard_message, "Delete one dead letter"),
        ]
        return [Builtin(name, handler, text, QUEUE_WORKER) for name, handler, text in table]

    def resume(self, stored: Iterable[Message]) -> None:
        """Takes up messages a former run left behind; those of a queue not declared now are kept, undelivered."""
        for message in stored:
            runner = self._runners.get(message.queue)
            if runner is None:
                text = "queue %s is not declared: message %s is kept; start the engine with the queue declared"
                _log.warning(text, message.queue, message.id)
            else:
                runner.push(message)

    def stop(self) -> None:
        """Stops delivering."""
        for runner in self._runners.values():
            runner.stop()

    # -- functions --------------------------------------------------------------------------

    async def _enqueue(self, call: BuiltinCall) -> Raw:
        request = call.read(EnqueueRequest)
        runner = self._runners.get(request.queue)
        if runner is None:
            text = f"Queue '{request.queue}' not found; declare it when the engine starts"
            raise BuiltinFailure("queue_not_found", text)
        _check_group(runner.config, request.data)
        message = Message(
            id=request.receipt_id,
            queue=request.queue,
            function_id=request.function_id,
            namespace=text_or_none(request.namespace) or DEFAULT_NAMESPACE,
            data=bytes(request.data),
            traceparent=request.traceparent,
            baggage=request.baggage,
        )
        await self._store.add(message)
        runner.push(message)
        return raw({"messageReceiptId": request.receipt_id})

    def _list(self, _call: BuiltinCall) -> Raw:
        rows = [
            {"name": name, "broker_type": "builtin", "subscriber_count": runner.slots}
            for name, runner in self._runners.items()
        ]
        return raw(rows)

    async def _stats(self, call: BuiltinCall) -> Raw:
        name = call.read(_TopicQuery).topic
        runner = self._known(name, "topic_stats_failed")
        dead = (await self._store.dead_counts()).get(runner.config.name, 0)
        return raw({"depth": runner.depth, "consumer_count": runner.slots, "dlq_depth": dead, "config": None})

    async def _dead_topics(self, _call: BuiltinCall) -> Raw:
        counts = await self._store.dead_counts()
        names = dict.fromkeys([*self._runners, *counts])
        rows = [
            {"topic": name, "broker_type": "function_queue", "message_count": counts.get(name, 0)} for name in names
        ]
        return raw(rows)

    async def _dead_messages(self, call: BuiltinCall) -> Raw:
        query = call.read(_TopicQuery)
        if not query.topic:
            raise BuiltinFailure("topic_required", "`topic` is required")
        letters = await self._store.dead(query.topic, max(query.offset, 0), max(query.limit, 0))
        rows = [
            {
                "id": letter.message.id,
                "payload": Raw(letter.message.data),
                "error": letter.error,
                "failed_at": int(letter.failed_at),
                "retries": letter.message.attempts,
                "size_bytes": len(letter.message.data),
            }
            for letter in letters
        ]
        return raw(rows)

    async def _redrive(self, call: BuiltinCall) -> Raw:
        query = call.read(_QueueQuery)
        runner = self._known(query.queue or query.topic, "redrive_failed")
        revived = await self._store.revive(runner.config.name, None)
        for message in revived:
            runner.push(message)
        return raw({"queue": runner.config.name, "redriven": len(revived)})

    async def _redrive_message(self, call: BuiltinCall) -> Raw:
        runner, message_id = self._message(call, "redrive_message_failed")
        revived = await self._store.revive(runner.config.name, message_id)
        for message in revived:
            runner.push(message)
        return raw({"queue": runner.config.name, "message_id": message_id, "redriven": len(revived)})

    async def _discard_message(self, call: BuiltinCall) -> Raw:
        runner, message_id = self._message(call, "discard_message_failed")
        count = await self._store.discard(runner.config.name, message_id)
        return raw({"queue": runner.config.name, "message_id": message_id, "redriven": count})

    def _message(self, call: BuiltinCall, code: str) -> tuple[_Runner, str]:
        query = call.read(_MessageQuery)
        runner = self._known(query.queue or query.topic, code)
        if not query.message_id:
            raise BuiltinFailure("message_id_not_set", "Message id is not set")
        return runner, query.message_id

    def _known(self, name: str | None, code: str) -> _Runner:
        if not name:
            missing = "topic_required" if code == "topic_stats_failed" else "queue_not_set"
            raise BuiltinFailure(missing, "`topic` is required" if missing == "topic_required" else "Queue is not set")
        runner = self._runners.get(name)
        if runner is None:
            raise BuiltinFailure(code, f"Queue '{name}' not found")
        return runner


def _reason(error: BaseException) -> tuple[str, str]:
    """The code for the log, and the text a dead letter keeps."""
    if isinstance(error, InvocationError):
        return error.code, f"{error.code}: {error.message}"
    return type(error).__name__, str(error)


def _check_group(config: QueueConfig, data: Raw) -> None:
    """A fifo queue with a group field takes only messages that have one (wire.md 7.6)."""
    field = config.message_group_field
    if field is None:
        return
    try:
        group = msgspec.json.decode(data, type=dict[str, Raw]).get(field)
    except msgspec.ValidationError:
        group = None
    if group is None or bytes(group) == b"null":
        text = f"Queue '{config.name}' needs member '{field}' in every message, and not null"
        raise BuiltinFailure("message_group_missing", text)


def _watch(write: asyncio.Future[None]) -> None:
    """A failed write is logged: the message stays as it was and is delivered again after a restart."""

    def done(future: asyncio.Future[None]) -> None:
        if not future.cancelled() and future.exception() is not None:
            _log.error("a queue message could not be written: %s", future.exception())

    write.add_done_callback(done)
