"""Queue messages and dead letters in the database (wire.md 7.6).

A queue's runner holds some of its messages in memory and says which when it asks
for more; the others stay here until then.
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass, replace
from typing import Any, Final

from iii_bridge.engine.storage.database import Database

__all__ = ["DeadLetter", "Loaded", "Message", "MessageStore", "QueueName", "Subscription"]

_COLUMNS: Final = "id, topic, queue, function_id, namespace, data, traceparent, baggage, attempts"
_ADD: Final = f"INSERT INTO messages ({_COLUMNS}, due, rank) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_ONE: Final = f"SELECT {_COLUMNS}, due, seq FROM messages WHERE seq = ?"  # noqa: S608
_IN_ORDER: Final = "SELECT seq, rank, id FROM messages WHERE queue = ? AND topic = ? ORDER BY rank, seq"
_REMOVE: Final = "DELETE FROM messages WHERE seq = ? AND id = ?"
_BURY: Final = (
    f"INSERT INTO dead_letters ({_COLUMNS}, error, failed_at) "  # noqa: S608
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_DEAD: Final = f"SELECT {_COLUMNS}, error, failed_at FROM dead_letters WHERE "  # noqa: S608
_OF_QUEUE: Final = "topic = '' AND queue = :name AND (:id IS NULL OR id = :id)"
_OF_TOPIC: Final = "topic = :name AND (:id IS NULL OR id = :id)"


@dataclass(frozen=True, slots=True)
class QueueName:
    """Which queue: a named one, or with `topic` the one of a subscription to it."""

    name: str
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One queued call.

    `data` is its payload as JSON text; `due` unix seconds, 0 for at once; `seq` its row, 0 before it has one.
    """

    id: str
    queue: QueueName
    function_id: str
    namespace: str
    data: bytes
    traceparent: str | None = None
    baggage: str | None = None
    attempts: int = 0
    due: float = 0.0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message after its last attempt; `failed_at` is unix seconds."""

    message: Message
    error: str
    failed_at: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """Messages that were not held; `more` when others are left, `next_due` when the first of those is to come."""

    messages: list[Message]
    more: bool
    next_due: float | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who gets a copy of each message of a topic; `settings` is its queue_config as JSON text.

    `left_at` is when its last subscriber went, in unix seconds; None while there is one.
    """

    topic: str
    namespace: str
    function_id: str
    settings: bytes
    left_at: float | None = None


