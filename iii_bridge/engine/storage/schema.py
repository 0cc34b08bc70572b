"""The tables, and the steps that bring an older database to them; `user_version` counts the steps taken."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

__all__ = ["VERSION", "migrate"]

_QUEUES: Final = """
CREATE TABLE messages (
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
CREATE TABLE dead_letters (
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
CREATE INDEX dead_letters_by_queue ON dead_letters (queue, seq);
"""

# `topic` is '' for a named queue; a message of a topic nobody has subscribed to yet has an empty queue. `rank` is the
# order of delivery: when it is due for a standard queue, 0 for a fifo queue, then the order of arrival.
_TOPICS: Final = """
ALTER TABLE messages RENAME TO old_messages;
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    topic TEXT NOT NULL,
    queue TEXT NOT NULL,
    function_id TEXT NOT NULL,
    namespace TEXT NOT NULL,
    data BLOB NOT NULL,
    traceparent TEXT,
    baggage TEXT,
    attempts INTEGER NOT NULL,
    due REAL NOT NULL,
    rank REAL NOT NULL
);
INSERT INTO messages
    SELECT seq, id, '', queue, function_id, namespace, data, traceparent, baggage, attempts, due, due
    FROM old_messages;
DROP TABLE old_messages;
CREATE INDEX messages_by_queue ON messages (queue, topic, rank, seq);
DROP INDEX dead_letters_by_queue;
ALTER TABLE dead_letters ADD COLUMN topic TEXT NOT NULL DEFAULT '';
CREATE INDEX dead_letters_by_queue ON dead_letters (queue, topic, seq);
CREATE INDEX dead_letters_by_topic ON dead_letters (topic, seq);
CREATE TABLE subscriptions (
    topic TEXT NOT NULL,
    namespace TEXT NOT NULL,
    function_id TEXT NOT NULL,
    settings BLOB NOT NULL,
    left_at REAL,
    PRIMARY KEY (topic, namespace, function_id)
) WITHOUT ROWID;
"""

_VALUES: Final = """
CREATE TABLE state (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (scope, key)
);
CREATE TABLE stream_items (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL,
    grp TEXT NOT NULL,
    item TEXT NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (stream, grp, item)
);
CREATE TABLE triggers (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    trigger_type TEXT NOT NULL,
    function_id TEXT NOT NULL,
    config BLOB NOT NULL,
    metadata BLOB NOT NULL,
    trigger_namespace TEXT
);
"""

# Of a message without a subscription, `due` says when it was published: it does not wait for ever.
_RETENTION: Final = """
UPDATE messages SET due = CAST(strftime('%s', 'now') AS REAL), rank = 0 WHERE queue = '' AND topic != ''
"""


def _first(db: sqlite3.Connection) -> None:
    """The first version did not count: its tables may be there already."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'messages'").fetchone():
        _run(db, _QUEUES)


def _run(db: sqlite3.Connection, script: str) -> None:
    """Statement by statement: `executescript` would commit before it begins."""
    for statement in script.split(";\n"):
        db.execute(statement)


_STEPS: Final[tuple[Callable[[sqlite3.Connection], None], ...]] = (
    _first,
    lambda db: _run(db, _TOPICS),
    lambda db: _run(db, _VALUES),
    lambda db: _run(db, _RETENTION),
)

VERSION: Final = len(_STEPS)
"""The version this code reads and writes."""


def migrate(db: sqlite3.Connection) -> None:
    """Takes the steps that are missing, all in one commit. Raises sqlite3.Error for a database of a newer version."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        text = f"the data was written by a newer version (layout {version}, this one knows {VERSION})"
        raise sqlite3.DatabaseError(text)
    if version == VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for step in _STEPS[version:]:
            step(db)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
