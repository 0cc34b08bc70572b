"""Triggers that no worker owns, kept until they are removed (wire.md 8)."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass

from iii_bridge.engine.storage.database import Database

__all__ = ["KeptTrigger", "TriggerStore"]


@dataclass(frozen=True, slots=True)
class KeptTrigger:
    """A trigger as `engine::register_trigger` was asked for it; `config` and `metadata` are JSON text."""

    id: str
    trigger_type: str
    function_id: str
    config: bytes
    metadata: bytes
    trigger_namespace: str | None


class TriggerStore:
    """The triggers of `engine::register_trigger`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> asyncio.Future[list[KeptTrigger]]:
        """Every trigger, in the order they were made."""
        sql = "SELECT id, trigger_type, function_id, config, metadata, trigger_namespace FROM triggers ORDER BY seq"
        return self._database.submit(lambda db: [KeptTrigger(*row) for row in db.execute(sql)])

    def add(self, trigger: KeptTrigger) -> asyncio.Future[None]:
        """Keeps a trigger."""
        it = trigger
        row = (it.id, it.trigger_type, it.function_id, it.config, it.metadata, it.trigger_namespace)

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO triggers (id, trigger_type, function_id, config, metadata, trigger_namespace) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )

        return self._database.submit(work)

    def remove(self, trigger_id: str) -> asyncio.Future[None]:
        """Forgets a trigger; one that is not there is fine."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM triggers WHERE id = ?", (trigger_id,))

        return self._database.submit(work)
