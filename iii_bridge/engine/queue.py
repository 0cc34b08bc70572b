"""Named queues: stored, delivered, tried again, and buried (wire.md 5.3, 7.6)."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import msgspec
from msgspec import Raw

from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure, Handler
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.queue_runner import QueueConfig, QueueRunner
from iii_bridge.engine.store import Message, Store, StoreError
from iii_bridge.protocol.invocations import ENQUEUE_FUNCTION, EnqueueRequest
from iii_bridge.wire.codec import raw, text_or_none
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["QUEUE_WORKER", "Queues"]

QUEUE_WORKER = "queue"
"""The worker name the queue functions are listed under."""

_log = logging.getLogger("iii_bridge.engine.queue")


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
        self._runners = {name: QueueRunner(config, hub, store) for name, config in declared.items()}

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
                runner.resume(message)

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
        try:
            await self._store.add(message)
        except StoreError as error:
            _log.error("queue %s: a message could not be stored: %s", request.queue, error)
            raise BuiltinFailure("store_failed", f"the message could not be stored: {error}") from None
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
        letters = await self._store.dead(query.topic, _row_number(query.offset), _row_number(query.limit))
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

    def _message(self, call: BuiltinCall, code: str) -> tuple[QueueRunner, str]:
        query = call.read(_MessageQuery)
        runner = self._known(query.queue or query.topic, code)
        if not query.message_id:
            raise BuiltinFailure("message_id_not_set", "Message id is not set")
        return runner, query.message_id

    def _known(self, name: str | None, code: str) -> QueueRunner:
        if not name:
            missing = "topic_required" if code == "topic_stats_failed" else "queue_not_set"
            raise BuiltinFailure(missing, "`topic` is required" if missing == "topic_required" else "Queue is not set")
        runner = self._runners.get(name)
        if runner is None:
            raise BuiltinFailure(code, f"Queue '{name}' not found")
        return runner


def _row_number(asked: int) -> int:
    """What SQLite can count to."""
    return min(max(asked, 0), 2**63 - 1)


def _check_group(config: QueueConfig, data: Raw) -> None:
    """A fifo queue with a group field takes only messages that have one (wire.md 7.6)."""
    field = config.message_group_field
    if field is None:
        return
    try:
        group = msgspec.json.decode(data, type=dict[str, Raw]).get(field)
    except msgspec.DecodeError:
        group = None
    if group is None or bytes(group) == b"null":
        text = f"Queue '{config.name}' needs member '{field}' in every message, and not null"
        raise BuiltinFailure("message_group_missing", text)
