"""The message store: durable before it says so, many writes to a commit, failures kept apart."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from iii_bridge.engine.store import DeadLetter, Message, Store
from tests.engine.support import asynchronous


def message(number: int, queue: str = "default") -> Message:
    return Message(f"id-{number}", queue, "a::f", "default", b'{"n":%d}' % number, "00-t", None)


def test_a_restart_finds_what_waits(tmp_path: Path) -> None:
    async def first() -> None:
        store = Store(tmp_path / "new")
        assert await store.open() == []
        await asyncio.gather(*(store.add(message(n)) for n in range(300)))
        await store.remove("id-7")
        await store.retry(Message("id-8", "default", "a::f", "default", b"", attempts=2, due=5.5))
        await store.close()

    async def second() -> None:
        store = Store(tmp_path / "new")
        found = await store.open()
        assert [m.id for m in found] == [f"id-{n}" for n in range(300) if n != 7]
        assert found[0] == message(0)
        assert (found[7].attempts, found[7].due, found[7].data) == (2, 5.5, b'{"n":8}')
        await store.close()

    asyncio.run(first())
    asyncio.run(second())


def test_it_is_on_disk_before_the_future_is_done(tmp_path: Path) -> None:
    async def run() -> None:
        store = Store(tmp_path)
        await store.open()
        await store.add(message(1))
        other = sqlite3.connect(tmp_path / "queue.db")
        assert other.execute("SELECT id FROM messages").fetchall() == [("id-1",)]
        other.close()
        await store.close()

    asyncio.run(run())


@asynchronous
async def test_dead_letters_move_there_and_back() -> None:
    store = Store(None)
    await store.open()
    for number in range(3):
        await store.add(message(number))
        await store.bury(DeadLetter(Message(**{**_fields(message(number)), "attempts": 3}), "c: m", 10.0 + number))
    await store.add(message(9, "other"))
    assert await store.dead_counts() == {"default": 3}
    assert [letter.message.id for letter in await store.dead("default", 1, 1)] == ["id-1"]
    first = (await store.dead("default", 0, 1))[0]
    assert (first.error, first.failed_at, first.message.attempts) == ("c: m", 10.0, 3)
    assert await store.discard("default", "id-2") == 1
    assert await store.discard("default", "id-2") == 0
    assert await store.revive("other", "id-0") == []
    assert await store.revive("default", "id-1") == [message(1)]
    assert [m.id for m in await store.revive("default", None)] == ["id-0"]
    assert await store.dead_counts() == {}
    await store.close()


def _fields(m: Message) -> dict[str, object]:
    return {name: getattr(m, name) for name in Message.__slots__}


@asynchronous
async def test_one_bad_write_does_not_spoil_its_neighbours() -> None:
    store = Store(None)
    await store.open()
    results = await asyncio.gather(
        store.add(message(1)), store.add(message(1)), store.add(message(2)), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), sqlite3.IntegrityError, type(None)]
    assert await store.discard("default", "nothing") == 0
    await store.close()


@asynchronous
async def test_a_value_sqlite_cannot_take_fails_alone() -> None:
    store = Store(None)
    await store.open()
    with pytest.raises(OverflowError):
        await store.dead("default", 2**70, 50)
    await asyncio.wait_for(store.add(message(1)), 5)
    await store.close()


def test_a_directory_belongs_to_one_engine_at_a_time(tmp_path: Path) -> None:
    async def run() -> None:
        first, second = Store(tmp_path), Store(tmp_path)
        await first.open()
        with pytest.raises(OSError, match="in use by another engine"):
            await second.open()
        await second.close()
        await first.close()
        assert await second.open() == []
        await second.close()

    asyncio.run(run())


@asynchronous
async def test_it_must_be_open() -> None:
    store = Store(None)
    with pytest.raises(RuntimeError, match="open"):
        await store.add(message(1))
    await store.close()


@pytest.mark.parametrize("file", ["queue.db", "engine.lock"])
def test_a_file_that_is_no_database_is_an_error_that_says_where(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("this is no database, but it is long enough to be looked at " * 20)

    async def run() -> None:
        store = Store(tmp_path)
        with pytest.raises(sqlite3.DatabaseError, match=str(tmp_path)):
            await store.open()
        await store.close()

    asyncio.run(run())


def test_a_directory_that_cannot_be_made_is_an_error_of_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def run() -> None:
        store = Store(tmp_path / "file" / "data")
        with pytest.raises(OSError, match="data"):
            await store.open()
        await store.close()

    asyncio.run(run())