class MessageStore:
    """Messages waiting, messages dead, and the subscriptions to durable topics."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- messages ---------------------------------------------------------------------------

    def add(self, messages: list[tuple[Message, bool]]) -> asyncio.Future[list[Message]]:
        """Keeps new messages, all or none; done once they are safe. Each with: is its queue fifo?

        The messages come back with their rows.
        """

        def work(db: sqlite3.Connection) -> list[Message]:
            added: list[Message] = []
            for message, fifo in messages:
                seq = db.execute(_ADD, (*_row(message), message.due, 0.0 if fifo else message.due)).lastrowid
                added.append(replace(message, seq=seq or 0))
            return added

        return self._database.submit(work)

    def load(self, queue: QueueName, limit: int, now: float, held: frozenset[str]) -> asyncio.Future[Loaded]:
        """Up to `limit` messages whose turn it is by `now`, in their order, but for those held already."""

        def work(db: sqlite3.Connection) -> Loaded:
            found: list[Message] = []
            for seq, rank, message_id in db.execute(_IN_ORDER, (queue.name, queue.topic)):
                if message_id in held:
                    continue
                if rank > now or len(found) == limit:
                    return Loaded(found, True, rank if rank > now else None)
                found.append(_message(db.execute(_ONE, (seq,)).fetchone()))
            return Loaded(found, False, None)

        return self._database.submit(work)

    def remove(self, message: Message) -> asyncio.Future[None]:
        """Forgets a message that was handled."""
        return self._database.submit(lambda db: _nothing(db.execute(_REMOVE, (message.seq, message.id))))

    def retry(self, message: Message, fifo: bool) -> asyncio.Future[None]:
        """Keeps a failed attempt: the new count, and when the next one is due. A fifo queue's keeps its place."""
        sql = "UPDATE messages SET attempts = ?, due = ?, rank = ? WHERE seq = ? AND id = ?"
        row = (message.attempts, message.due, 0.0 if fifo else message.due, message.seq, message.id)
        return self._database.submit(lambda db: _nothing(db.execute(sql, row)))

    def bury(self, letter: DeadLetter) -> asyncio.Future[None]:
        """Moves a message to the dead letters, in one step."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(_REMOVE, (letter.message.seq, letter.message.id))
            db.execute(_BURY, (*_row(letter.message), letter.error, letter.failed_at))

        return self._database.submit(work)

    def counts(self) -> asyncio.Future[dict[QueueName, int]]:
        """How many messages each queue keeps."""
        sql = "SELECT queue, topic, COUNT(*) FROM messages GROUP BY queue, topic"
        return self._database.submit(lambda db: {QueueName(name, topic): n for name, topic, n in db.execute(sql)})

    # -- dead letters -----------------------------------------------------------------------

    def dead(self, name: str, topic: bool, offset: int, limit: int) -> asyncio.Future[list[DeadLetter]]:
        """Dead letters of a named queue or of a topic, oldest first."""
        sql = f"{_DEAD}{_which(topic)} ORDER BY seq LIMIT :limit OFFSET :offset"
        asked = {"name": name, "id": None, "limit": limit, "offset": offset}
        return self._database.submit(lambda db: [_letter(row) for row in db.execute(sql, asked)])

    def dead_counts(self) -> asyncio.Future[dict[QueueName, int]]:
        """How many dead letters each queue has; queues without any are left out."""
        sql = "SELECT queue, topic, COUNT(*) FROM dead_letters GROUP BY queue, topic"
        return self._database.submit(lambda db: {QueueName(name, topic): n for name, topic, n in db.execute(sql)})

    def revive(self, name: str, topic: bool, message_id: str | None) -> asyncio.Future[dict[QueueName, int]]:
        """Moves one dead letter, or all, back among the messages, no attempts counted; how many by queue."""

        def work(db: sqlite3.Connection) -> dict[QueueName, int]:
            asked = {"name": name, "id": message_id}
            revived: dict[QueueName, int] = {}
            for row in db.execute(f"{_DEAD}{_which(topic)} ORDER BY seq", asked).fetchall():
                message = replace(_letter(row).message, attempts=0)
                db.execute(_ADD, (*_row(message), 0.0, 0.0))
                revived[message.queue] = revived.get(message.queue, 0) + 1
            db.execute(f"DELETE FROM dead_letters WHERE {_which(topic)}", asked)  # noqa: S608 - one of two texts above
            return revived

        return self._database.submit(work)

    def discard(self, name: str, topic: bool, message_id: str) -> asyncio.Future[int]:
        """Deletes one dead letter for good; says how many there were."""
        sql = f"DELETE FROM dead_letters WHERE {_which(topic)}"  # noqa: S608 - one of two texts above
        return self._database.submit(lambda db: db.execute(sql, {"name": name, "id": message_id}).rowcount)

    # -- subscriptions ----------------------------------------------------------------------

    def subscriptions(self, now: float) -> asyncio.Future[list[Subscription]]:
        """Every subscription, for an engine that starts: one that still had subscribers has none from `now` on."""

        def work(db: sqlite3.Connection) -> list[Subscription]:
            db.execute("UPDATE subscriptions SET left_at = ? WHERE left_at IS NULL", (now,))
            sql = "SELECT topic, namespace, function_id, settings, left_at FROM subscriptions"
            return [Subscription(*row) for row in db.execute(sql)]

        return self._database.submit(work)

    def subscribe(self, subscription: Subscription, queue: QueueName) -> asyncio.Future[int]:
        """Keeps a subscription; what was published before there was any becomes its own. Says how many it keeps."""
        it = subscription

        def work(db: sqlite3.Connection) -> int:
            db.execute(
                "INSERT INTO subscriptions (topic, namespace, function_id, settings, left_at) VALUES (?, ?, ?, ?, NULL)"
                " ON CONFLICT DO UPDATE SET settings = excluded.settings, left_at = NULL",
                (it.topic, it.namespace, it.function_id, it.settings),
            )
            db.execute(
                "UPDATE messages SET queue = ?, function_id = ?, namespace = ?, due = 0 WHERE queue = '' AND topic = ?",
                (queue.name, it.function_id, it.namespace, it.topic),
            )
            sql = "SELECT COUNT(*) FROM messages WHERE queue = ? AND topic = ?"
            return int(db.execute(sql, (queue.name, queue.topic)).fetchone()[0])

        return self._database.submit(work)

    def end(self, topic: str, namespace: str, function_id: str, queue: QueueName) -> asyncio.Future[int]:
        """Forgets a subscription and what waits for it, which it counts; its dead letters stay."""

        def work(db: sqlite3.Connection) -> int:
            sql = "DELETE FROM subscriptions WHERE topic = ? AND namespace = ? AND function_id = ?"
            db.execute(sql, (topic, namespace, function_id))
            return db.execute("DELETE FROM messages WHERE queue = ? AND topic = ?", (queue.name, queue.topic)).rowcount

        return self._database.submit(work)

    def end_unclaimed(self, before: float) -> asyncio.Future[dict[str, int]]:
        """Forgets what topics without a subscription were given before then, in unix seconds; how many by topic."""

        def work(db: sqlite3.Connection) -> dict[str, int]:
            old = "FROM messages WHERE queue = '' AND topic != '' AND due < ?"
            counted = dict(db.execute(f"SELECT topic, COUNT(*) {old} GROUP BY topic", (before,)).fetchall())
            db.execute(f"DELETE {old}", (before,))
            return counted

        return self._database.submit(work)

    def leave(self, topic: str, namespace: str, function_id: str, now: float) -> asyncio.Future[None]:
        """Notes when the last subscriber of a subscription went, in unix seconds. It goes on collecting."""
        sql = "UPDATE subscriptions SET left_at = ? WHERE topic = ? AND namespace = ? AND function_id = ?"
        return self._database.submit(lambda db: _nothing(db.execute(sql, (now, topic, namespace, function_id))))


def _row(message: Message) -> tuple[str | bytes | int | None, ...]:
    m = message
    where = (m.id, m.queue.topic, m.queue.name, m.function_id, m.namespace)
    return (*where, m.data, m.traceparent, m.baggage, m.attempts)


def _message(row: tuple[Any, ...]) -> Message:
    return Message(row[0], QueueName(row[2], row[1]), *row[3:])


def _letter(row: tuple[Any, ...]) -> DeadLetter:
    return DeadLetter(_message(row[:9]), row[9], row[10])


def _which(topic: bool) -> str:
    return _OF_TOPIC if topic else _OF_QUEUE


def _nothing(_result: object) -> None:
    return None
