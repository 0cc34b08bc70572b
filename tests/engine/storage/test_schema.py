"""Databases of former versions are brought up to date, those of later ones refused."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from iii_bridge.engine.storage.database import FILE, Database
from iii_bridge.engine.storage.messages import Message, MessageStore, QueueName
from iii_bridge.engine.storage.schema import VERSION, migrate

FIRST = """
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, queue TEXT NOT NULL, function_id TEXT NOT NULL,
    namespace TEXT NOT NULL, data BLOB NOT NULL, traceparent TEXT, baggage TEXT,
    attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0);
CREATE TABLE dead_letters (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, queue TEXT NOT NULL, function_id TEXT NOT NULL,
    namespace TEXT NOT NULL, data BLOB NOT NULL, traceparent TEXT, baggage TEXT,
    attempts INTEGER NOT NULL, error TEXT NOT NULL, failed_at REAL NOT NULL);
CREATE INDEX dead_letters_by_queue ON dead_letters (queue, seq);
INSERT INTO messages VALUES (3, 'a', 'q', 'f', 'n', X'31', 't', 'b', 1, 5.5);
INSERT INTO messages VALUES (4, 'b', 'q', 'f', 'n', X'32', NULL, NULL, 0, 0);
INSERT INTO dead_letters VALUES (1, 'c', 'q', 'f', 'n', X'33', NULL, NULL, 3, 'x: y', 7.0);
"""


def test_the_first_version_is_taken_over(tmp_path: Path) -> None:
    """It was not closed properly: its last writes are in the journal beside it."""
    old = sqlite3.connect(tmp_path / "queue.db", isolation_level=None)
    old.execute("PRAGMA journal_mode = WAL")
    old.execute("PRAGMA wal_autocheckpoint = 0")
    old.executescript(FIRST)
    for name in ("queue.db", "queue.db-wal"):
        (tmp_path / f"saved-{name}").write_bytes((tmp_path / name).read_bytes())
    old.close()
    for name in ("queue.db", "queue.db-wal"):
        (tmp_path / f"saved-{name}").replace(tmp_path / name)

    async def run() -> None:
        database = Database(tmp_path)
        await database.open()
        messages = MessageStore(database)
        queue = QueueName("q")
        assert await messages.counts() == {queue: 2}
        found = (await messages.load(queue, 10, 10.0, frozenset())).messages
        assert found == [
            Message("b", queue, "f", "n", b"2", None, None, 0, 0.0, 4),
            Message("a", queue, "f", "n", b"1", "t", "b", 1, 5.5, 3),
        ]
        (letter,) = await messages.dead("q", False, 0, 10)
        assert (letter.message.id, letter.error, letter.failed_at) == ("c", "x: y", 7.0)
        await database.close()

    asyncio.run(run())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["engine.db", "engine.lock"]


def test_every_step_counts_and_none_is_taken_twice() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    tables = db.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    migrate(db)
    assert db.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall() == tables
    db.close()


def test_a_step_that_fails_changes_nothing() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("CREATE TABLE state (x)")
    with pytest.raises(sqlite3.OperationalError, match="state already exists"):
        migrate(db)
    assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("state",)]
    db.close()


def test_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    later = sqlite3.connect(tmp_path / FILE)
    later.execute(f"PRAGMA user_version = {VERSION + 1}")
    later.close()

    async def run() -> None:
        database = Database(tmp_path)
        with pytest.raises(sqlite3.DatabaseError, match=r"newer version.*another one"):
            await database.open()
        await database.close()

    asyncio.run(run())
