"""The database: durable before it says so, many writes to a commit, failures kept apart, clear errors."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from iii_bridge.engine.storage import database as database_module
from iii_bridge.engine.storage.database import FILE, Database, StoreError
from iii_bridge.engine.storage.values import StateStore
from tests.engine.support import asynchronous


def test_it_is_on_disk_before_the_future_is_done(tmp_path: Path) -> None:
    async def run() -> None:
        database = Database(tmp_path)
        await database.open()
        await StateStore(database).set(b"1", "s", "k")
        other = sqlite3.connect(tmp_path / FILE)
        assert other.execute("SELECT scope, key, value FROM state").fetchall() == [("s", "k", b"1")]
        other.close()
        await database.close()

    asyncio.run(run())


@asynchronous
async def test_one_bad_write_does_not_spoil_its_neighbours() -> None:
    database = Database(None)
    await database.open()
    state = StateStore(database)

    def fail(_old: bytes | None) -> bytes:
        raise ValueError("no")

    results = await asyncio.gather(
        state.set(b"1", "s", "a"), state.update(fail, "s", "b"), state.set(b"3", "s", "c"), return_exceptions=True
    )
    assert [isinstance(result, ValueError) for result in results] == [False, True, False]
    assert await state.of_scope("s") == [b"1", b"3"]
    with pytest.raises(OverflowError):
        await database.submit(lambda db: db.execute("SELECT ?", (2**70,)))
    await asyncio.wait_for(state.set(b"2", "s", "b"), 5)
    await database.close()


def test_a_directory_belongs_to_one_engine_at_a_time(tmp_path: Path) -> None:
    async def run() -> None:
        first, second = Database(tmp_path), Database(tmp_path)
        await first.open()
        with pytest.raises(OSError, match="in use by another engine"):
            await second.open()
        await second.close()
        await first.close()
        await second.open()
        await second.close()

    asyncio.run(run())


@asynchronous
async def test_it_must_be_open() -> None:
    database = Database(None)
    with pytest.raises(RuntimeError, match="open"):
        await StateStore(database).get("s", "k")
    await database.close()


@pytest.mark.parametrize("file", [FILE, "queue.db", "engine.lock"])
def test_a_file_that_is_no_database_is_an_error_that_says_where(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("this is no database, but it is long enough to be looked at " * 20)

    async def run() -> None:
        database = Database(tmp_path)
        with pytest.raises(sqlite3.DatabaseError, match=str(tmp_path)):
            await database.open()
        await database.close()

    asyncio.run(run())


def test_a_directory_that_cannot_be_made_is_an_error_of_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def run() -> None:
        database = Database(tmp_path / "file" / "data")
        with pytest.raises(OSError, match="data"):
            await database.open()
        await database.close()

    asyncio.run(run())


def test_a_backup_is_whole_while_writes_go_on(tmp_path: Path) -> None:
    async def run() -> None:
        database = Database(tmp_path / "data")
        await database.open()
        state = StateStore(database)
        await asyncio.gather(*(state.set(b"%d" % n, "s", str(n)) for n in range(100)))
        copying = asyncio.create_task(database.backup(tmp_path / "copy.db"))
        later = 0
        while not copying.done():
            await state.set(b"0", "s", f"later {later}")
            later += 1
        await copying
        with pytest.raises(FileExistsError, match="name a new file"):
            await database.backup(tmp_path / "copy.db")
        await database.close()

    asyncio.run(run())
    copy = sqlite3.connect(tmp_path / "copy.db")
    found = copy.execute("SELECT value FROM state ORDER BY seq LIMIT 100").fetchall()
    assert found == [(b"%d" % n,) for n in range(100)]
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    copy.close()


@pytest.fixture
def stubborn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program, with the database's file open."""
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    yield other
    other.close()


