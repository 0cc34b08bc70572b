"""Triggers nobody owns, in the store."""

from __future__ import annotations

from iii_bridge.engine.storage.database import Database
from iii_bridge.engine.storage.triggers import KeptTrigger, TriggerStore
from tests.engine.support import asynchronous


@asynchronous
async def test_they_stay_until_they_are_removed() -> None:
    database = Database(None)
    await database.open()
    store = TriggerStore(database)
    first = KeptTrigger("b", "cron", "a::f", b"{}", b"null", None)
    second = KeptTrigger("a", "hook", "a::f", b"[]", b'{"m":1}', "shop")
    await store.add(first)
    await store.add(second)
    assert await store.all() == [first, second]
    await store.remove("b")
    await store.remove("b")
    assert await store.all() == [second]
    await database.close()
