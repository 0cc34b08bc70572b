"""Queue messages on disk: SQLite in a thread of its own, many writes to one commit.

A future returned here is done only after the commit, so a receipt given after
it survives the process. On the event loop nothing waits for the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

__all__ = ["DeadLetter", "Message", "Store", "StoreError"]

StoreError = sqlite3.Error
"""What a future of the store raises when the database does not do it."""

T = TypeVar("T")
_BATCH: Final = 256
_FILE: Final = "queue.db"
_LOCK: Final = "engine.lock"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    function_id TEXT NOT NULL,
    namespace TEXT NOT NULL,
    data BLOB NOT NULL,
    traceparent TEXT,
    baggage TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS dead_letters (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    function_id TEXT NOT NULL,
    namespace TEXT NOT NULL,
    data BLOB NOT NULL,
    traceparent TEXT,
    baggage TEXT,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    failed_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS dead_letters_by_queue ON dead_letters (queue, seq);
"""
_ADD: Final = (
    "INSERT INTO messages (id, queue, function_id, namespace, data, traceparent, baggage, attempts, due) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_LOAD: Final = (
    "SELECT id, queue, function_id, namespace, data, traceparent, baggage, attempts, due FROM messages ORDER BY seq"
)
_BURY: Final = (
    "INSERT INTO dead_letters "
    "(id, queue, function_id, namespace, data, traceparent, baggage, attempts, error, failed_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_DEAD: Final = (
    "SELECT id, queue, function_id, namespace, data, traceparent, baggage, attempts, error, failed_at "
    "FROM dead_letters WHERE queue = ? ORDER BY seq LIMIT ? OFFSET ?"
)
_REVIVED: Final = (
    "SELECT id, queue, function_id, namespace, data, traceparent, baggage FROM dead_letters "
    "WHERE queue = :queue AND (:id IS NULL OR id = :id) ORDER BY seq"
)
_FORGET_DEAD: Final = "DELETE FROM dead_letters WHERE queue = :queue AND (:id IS NULL OR id = :id)"


