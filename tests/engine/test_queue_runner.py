"""A queue's runner: time, stopping, and a window that is smaller than the queue."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec import Raw

from iii_bridge.engine import QueueConfig
from iii_bridge.engine import queue_runner as module
from iii_bridge.engine.queue_runner import QueueRunner
from iii_bridge.engine.storage.database import Database
from iii_bridge.engine.storage.messages import Message, MessageStore, QueueName
from iii_bridge.errors import InvocationError
from tests.engine.support import asynchronous, until

Handle = Callable[[Message], Coroutine[Any, Any, None]]


@dataclass
class Bench:
    """A store and what was delivered from it."""

    store: MessageStore
    database: Database
    seen: list[str] = field(default_factory=list)

    def runner(self, config: QueueConfig, handle: Handle | None = None, stored: int = 0) -> QueueRunner:
        async def delivered(message: Message) -> Raw | None:
            self.seen.append(message.id)
            if handle is not None:
                await handle(message)
            return None

        return QueueRunner(config, lambda m: asyncio.ensure_future(delivered(m)), self.store, stored=stored)

    async def settled(self, runner: QueueRunner) -> None:
        """Nothing is left, in memory or in the store."""
        await until(lambda: not runner.depth)
        while await self.store.counts():
            pass


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    database = Database(None)
    await database.open()
    yield Bench(MessageStore(database), database)
    await database.close()


def message(name: object, due: float = 0.0) -> Message:
    return Message(str(name), QueueName("q"), "f", "default", b"1", due=due)


async def fail(_message: Message) -> None:
    raise InvocationError("c", "m", "f")


@asynchronous
async def test_a_message_that_is_due_later_waits_for_its_time() -> None:
    async with bench() as it:
        runner = it.runner(QueueConfig("q"))
        runner.start()
        due = time.time() + 0.05
        await runner.add(message("a", due))
        assert (runner.depth, it.seen) == (1, [])
        await until(lambda: it.seen == ["a"])
        assert time.time() >= due - 0.01
        await it.settled(runner)


@asynchronous
async def test_a_stopped_runner_leaves_its_messages_in_the_store() -> None:
    async with bench() as it:

        async def hang(_message: Message) -> None:
            await asyncio.Event().wait()

        runner = it.runner(QueueConfig("q", concurrency=1), hang)
        runner.start()
        await runner.add(message("a"))
        await runner.add(message("b"))
        await until(lambda: it.seen == ["a"])
        runner.stop()
        await runner.add(message("c"))
        assert it.seen == ["a"]
        assert await it.store.counts() == {QueueName("q"): 3}
        again = it.runner(QueueConfig("q"), stored=3)
        again.start()
        await it.settled(again)
        assert it.seen == ["a", "a", "b", "c"]


@asynchronous
async def test_pauses_double() -> None:
    async with bench() as it:
        at: list[float] = []

        async def note(failing: Message) -> None:
            at.append(asyncio.get_running_loop().time())
            await fail(failing)

        runner = it.runner(QueueConfig("q", max_retries=4, backoff_ms=20), note)
        runner.start()
        await runner.add(message("a"))
        await it.settled(runner)
        pauses = [later - sooner for sooner, later in itertools.pairwise(at)]
        assert len(pauses) == 3
        assert all(pause >= wanted for pause, wanted in zip(pauses, (0.018, 0.038, 0.078), strict=True)), pauses
        (letter,) = await it.store.dead("q", False, 0, 9)
        assert (letter.error, letter.message.attempts) == ("c: m", 4)


@pytest.mark.parametrize("kind", ["standard", "fifo"])
def test_a_queue_larger_than_the_window(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost, nothing comes twice, and a fifo queue keeps its order, although most of it is in the store."""
    monkeypatch.setattr(module, "_WINDOW", 8)
    total = 200

    async def run() -> None:
        async with bench() as it:
            gate = asyncio.Event()

            async def handle(_message: Message) -> None:
                await gate.wait()

            runner = it.runner(QueueConfig("q", type=kind, concurrency=3), handle)
            runner.start()
            for number in range(total):
                await runner.add(message(number))
                assert len(runner._held) <= 8 + 2 * 3
                if number == 50:
                    gate.set()
                if number == 100:
                    runner.pause()
                if number == 150:
                    runner.start()
            await it.settled(runner)
            wanted = [str(number) for number in range(total)]
            assert (it.seen if kind == "fifo" else sorted(it.seen, key=int)) == wanted
            assert runner._held == set()

    asyncio.run(asyncio.wait_for(run(), 60))


@pytest.mark.parametrize("kind", ["standard", "fifo"])
def test_more_failures_than_fit_the_window(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WINDOW", 4)

    async def run() -> None:
        async with bench() as it:
            tries: dict[str, int] = {}

            async def handle(failing: Message) -> None:
                tries[failing.id] = tries.get(failing.id, 0) + 1
                if tries[failing.id] < 3:
                    await fail(failing)

            runner = it.runner(QueueConfig("q", type=kind, max_retries=3, backoff_ms=2), handle)
            runner.start()
            for number in range(40):
                await runner.add(message(number))
            await it.settled(runner)
            assert tries == {str(number): 3 for number in range(40)}
            if kind == "fifo":
                assert it.seen == [str(number) for number in range(40) for _ in range(3)]
            assert await it.store.dead_counts() == {}

    asyncio.run(asyncio.wait_for(run(), 60))


@asynchronous
async def test_a_paused_runner_takes_in_and_delivers_later() -> None:
    async with bench() as it:
        runner = it.runner(QueueConfig("q"))
        for number in range(3):
            await runner.add(message(number))
        assert (it.seen, runner.depth) == ([], 3)
        runner.start()
        await it.settled(runner)
        assert sorted(it.seen) == ["0", "1", "2"]


@asynchronous
async def test_a_message_that_cannot_be_stored_is_not_delivered() -> None:
    async with bench() as it:
        runner = it.runner(QueueConfig("q"))
        runner.start()
        await it.database.submit(lambda db: db.execute("ALTER TABLE messages RENAME TO gone"))
        with pytest.raises(sqlite3.OperationalError):
            await runner.add(message("a"))
        await it.database.submit(lambda db: db.execute("ALTER TABLE gone RENAME TO messages"))
        await runner.add(message("b"))
        await it.settled(runner)
        assert it.seen == ["b"]
        assert runner._held == set()


@asynchronous
async def test_a_handled_message_that_cannot_be_removed_does_not_come_again_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with bench() as it:

        async def take_away(_message: Message) -> None:
            await it.database.submit(lambda db: db.execute("ALTER TABLE messages RENAME TO gone"))

        runner = it.runner(QueueConfig("q"), take_away)
        runner.start()
        await runner.add(message("a"))
        await until(lambda: "could not be written" in caplog.text)
        await it.database.submit(lambda db: db.execute("ALTER TABLE gone RENAME TO messages"))
        runner.revived(0)
        await it.database.submit(lambda db: None)
        assert it.seen == ["a"]
        assert await it.store.counts() == {QueueName("q"): 1}


@asynchronous
async def test_messages_that_cannot_be_read_are_asked_for_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BROKEN_SECONDS", 0.01)
    async with bench() as it:
        runner = it.runner(QueueConfig("q"))
        await runner.add(message("a"))
        await it.database.submit(lambda db: db.execute("ALTER TABLE messages RENAME TO gone"))
        runner.start()
        await until(lambda: "could not be read" in caplog.text)
        await it.database.submit(lambda db: db.execute("ALTER TABLE gone RENAME TO messages"))
        await it.settled(runner)
        assert it.seen == ["a"]
