"""The engine's database: SQLite in a thread of its own, many writes to one commit.

A future returned here is done only after the commit, so what is acknowledged
after it survives the process. On the event loop nothing waits for the disk.
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

from iii_bridge.engine.storage.schema import migrate

__all__ = ["FILE", "Database", "StoreError"]

StoreError = sqlite3.Error
"""What a future of the database raises when it does not do what was asked."""

FILE: Final = "engine.db"
"""The database's name in the data directory."""

T = TypeVar("T")
_BATCH: Final = 256
_LOCKED_SECONDS: Final = 5.0
_CURES: Final = {
    sqlite3.SQLITE_BUSY: f"{FILE} is locked by another program; end what writes to it",
    sqlite3.SQLITE_FULL: "the disk of the data directory is full; make room",
    sqlite3.SQLITE_IOERR: "the disk of the data directory cannot be written; it may be full",
    sqlite3.SQLITE_CORRUPT: f"{FILE} is damaged; stop the engine and put a backup in its place",
    sqlite3.SQLITE_READONLY: f"{FILE} may not be written; look at its permissions",
}
_OLD_FILE: Final = "queue.db"
_LOCK: Final = "engine.lock"


@dataclass(slots=True)
class _Job:
    work: Callable[[sqlite3.Connection], Any]
    done: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


class Database:
    """One SQLite file below `directory`; None keeps everything in memory.

    Journal in WAL mode and `synchronous = FULL`: what is acknowledged survives a killed process and a power cut.
    `open` raises OSError when the directory cannot be made or another engine uses it, sqlite3.Error when a file in it
    cannot be read or was written by a newer version.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._path = ":memory:" if directory is None else str(directory / FILE)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def open(self) -> None:
        """Opens the database, and brings one of an older version up to date."""
        self._loop = asyncio.get_running_loop()
        self._jobs = queue.SimpleQueue()  # a former opening that failed may have left its end mark in the old one
        opened: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name="iii-bridge-store", daemon=True)
        self._thread.start()
        await opened

    async def close(self) -> None:
        """Writes what was asked for, then closes the database."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            await asyncio.get_running_loop().run_in_executor(None, thread.join)

    def submit(self, work: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Runs `work` in the thread, in the order of submission; done once it is safe. A failing one fails alone."""
        if self._loop is None or self._thread is None:
            raise RuntimeError("the store is not open; await open() first")
        done: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(work, done))
        return done

    async def backup(self, target: Path) -> None:
        """Copies everything acknowledged so far to a new file, as of one moment, while the engine runs.

        Raises ValueError for a database in memory, FileExistsError for a file that is there, sqlite3.Error otherwise.
        """
        if self._directory is None:
            raise ValueError("a database in memory has no file to copy; give the engine a data directory")
        await asyncio.get_running_loop().run_in_executor(None, _copy, self._path, target)

    # -- the thread -------------------------------------------------------------------------

    def _run(self, opened: asyncio.Future[None]) -> None:
        with contextlib.ExitStack() as opens:
            try:
                if self._directory is not None:
                    self._directory.mkdir(parents=True, exist_ok=True)
                    opens.enter_context(contextlib.closing(_lock(self._directory)))
                    _rename_old(self._directory)
                opening = sqlite3.connect(self._path, timeout=_LOCKED_SECONDS, isolation_level=None)
                db = opens.enter_context(contextlib.closing(opening))
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


def _copy(source: str, target: Path) -> None:
    """Reads beside the writing thread: the journal gives a reader one moment, and keeps nobody waiting."""
    if target.exists():
        raise FileExistsError(errno.EEXIST, f"{target} exists; name a new file for the backup")
    with contextlib.closing(sqlite3.connect(source)) as db, contextlib.closing(sqlite3.connect(target)) as copy:
        db.backup(copy)


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


def _rename_old(directory: Path) -> None:
    """The first version kept queues only, in a file named after them. Its journal is folded in before it moves."""
    old, new = directory / _OLD_FILE, directory / FILE
    if not old.exists() or new.exists():
        return
    with contextlib.closing(sqlite3.connect(old, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    old.rename(new)


def _unreadable(error: sqlite3.Error, directory: Path | None) -> sqlite3.Error:
    return type(error)(f"{error}; move the data directory away or give the engine another one: {directory}")


def _prepare(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")  # a receipt must survive a power cut; commits are shared, so it is cheap
    migrate(db)


def _carry_out(db: sqlite3.Connection, batch: list[_Job]) -> None:
    try:
        db.execute("BEGIN IMMEDIATE")
        for job in batch:
            _try(db, job)
        db.execute("COMMIT")
    except sqlite3.Error as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        explained = _explained(error)
        for job in batch:
            job.error = explained


def _explained(error: sqlite3.Error) -> sqlite3.Error:
    """The same error, with what to do about it: callers and the log get its text."""
    code = getattr(error, "sqlite_errorcode", None)
    cure = None if code is None else _CURES.get(code & 0xFF)  # the low byte is the kind, the rest says which one
    return error if cure is None else type(error)(f"{error}: {cure}")


def _try(db: sqlite3.Connection, job: _Job) -> None:
    """One job fails alone: the others of its commit are not touched."""
    db.execute("SAVEPOINT job")
    try:
        job.result = job.work(db)
    except Exception as error:  # any: a value SQLite cannot take must not end the thread all writes depend on
        if not db.in_transaction:  # a full disk ends the whole commit
            raise
        job.error = _explained(error) if isinstance(error, sqlite3.Error) else error
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
