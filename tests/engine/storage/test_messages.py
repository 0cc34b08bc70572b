"""Messages in the store: their order, what is held, dead letters, subscriptions."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from iii_bridge.engine.storage.database import Database
from iii_bridge.engine.storage.messages import (
    DeadLetter,
    Message,
    MessageStore,
    QueueName,
    Subscription,
)
from tests.engine.support import asynchronous

DEFAULT = QueueName("default")
NOBODY: frozenset[str] = frozenset()


def message(number: int, queue: QueueName = DEFAULT, due: float = 0.0) -> Message:
    return Message(f"id-{number}", queue, "a::f", "default", b'{"n":%d}' % number, "00-t", None, due=due)


async def ids(store: MessageStore, queue: QueueName = DEFAULT, now: float = 0.0) -> list[str]:
    return [m.id for m in (await store.load(queue, 1000, now, NOBODY)).messages]


def test_a_restart_finds_what_waits(tmp_path: Path) -> None:
    async def first() -> None:
        database = Database(tmp_path / "new")
        await database.open()
        store = MessageStore(database)
        assert await store.counts() == {}
        added = await store.add([(message(n), False) for n in range(300)])
        assert (await store.add([(message(300), False)]))[0].seq > added[-1].seq
        await store.remove(added[7])
        await store.remove(replace(added[8], id="another"))
        await store.retry(replace(added[8], attempts=2, due=5.5), False)
        await database.close()

    async def second() -> None:
        database = Database(tmp_path / "new")
        await database.open()
        store = MessageStore(database)
        assert await store.counts() == {DEFAULT: 300}
        found = (await store.load(DEFAULT, 1000, 5.5, NOBODY)).messages
        assert [m.id for m in found] == [f"id-{n}" for n in range(301) if n not in (7, 8)] + ["id-8"]
        assert replace(found[0], seq=0) == message(0)
        assert (found[-1].attempts, found[-1].due, found[-1].data) == (2, 5.5, b'{"n":8}')
        await database.close()

    asyncio.run(first())
    asyncio.run(second())


@asynchronous
async def test_what_is_held_or_not_due_is_passed_over() -> None:
    database = Database(None)
    await database.open()
    store = MessageStore(database)
    await store.add([(message(n, due=n % 2 * 10.0), False) for n in range(6)])
    first = await store.load(DEFAULT, 2, 0.0, frozenset({"id-0"}))
    assert ([m.id for m in first.messages], first.more, first.next_due) == (["id-2", "id-4"], True, 10.0)
    page = await store.load(DEFAULT, 2, 20.0, NOBODY)
    assert ([m.id for m in page.messages], page.more, page.next_due) == (["id-0", "id-2"], True, None)
    rest = await store.load(DEFAULT, 9, 20.0, frozenset({"id-0", "id-2"}))
    assert ([m.id for m in rest.messages], rest.more) == (["id-4", "id-1", "id-3", "id-5"], False)
    await database.close()


@asynchronous
async def test_a_fifo_message_keeps_its_place() -> None:
    database = Database(None)
    await database.open()
    store = MessageStore(database)
    first, *_ = await store.add([(message(n), True) for n in range(3)])
    await store.retry(replace(first, attempts=1, due=50.0), True)
    assert await ids(store) == ["id-0", "id-1", "id-2"]
    await database.close()


@asynchronous
async def test_dead_letters_move_there_and_back() -> None:
    database = Database(None)
    await database.open()
    store = MessageStore(database)
    topic = QueueName("a::f@default", "news")
    rows = await store.add([*((message(n), False) for n in range(3)), (message(9, topic), False)])
    for number, row in enumerate(rows):
        await store.bury(DeadLetter(replace(row, attempts=3), "c: m", 10.0 + number))
    assert await store.dead_counts() == {DEFAULT: 3, topic: 1}
    assert [letter.message.id for letter in await store.dead("default", False, 1, 1)] == ["id-1"]
    assert [letter.message.queue for letter in await store.dead("news", True, 0, 9)] == [topic]
    letter = (await store.dead("default", False, 0, 1))[0]
    assert (letter.error, letter.failed_at, letter.message.attempts) == ("c: m", 10.0, 3)
    assert await store.discard("default", False, "id-2") == 1
    assert await store.discard("default", False, "id-2") == 0
    assert await store.revive("other", False, "id-0") == {}
    assert await store.revive("default", False, "id-1") == {DEFAULT: 1}
    assert await store.revive("default", False, None) == {DEFAULT: 1}
    assert await store.revive("news", True, None) == {topic: 1}
    assert await store.dead_counts() == {}
    assert await ids(store) == ["id-1", "id-0"]
    revived = (await store.load(topic, 9, 0.0, NOBODY)).messages[0]
    assert replace(revived, seq=0) == message(9, topic)
    await database.close()


@asynchronous
async def test_the_first_subscription_gets_what_was_published_before() -> None:
    database = Database(None)
    await database.open()
    store = MessageStore(database)
    await store.add([(Message(f"id-{n}", QueueName("", "news"), "", "", b"1"), False) for n in range(2)])
    queue = QueueName("a::f@n", "news")
    first = Subscription("news", "n", "a::f", b"{}")
    assert await store.subscribe(first, queue) == 2
    assert await store.subscribe(replace(first, function_id="b::g"), QueueName("b::g@n", "news")) == 0
    got = (await store.load(queue, 9, 0.0, NOBODY)).messages
    assert [(m.id, m.function_id, m.namespace) for m in got] == [("id-0", "a::f", "n"), ("id-1", "a::f", "n")]
    await store.subscribe(replace(first, settings=b'{"x":1}'), queue)
    await store.leave("news", "n", "a::f", 5.0)
    known = {(s.function_id, s.settings, s.left_at) for s in await store.subscriptions(7.0)}
    assert known == {("a::f", b'{"x":1}', 5.0), ("b::g", b"{}", 7.0)}
    assert await store.end("news", "n", "a::f", queue) == 2
    assert [s.function_id for s in await store.subscriptions(8.0)] == ["b::g"]
    await store.add([(Message(f"new-{n}", QueueName("", "old"), "", "", b"1", due=n), True) for n in (1.0, 2.0)])
    assert (await store.end_unclaimed(2.0), await store.end_unclaimed(2.0)) == ({"old": 1}, {})
    await database.close()