@dataclass(frozen=True, slots=True)
class Message:
    """One queued call. `data` is its payload as JSON text; `due` is unix seconds, 0 for at once."""

    id: str
    queue: str
    function_id: str
    namespace: str
    data: bytes
    traceparent: str | None = None
    baggage: str | None = None
    attempts: int = 0
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message after its last attempt; `failed_at` is unix seconds."""

    message: Message
    error: str
    failed_at: float


@dataclass(slots=True)
class _Job:
    work: Callable[[sqlite3.Connection], Any]
    done: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


class Store:
    """Messages and dead letters, below `directory`; None keeps them in memory.

    `open` raises OSError when the directory cannot be made or another engine uses it, sqlite3.Error when a file in it
    cannot be read.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._path = ":memory:" if directory is None else str(directory / _FILE)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def open(self) -> list[Message]:
        """Opens the database and returns what waits in it, oldest first."""
        self._loop = asyncio.get_running_loop()
        self._jobs = queue.SimpleQueue()  # a former opening that failed may have left its end mark in the old one
        opened: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name="iii-bridge-store", daemon=True)
        self._thread.start()
        await opened
        return await self._submit(_load)

    async def close(self) -> None:
        """Writes what was asked for, then closes the database."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            await asyncio.get_running_loop().run_in_executor(None, thread.join)

    def add(self, message: Message) -> asyncio.Future[None]:
        """Keeps a new message; done once it is safe."""
        row = (*_row(message), message.due)
        return self._submit(lambda db: _no_result(db.execute(_ADD, row)))

    def remove(self, message_id: str) -> asyncio.Future[None]:
        """Forgets a message that was handled."""
        return self._submit(lambda db: _no_result(db.execute("DELETE FROM messages WHERE id = ?", (message_id,))))

    def retry(self, message: Message) -> asyncio.Future[None]:
        """Keeps a failed attempt: the new count, and when the next one is due."""
        sql = "UPDATE messages SET attempts = ?, due = ? WHERE id = ?"
        return self._submit(lambda db: _no_result(db.execute(sql, (message.attempts, message.due, message.id))))

    def bury(self, letter: DeadLetter) -> asyncio.Future[None]:
        """Moves a message to the dead letters, in one step."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM messages WHERE id = ?", (letter.message.id,))
            db.execute(_BURY, (*_row(letter.message), letter.error, letter.failed_at))

        return self._submit(work)

    def dead(self, name: str, offset: int, limit: int) -> asyncio.Future[list[DeadLetter]]:
        """Dead letters of one queue, oldest first."""

        def work(db: sqlite3.Connection) -> list[DeadLetter]:
            return [DeadLetter(Message(*row[:8]), row[8], row[9]) for row in db.execute(_DEAD, (name, limit, offset))]

        return self._submit(work)

    def dead_counts(self) -> asyncio.Future[dict[str, int]]:
        """How many dead letters each queue has; queues without any are left out."""
        sql = "SELECT queue, COUNT(*) FROM dead_letters GROUP BY queue"
        return self._submit(lambda db: dict(db.execute(sql).fetchall()))

    def revive(self, name: str, message_id: str | None) -> asyncio.Future[list[Message]]:
        """Moves one dead letter, or all of a queue, back among the messages, with no attempts counted."""

        def work(db: sqlite3.Connection) -> list[Message]:
            which = {"queue": name, "id": message_id}
            found = [Message(*row) for row in db.execute(_REVIVED, which)]
            db.execute(_FORGET_DEAD, which)
            db.executemany(_ADD, [(*_row(message), message.due) for message in found])
            return found

        return self._submit(work)

    def discard(self, name: str, message_id: str) -> asyncio.Future[int]:
        """Deletes one dead letter for good; says how many there were."""
        which = {"queue": name, "id": message_id}
        return self._submit(lambda db: db.execute(_FORGET_DEAD, which).rowcount)

    # -- the thread -------------------------------------------------------------------------

    def _submit(self, work: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        if self._loop is None or self._thread is None:
            raise RuntimeError("the store is not open; await open() first")
        done: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(work, done))
        return done

    def _run(self, opened: asyncio.Future[None]) -> None:
        with contextlib.ExitStack() as opens:
            try:
                if self._directory is not None:
                    self._directory.mkdir(parents=True, exist_ok=True)
                    opens.enter_context(contextlib.closing(_lock(self._directory)))
                db = opens.enter_context(contextlib.closing(sqlite3.connect(self._path, isolation_level=None)))
                _prepare(db)
            except sqlite3.Error as error:
                self._call(_settle, opened, None, _unreadable(error, self._directory))
            except OSError as error:
                self._call(_settle, opened, None, error)
            else:
                self._call(_settle, opened, None, None)
                self._work(db)

    def _work(self, db: sqlite3.Connection) -> None:
        more = True
        while more:
            batch, more = self._next_batch()
            if batch:
                _carry_out(db, batch)
                self._call(_deliver, batch)

    def _next_batch(self) -> tuple[list[_Job], bool]:
        """Waits for work, then takes all there is; False when the store closes after it."""
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if self._jobs.empty() or len(batch) >= _BATCH:
                return batch, True
            job = self._jobs.get()
        return batch, False

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(function, *arguments)


def _lock(directory: Path) -> sqlite3.Connection:
    """Holds the directory for one engine: two would deliver every message twice. Freed when the process ends."""
    lock = sqlite3.connect(directory / _LOCK, timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        lock.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        raise OSError(
            errno.EBUSY, f"{directory} is in use by another engine; give this one another data directory"
        ) from None
    return lock


def _unreadable(error: sqlite3.Error, directory: Path | None) -> sqlite3.Error:
    return type(error)(f"{error}; move the data directory away or give the engine another one: {directory}")


def _prepare(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")  # a receipt must survive a power cut; commits are shared, so it is cheap
    db.executescript(_SCHEMA)


def _carry_out(db: sqlite3.Connection, batch: list[_Job]) -> None:
    try:
        db.execute("BEGIN IMMEDIATE")
        for job in batch:
            _try(db, job)
        db.execute("COMMIT")
    except sqlite3.Error as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        for job in batch:
            job.error = error


def _try(db: sqlite3.Connection, job: _Job) -> None:
    """One job fails alone: the others of its commit are not touched."""
    db.execute("SAVEPOINT job")
    try:
        job.result = job.work(db)
    except Exception as error:  # any: a value SQLite cannot take must not end the thread all writes depend on
        if not db.in_transaction:  # a full disk ends the whole commit
            raise
        job.error = error
        db.execute("ROLLBACK TO job")
    db.execute("RELEASE job")


def _deliver(batch: list[_Job]) -> None:
    for job in batch:
        _settle(job.done, job.result, job.error)


def _settle(done: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)


def _load(db: sqlite3.Connection) -> list[Message]:
    return [Message(*row) for row in db.execute(_LOAD)]


def _row(message: Message) -> tuple[str | bytes | int | None, ...]:
    m = message
    return m.id, m.queue, m.function_id, m.namespace, m.data, m.traceparent, m.baggage, m.attempts


def _no_result(_cursor: sqlite3.Cursor) -> None:
    return None