@asynchronous
async def test_a_locked_database_is_a_clear_error_and_nothing_is_half_done(
    tmp_path: Path, stubborn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_LOCKED_SECONDS", 0.05)
    database = Database(tmp_path)
    await database.open()
    await database.submit(lambda db: db.execute("CREATE TABLE t (x)"))
    stubborn.execute("BEGIN IMMEDIATE")
    writes = [database.submit(lambda db, n=n: db.execute("INSERT INTO t VALUES (?)", (n,))) for n in range(3)]
    for write in writes:
        with pytest.raises(StoreError, match=r"database is locked: engine\.db is locked by another program"):
            await write
    stubborn.execute("ROLLBACK")
    await database.submit(lambda db: db.execute("INSERT INTO t VALUES (9)"))
    assert await database.submit(lambda db: db.execute("SELECT x FROM t").fetchall()) == [(9,)]
    await database.close()


@asynchronous
async def test_one_who_reads_the_file_keeps_nobody_waiting(tmp_path: Path, stubborn: sqlite3.Connection) -> None:
    database = Database(tmp_path)
    await database.open()
    await database.submit(lambda db: db.execute("CREATE TABLE t (x)"))
    stubborn.execute("BEGIN")
    assert stubborn.execute("SELECT COUNT(*) FROM t").fetchone() == (0,)
    await database.submit(lambda db: db.execute("INSERT INTO t VALUES (1)"))
    assert stubborn.execute("SELECT COUNT(*) FROM t").fetchone() == (0,)
    stubborn.execute("COMMIT")
    assert stubborn.execute("SELECT COUNT(*) FROM t").fetchone() == (1,)
    await database.close()


@asynchronous
async def test_a_full_disk_is_a_clear_error_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    database = Database(tmp_path)
    await database.open()
    await database.submit(lambda db: db.execute("CREATE TABLE t (n, x)"))

    def limit(pages: int) -> asyncio.Future[object]:
        return database.submit(lambda db: db.execute(f"PRAGMA max_page_count = {pages}"))

    def insert(number: int) -> asyncio.Future[object]:
        return database.submit(lambda db: db.execute("INSERT INTO t VALUES (?, zeroblob(20000))", (number,)))

    await limit(60)
    outcomes = await asyncio.gather(*(insert(number) for number in range(50)), return_exceptions=True)
    kept = [number for number, outcome in enumerate(outcomes) if not isinstance(outcome, BaseException)]
    problems = {str(outcome) for outcome in outcomes if isinstance(outcome, BaseException)}
    text = "database or disk is full: the disk of the data directory is full; make room"
    assert problems == {text}
    await limit(10_000)
    await insert(99)
    rows = await database.submit(lambda db: [n for (n,) in db.execute("SELECT n FROM t ORDER BY n")])
    assert rows == [*kept, 99]
    await database.close()


@asynchronous
async def test_a_damaged_file_is_a_clear_error_and_the_rest_can_be_read(tmp_path: Path) -> None:
    database = Database(tmp_path)
    await database.open()
    await database.submit(lambda db: db.execute("CREATE TABLE whole (x)"))
    await database.submit(lambda db: db.execute("CREATE TABLE broken (x)"))
    await database.submit(lambda db: db.execute("INSERT INTO whole VALUES (1)"))
    (page,) = await database.submit(
        lambda db: db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'broken'").fetchone()
    )
    (size,) = await database.submit(lambda db: db.execute("PRAGMA page_size").fetchone())
    await database.close()
    with (tmp_path / FILE).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    await database.open()
    for sql in ("SELECT x FROM broken", "INSERT INTO broken VALUES (1)"):
        with pytest.raises(StoreError, match=r"malformed: engine\.db is damaged; stop the engine and put a backup"):
            await database.submit(lambda db, sql=sql: db.execute(sql).fetchall())
    assert await database.submit(lambda db: db.execute("SELECT x FROM whole").fetchall()) == [(1,)]
    await database.close()


@asynchronous
async def test_memory_cannot_be_copied(tmp_path: Path) -> None:
    database = Database(None)
    await database.open()
    with pytest.raises(ValueError, match="data directory"):
        await database.backup(tmp_path / "copy.db")
    await database.close()
