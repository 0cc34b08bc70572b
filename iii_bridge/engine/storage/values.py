"""Values under names: state by scope and key, stream items by stream, group and item (wire.md 7.3, 7.4).

A change and the reading of what was there before are one step: no other write comes between.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from iii_bridge.engine.storage.database import Database

__all__ = ["Change", "StateStore", "StreamStore", "Values"]


@dataclass(frozen=True, slots=True)
class Change:
    """What a write found and what it left, as JSON text; None stands for nothing there."""

    old: bytes | None
    new: bytes | None


Step = Callable[[bytes | None], bytes]
"""Makes the new value of the old one; what it raises undoes the write."""


class Values:
    """One table of values; `key` is the values of its key columns, in their order."""

    def __init__(self, database: Database, table: str, columns: tuple[str, ...]) -> None:
        self._database = database
        match = " AND ".join(f"{column} = ?" for column in columns)
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        self._get: Final = f"SELECT value FROM {table} WHERE {match}"  # noqa: S608 - table and columns are ours
        self._put: Final = (
            f"INSERT INTO {table} ({names}, value) VALUES ({marks}, ?) "  # noqa: S608
            f"ON CONFLICT ({names}) DO UPDATE SET value = excluded.value"
        )
        self._drop: Final = f"DELETE FROM {table} WHERE {match}"  # noqa: S608

    def get(self, *key: str) -> asyncio.Future[bytes | None]:
        """The value, or None."""
        return self._database.submit(lambda db: self._read(db, key))

    def set(self, value: bytes, *key: str) -> asyncio.Future[Change]:
        """Writes a value, new or in place of another."""
        return self.update(lambda _old: value, *key)

    def update(self, step: Step, *key: str) -> asyncio.Future[Change]:
        """Reads, changes and writes. `step` runs in the database's thread."""

        def work(db: sqlite3.Connection) -> Change:
            old = self._read(db, key)
            new = step(old)
            db.execute(self._put, (*key, new))
            return Change(old, new)

        return self._database.submit(work)

    def delete(self, *key: str) -> asyncio.Future[Change]:
        """Removes a value; one that is not there is fine."""

        def work(db: sqlite3.Connection) -> Change:
            old = self._read(db, key)
            if old is not None:
                db.execute(self._drop, key)
            return Change(old, None)

        return self._database.submit(work)

    def _read(self, db: sqlite3.Connection, key: tuple[str, ...]) -> bytes | None:
        row = db.execute(self._get, key).fetchone()
        return None if row is None else row[0]


class StateStore(Values):
    """State: a value per (scope, key)."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "state", ("scope", "key"))

    def of_scope(self, scope: str) -> asyncio.Future[list[bytes]]:
        """The values of a scope, in the order they were first set."""
        sql = "SELECT value FROM state WHERE scope = ? ORDER BY seq"
        return self._database.submit(lambda db: [value for (value,) in db.execute(sql, (scope,))])

    def scopes(self) -> asyncio.Future[list[str]]:
        """Every scope with a value, sorted."""
        sql = "SELECT DISTINCT scope FROM state ORDER BY scope"
        return self._database.submit(lambda db: [scope for (scope,) in db.execute(sql)])


class StreamStore(Values):
    """Stream items: a value per (stream, group, item)."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "stream_items", ("stream", "grp", "item"))

    def of_group(self, stream: str, group: str) -> asyncio.Future[list[bytes]]:
        """The items of a group, in the order they were first set."""
        sql = "SELECT value FROM stream_items WHERE stream = ? AND grp = ? ORDER BY seq"
        return self._database.submit(lambda db: [value for (value,) in db.execute(sql, (stream, group))])

    def groups(self, stream: str) -> asyncio.Future[list[str]]:
        """Every group of a stream that has an item, sorted."""
        sql = "SELECT DISTINCT grp FROM stream_items WHERE stream = ? ORDER BY grp"
        return self._database.submit(lambda db: [group for (group,) in db.execute(sql, (stream,))])

    def streams(self) -> asyncio.Future[dict[str, list[str]]]:
        """The groups of every stream, both sorted."""

        def work(db: sqlite3.Connection) -> dict[str, list[str]]:
            found: dict[str, list[str]] = {}
            for stream, group in db.execute("SELECT DISTINCT stream, grp FROM stream_items ORDER BY stream, grp"):
                found.setdefault(stream, []).append(group)
            return found

        return self._database.submit(work)
