"""What is acknowledged outlives the engine being killed; `make kill-test` does the same for minutes."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from iii_bridge.engine import Engine
from tests.engine.killing import Ledger, kill_again_and_again, start, stop
from tests.engine.support import BareWorker


def test_nothing_acknowledged_is_lost_when_the_engine_is_killed(tmp_path: Path) -> None:
    report = kill_again_and_again(tmp_path, kills=3, seed=7)
    assert report.problems == []
    assert report.acknowledged_messages > 20
    assert report.acknowledged_writes > 20
    assert report.deliveries >= report.acknowledged_messages
    database = sqlite3.connect(tmp_path / "engine.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The engine as a process that may write files of 2 MB: what does not fit is refused, the rest is there later."""
    limited = ["bash", "-c", 'ulimit -f 2048; exec "$@"', "-"]
    filler = "x" * 20_000

    async def fill(engine: Any) -> tuple[list[int], list[int], list[dict[str, str]]]:
        worker = await BareWorker.join(engine)
        states, messages, errors = list[int](), list[int](), list[dict[str, str]]()
        action = {"type": "enqueue", "queue": "kept"}
        for number in range(400):
            value = {"n": number, "filler": filler}
            stored = await worker.call("state::set", {"scope": "s", "key": str(number), "value": value})
            queued = await worker.call("on::message", value, action=action)
            for answer, taken in ((stored, states), (queued, messages)):
                if "error" in answer:
                    errors.append(answer["error"])
                else:
                    taken.append(number)
            if len(errors) > 20:
                break
        assert await kept(worker) == states, "what was acknowledged can be read while the disk is full"
        await worker.close()
        return states, messages, errors

    async def kept(worker: BareWorker) -> list[int]:
        return sorted(value["n"] for value in (await worker.call("state::list", {"scope": "s"}))["result"])

    async def look(engine: Any, messages: int) -> tuple[list[int], list[int]]:
        worker = await BareWorker.join(engine)
        await worker.function("on::message")
        delivered = [(await worker.answer())["data"]["n"] for _ in range(messages)]
        found = await kept(worker)
        await worker.close()
        return found, sorted(delivered)

    process, engine = start(tmp_path, limited)
    try:
        states, messages, errors = asyncio.run(fill(engine))
    finally:
        stop(process)
    assert min(len(states), len(messages)) > 5
    assert {error["code"] for error in errors} <= {"SET_ERROR", "enqueue_error"}
    assert all("data directory" in error["message"] for error in errors), errors
    process, engine = start(tmp_path)
    try:
        assert asyncio.run(look(engine, len(messages))) == (states, messages)
    finally:
        stop(process)


def test_the_ledger_notices_a_loss() -> None:
    ledger = Ledger()
    ledger.acknowledged |= {1, 2}
    ledger.delivered[1] = 1
    assert ledger.lost_messages() == {2}
    for value in ("a", "b", None, "c"):
        place = ledger.ask("k", value)
        if value == "b":
            ledger.safe["k"] = place
    assert [ledger.holds("k", value) for value in ("a", "b", None, "c", "z")] == [False, True, True, True, False]
    ledger.ask("new", "x")
    assert ledger.holds("new", None)
    assert ledger.holds("new", "x")


def test_a_backup_of_a_running_engine_is_an_engine(tmp_path: Path) -> None:
    """Made by the engine, and by any program that knows SQLite's backup interface."""
    copies = [tmp_path / name for name in ("own", "other")]
    for copy in copies:
        copy.mkdir()

    async def put(worker: BareWorker, number: int) -> None:
        where = {"scope": "s", "key": str(number), "value": number}
        assert "error" not in await worker.call("state::set", where)
        await worker.call("on::message", number, action={"type": "enqueue", "queue": "kept"})

    async def run() -> list[int]:
        """What had been acknowledged before each copy was begun."""
        before: list[int] = []
        async with Engine(data_dir=tmp_path / "data") as engine:
            worker = await BareWorker.join(engine)
            for number in range(20):
                await put(worker, number)
            writing = asyncio.create_task(_on_and_on(put, worker))
            before.append(20)
            await engine.backup(copies[0] / "engine.db")
            before.append(20)
            await asyncio.to_thread(copy_with_sqlite, tmp_path / "data" / "engine.db", copies[1] / "engine.db")
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        return before

    async def look(copy: Path, least: int) -> None:
        async with Engine(data_dir=copy) as engine:
            worker = await BareWorker.join(engine)
            await worker.function("on::message")
            missing = set(range(least))
            while missing:
                missing.discard((await worker.answer())["data"])
            values = (await worker.call("state::list", {"scope": "s"}))["result"]
            assert values == list(range(len(values)))
            assert len(values) >= least

    for copy, least in zip(copies, asyncio.run(run()), strict=True):
        asyncio.run(look(copy, least))


async def _on_and_on(put: Callable[[BareWorker, int], Awaitable[None]], worker: BareWorker) -> None:
    number = 20
    while True:
        await put(worker, number)
        number += 1


def copy_with_sqlite(source: Path, target: Path) -> None:
    with contextlib.closing(sqlite3.connect(source)) as db, contextlib.closing(sqlite3.connect(target)) as copy:
        db.backup(copy)
