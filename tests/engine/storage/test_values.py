"""Values under names: what a write found, order, groups."""

from __future__ import annotations

from iii_bridge.engine.storage.database import Database
from iii_bridge.engine.storage.values import Change, StateStore, StreamStore
from tests.engine.support import asynchronous


@asynchronous
async def test_state() -> None:
    database = Database(None)
    await database.open()
    state = StateStore(database)
    assert await state.get("s", "k") is None
    assert await state.set(b"1", "s", "k") == Change(None, b"1")
    assert await state.set(b"2", "s", "a") == Change(None, b"2")
    assert await state.set(b"3", "s", "k") == Change(b"1", b"3")
    assert await state.update(lambda old: (old or b"") + b"0", "s", "k") == Change(b"3", b"30")
    assert await state.set(b"4", "r", "k") == Change(None, b"4")
    assert await state.of_scope("s") == [b"30", b"2"]
    assert await state.scopes() == ["r", "s"]
    assert await state.delete("s", "k") == Change(b"30", None)
    assert await state.delete("s", "k") == Change(None, None)
    assert await state.get("s", "a") == b"2"
    await database.close()


@asynchronous
async def test_streams() -> None:
    database = Database(None)
    await database.open()
    stream = StreamStore(database)
    for number, (name, group, item) in enumerate([("t", "h", "i"), ("t", "g", "z"), ("t", "g", "a"), ("s", "g", "i")]):
        await stream.set(b"%d" % number, name, group, item)
    assert await stream.of_group("t", "g") == [b"1", b"2"]
    assert await stream.groups("t") == ["g", "h"]
    assert await stream.streams() == {"s": ["g"], "t": ["g", "h"]}
    assert await stream.delete("t", "h", "i") == Change(b"0", None)
    assert await stream.groups("t") == ["g"]
    await database.close()
