"""Queues and topics looked at and put right: statistics, dead letters, redrive and discard (wire.md 7.6)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure, Handler
from iii_bridge.engine.queue import QUEUE_WORKER, Queues
from iii_bridge.engine.storage.messages import DeadLetter, MessageStore, QueueName
from iii_bridge.engine.topics import Topics
from iii_bridge.wire.codec import raw

__all__ = ["QueueFunctions"]


class _QueueQuery(msgspec.Struct):
    queue: str | None = None
    topic: str | None = None
    message_id: str | None = None


class _TopicQuery(msgspec.Struct):
    topic: str | None = None
    offset: int = 0
    limit: int = 50


class QueueFunctions:
    """The functions beside enqueue and publish. A name may be a queue's or a topic's: a topic of that name wins."""

    def __init__(self, queues: Queues, topics: Topics, store: MessageStore) -> None:
        self._queues = queues
        self._topics = topics
        self._store = store

    def builtins(self) -> list[Builtin]:
        """The management functions."""
        table: list[tuple[str, Handler, str]] = [
            ("engine::queue::list_topics", self._list, "List topics and queues"),
            ("engine::queue::topic_stats", self._stats, "Count the messages of a topic or queue"),
            ("engine::queue::dlq_topics", self._dead_topics, "List topics and queues with their dead letters counted"),
            ("engine::queue::dlq_messages", self._dead_messages, "List the dead letters of a topic or queue"),
            ("iii::queue::redrive", self._redrive, "Deliver the dead letters of a topic or queue again"),
            ("iii::queue::redrive_message", self._redrive_message, "Deliver one dead letter again"),
            ("iii::queue::discard_message", self._discard_message, "Delete one dead letter"),
        ]
        return [Builtin(name, handler, text, QUEUE_WORKER) for name, handler, text in table]

    # -- looking ----------------------------------------------------------------------------

    def _list(self, _call: BuiltinCall) -> Raw:
        rows = [_row(topic, sum(len(s.targets) for s in self._topics.of(topic))) for topic in self._topics.names()]
        rows += [_row(runner.config.name, runner.config.slots) for runner in self._queues.all()]
        return raw(sorted(rows, key=lambda row: row["name"]))

    async def _stats(self, call: BuiltinCall) -> Raw:
        name = _topic(call.read(_TopicQuery))
        dead = sum(n for queue, n in (await self._store.dead_counts()).items() if self._is(queue, name))
        subscribed = self._topics.of(name)
        runner = self._queues.find(name)
        if subscribed:
            depth = sum(s.runner.depth for s in subscribed)
            consumers = sum(len(s.targets) for s in subscribed)
        elif runner is not None:
            depth, consumers = runner.depth, runner.config.slots
        else:
            raise BuiltinFailure("topic_stats_failed", f"Topic or queue '{name}' not found")
        return raw({"depth": depth, "consumer_count": consumers, "dlq_depth": dead, "config": None})

    async def _dead_topics(self, _call: BuiltinCall) -> Raw:
        topics = dict.fromkeys(self._topics.names(), 0)
        queues = dict.fromkeys((runner.config.name for runner in self._queues.all()), 0)
        for queue, count in (await self._store.dead_counts()).items():
            group, name = (topics, queue.topic) if queue.topic else (queues, queue.name)
            group[name] = group.get(name, 0) + count
        rows = [{"topic": name, "broker_type": "builtin", "message_count": n} for name, n in topics.items()]
        rows += [{"topic": name, "broker_type": "function_queue", "message_count": n} for name, n in queues.items()]
        return raw(rows)

    async def _dead_messages(self, call: BuiltinCall) -> Raw:
        query = call.read(_TopicQuery)
        name = _topic(query)
        page = _row_number(query.offset), _row_number(query.limit)
        return raw([_letter(letter) for letter in await self._store.dead(name, self._is_topic(name), *page)])

    # -- putting right ----------------------------------------------------------------------

    async def _redrive(self, call: BuiltinCall) -> Raw:
        name = self._known(call.read(_QueueQuery), "redrive_failed")
        return raw({"queue": name, "redriven": await self._revive(name, None)})

    async def _redrive_message(self, call: BuiltinCall) -> Raw:
        name, message_id = self._message(call, "redrive_message_failed")
        return raw({"queue": name, "message_id": message_id, "redriven": await self._revive(name, message_id)})

    async def _discard_message(self, call: BuiltinCall) -> Raw:
        name, message_id = self._message(call, "discard_message_failed")
        count = await self._store.discard(name, self._is_topic(name), message_id)
        return raw({"queue": name, "message_id": message_id, "redriven": count})

    async def _revive(self, name: str, message_id: str | None) -> int:
        revived = await self._store.revive(name, self._is_topic(name), message_id)
        runners = [subscribed.runner for subscribed in self._topics.of(name)]
        named = self._queues.find(name)
        for runner in runners if named is None else [*runners, named]:
            runner.revived(revived.get(runner.name, 0))
        return sum(revived.values())

    def _message(self, call: BuiltinCall, code: str) -> tuple[str, str]:
        query = call.read(_QueueQuery)
        name = self._known(query, code)
        if not query.message_id:
            raise BuiltinFailure("message_id_not_set", "Message id is not set")
        return name, query.message_id

    def _known(self, query: _QueueQuery, code: str) -> str:
        name = query.queue or query.topic
        if not name:
            raise BuiltinFailure("queue_not_set", "Queue is not set")
        if not self._is_topic(name) and self._queues.find(name) is None:
            raise BuiltinFailure(code, f"Queue '{name}' not found")
        return name

    def _is_topic(self, name: str) -> bool:
        return bool(self._topics.of(name))

    def _is(self, queue: QueueName, name: str) -> bool:
        return queue.topic == name if self._is_topic(name) else (not queue.topic and queue.name == name)


def _topic(query: _TopicQuery) -> str:
    if not query.topic:
        raise BuiltinFailure("topic_required", "`topic` is required")
    return query.topic


def _row(name: str, subscribers: int) -> dict[str, Any]:
    return {"name": name, "broker_type": "builtin", "subscriber_count": subscribers}


def _letter(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.message.id,
        "payload": Raw(letter.message.data),
        "error": letter.error,
        "failed_at": int(letter.failed_at),
        "retries": letter.message.attempts,
        "size_bytes": len(letter.message.data),
    }


def _row_number(asked: int) -> int:
    """What SQLite can count to."""
    return min(max(asked, 0), 2**63 - 1)
