"""Named queues: receipts, retries, order, dead letters, restarts, management."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from iii_bridge.engine import Engine, QueueConfig
from tests.engine.support import BareWorker, asynchronous

FAST = QueueConfig("fast", backoff_ms=5)
FIFO = QueueConfig("line", type="fifo", backoff_ms=5)


@asynccontextmanager
async def bench(*queues: QueueConfig | str, **options: Any) -> AsyncIterator[tuple[Engine, BareWorker, BareWorker]]:
    """An engine, a worker with function a::job, and a producer."""
    async with Engine(queues=queues, **options) as engine:
        worker, producer = await BareWorker.join(engine), await BareWorker.join(engine)
        await worker.function("a::job")
        yield engine, worker, producer


async def enqueue(producer: BareWorker, data: Any, queue: str, function_id: str = "a::job", **more: Any) -> Any:
    return await producer.call(function_id, data, action={"type": "enqueue", "queue": queue}, **more)


def test_a_queue_is_declared_once() -> None:
    with pytest.raises(ValueError, match="'a' is declared twice"):
        Engine(queues=["a", "a:fifo"])
    Engine(queues=["default:fifo"])


@asynchronous
async def test_a_message_is_receipted_and_delivered_as_it_was() -> None:
    async with bench() as (_, worker, producer):
        answer = await enqueue(producer, {"n": 1}, "default", traceparent="00-t")
        assert set(answer["result"]) == {"messageReceiptId"}
        call = await worker.answer("done")
        assert call["data"] == {"n": 1}
        assert call["traceparent"] == "00-t"
        assert "metadata" not in call


@asynchronous
async def test_a_failing_message_is_tried_again_and_then_buried() -> None:
    async with bench(FAST) as (_, worker, producer):
        receipt = (await enqueue(producer, {"n": 1}, "fast"))["result"]["messageReceiptId"]
        for _ in range(3):
            await worker.answer(error={"code": "x", "message": "no"})
        stats = await settled(producer, "fast", dlq_depth=1)
        assert stats == {"depth": 0, "consumer_count": 10, "dlq_depth": 1, "config": None}
        (dead,) = (await producer.call("engine::queue::dlq_messages", {"topic": "fast"}))["result"]
        assert (dead["id"], dead["payload"], dead["error"], dead["retries"]) == (receipt, {"n": 1}, "x: no", 3)
        redriven = await producer.call("iii::queue::redrive", {"queue": "fast"})
        assert redriven["result"] == {"queue": "fast", "redriven": 1}
        assert (await worker.answer("fine"))["data"] == {"n": 1}
        assert (await settled(producer, "fast", depth=0))["dlq_depth"] == 0


async def settled(producer: BareWorker, queue: str, **wanted: int) -> dict[str, Any]:
    """The statistics, once they show what is wanted."""
    async with asyncio.timeout(5):
        while True:
            stats: dict[str, Any] = (await producer.call("engine::queue::topic_stats", {"topic": queue}))["result"]
            if wanted.items() <= stats.items():
                return stats


@asynchronous
async def test_a_third_attempt_may_succeed() -> None:
    async with bench(FAST) as (_, worker, producer):
        await enqueue(producer, 1, "fast")
        for _ in range(2):
            await worker.answer(error={"code": "x", "message": "again"})
        await worker.answer("at last")
        assert (await settled(producer, "fast", depth=0))["dlq_depth"] == 0


@asynchronous
async def test_nobody_there_counts_as_an_attempt() -> None:
    async with bench(FAST) as (_, _, producer):
        await enqueue(producer, 1, "fast", "a::missing")
        await settled(producer, "fast", dlq_depth=1)
        (dead,) = (await producer.call("engine::queue::dlq_messages", {"topic": "fast"}))["result"]
        assert dead["error"].startswith("function_not_found: ")


@asynchronous
async def test_at_most_concurrency_run_at_once() -> None:
    async with bench(QueueConfig("two", concurrency=2)) as (_, worker, producer):
        for number in range(5):
            await enqueue(producer, number, "two")
        first = [await worker.receive("invokefunction") for _ in range(2)]
        assert [call["data"] for call in first] == [0, 1]
        await worker.barrier()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await worker.receive("invokefunction")
        for call in first:
            await worker.send(type="invocationresult", invocation_id=call["invocation_id"], result=None)
        rest = [(await worker.answer())["data"] for _ in range(3)]
        assert rest == [2, 3, 4]


@asynchronous
async def test_a_fifo_queue_keeps_its_order_over_retries() -> None:
    async with bench(FIFO) as (_, worker, producer):
        for number in range(4):
            await enqueue(producer, number, "line")
        seen = []
        for fails in (False, True, True, False, False, True, True, True):
            more = {"error": {"code": "x", "message": "m"}} if fails else {"result": 1}
            seen.append((await worker.answer(**more))["data"])
        assert seen == [0, 1, 1, 1, 2, 3, 3, 3]
        await settled(producer, "line", depth=0, dlq_depth=1)


@asynchronous
async def test_a_fifo_queue_may_ask_for_a_group() -> None:
    grouped = QueueConfig("grouped", type="fifo", message_group_field="customer")
    async with bench(grouped) as (_, worker, producer):
        for bad in ({"n": 1}, {"customer": None}, [1]):
            error = (await enqueue(producer, bad, "grouped"))["error"]
            assert error["code"] == "enqueue_error"
            assert "'customer'" in error["message"]
        await enqueue(producer, {"customer": 7}, "grouped")
        assert (await worker.answer())["data"] == {"customer": 7}


@asynchronous
async def test_groups_of_a_fifo_queue_run_beside_each_other() -> None:
    grouped = QueueConfig("grouped", type="fifo", message_group_field="g", backoff_ms=5)
    async with bench(grouped) as (_, worker, producer):
        for n, group in enumerate("aabb"):
            await enqueue(producer, {"g": group, "n": n}, "grouped")
        first, second = [await worker.receive("invokefunction") for _ in range(2)]
        assert [first["data"]["n"], second["data"]["n"]] == [0, 2]
        await respond(worker, first, error={"code": "x", "message": "m"})
        await respond(worker, second, result=1)
        seen = [(await worker.answer("ok"))["data"]["n"] for _ in range(3)]
        assert [n for n in seen if n < 2] == [0, 1]
        assert 3 in seen
        await settled(producer, "grouped", depth=0, dlq_depth=0)


async def respond(worker: BareWorker, call: Any, **body: Any) -> None:
    await worker.send(type="invocationresult", invocation_id=call["invocation_id"], function_id="", **body)


@asynchronous
async def test_a_queue_comes_into_being_with_its_first_message(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench() as (_, worker, producer):
        assert "messageReceiptId" in (await enqueue(producer, 1, "new"))["result"]
        assert (await worker.answer())["data"] == 1
        rows = (await producer.call("engine::queue::list_topics", {}))["result"]
        assert [row["name"] for row in rows] == ["default", "new"]
        monkeypatch.setattr("iii_bridge.engine.queue._MOST_QUEUES", 2)
        for name, problem in (("another", "use fewer names"), ("", "Queue is not set")):
            error = (await enqueue(producer, 1, name))["error"]
            assert error["code"] == "enqueue_error"
            assert problem in error["message"]


@asynchronous
async def test_a_message_that_cannot_be_stored_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    async with bench() as (engine, worker, producer):
        await engine._database.submit(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone())
        error = (await enqueue(producer, "x" * 100_000, "default"))["error"]
        assert error["code"] == "enqueue_error"
        assert "could not be stored: database or disk is full" in error["message"]
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        await engine._database.submit(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchone())
        assert "messageReceiptId" in (await enqueue(producer, 2, "default"))["result"]
        assert (await worker.answer())["data"] == 2


@asynchronous
async def test_a_namespaced_target() -> None:
    async with bench() as (engine, _, producer):
        local = await BareWorker.join(engine, namespace="shop")
        await local.function("a::job")
        await enqueue(producer, 5, "default", namespace="shop")
        assert (await local.answer())["data"] == 5


@asynchronous
async def test_management_lists_and_single_messages() -> None:
    async with bench(FAST, "line:fifo") as (_, _worker, producer):
        rows = (await producer.call("engine::queue::list_topics", {}))["result"]
        assert rows == [
            {"name": "default", "broker_type": "builtin", "subscriber_count": 10},
            {"name": "fast", "broker_type": "builtin", "subscriber_count": 10},
            {"name": "line", "broker_type": "builtin", "subscriber_count": 1},
        ]
        answers = [await enqueue(producer, number, "fast", "a::none") for number in range(2)]
        ids = [answer["result"]["messageReceiptId"] for answer in answers]
        await settled(producer, "fast", dlq_depth=2)
        topics = (await producer.call("engine::queue::dlq_topics", {}))["result"]
        assert {row["topic"]: row["message_count"] for row in topics} == {"default": 0, "fast": 2, "line": 0}
        which = {"queue": "fast", "message_id": ids[0]}
        discarded = await producer.call("iii::queue::discard_message", which)
        assert discarded["result"] == {**which, "redriven": 1}
        again = await producer.call("iii::queue::redrive_message", which)
        assert again["result"] == {**which, "redriven": 0}
        other = {"queue": "fast", "message_id": ids[1]}
        assert (await producer.call("iii::queue::redrive_message", other))["result"] == {**other, "redriven": 1}


@asynchronous
async def test_dead_letters_from_a_page_beyond_any_number() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        page = {"topic": "default", "offset": 2**70, "limit": 2**70}
        assert (await worker.call("engine::queue::dlq_messages", page))["result"] == []


@asynchronous
async def test_management_says_what_is_missing() -> None:
    async with bench() as (_, _, producer):
        wanted = {
            ("engine::queue::topic_stats", "{}"): "topic_required",
            ("engine::queue::topic_stats", '{"topic":"x"}'): "topic_stats_failed",
            ("engine::queue::dlq_messages", "{}"): "topic_required",
            ("iii::queue::redrive", "{}"): "queue_not_set",
            ("iii::queue::redrive", '{"topic":"x"}'): "redrive_failed",
            ("iii::queue::redrive_message", '{"queue":"default"}'): "message_id_not_set",
            ("iii::queue::discard_message", '{"queue":"x","message_id":"y"}'): "discard_message_failed",
            ("iii::queue::redrive", '{"queue":7}'): "deserialization_error",
        }
        for (function_id, data), code in wanted.items():
            answer = await producer.call(function_id, json.loads(data))
            assert answer["error"]["code"] == code, (function_id, data)


def test_messages_survive_a_restart(tmp_path: Path) -> None:
    async def before() -> None:
        async with bench(FAST, data_dir=tmp_path) as (_, worker, producer):
            for number in range(5):
                await enqueue(producer, number, "fast")
            for _ in range(2):
                await worker.answer("ok")
            await settled(producer, "fast", depth=0)

    async def after() -> None:
        async with bench(FAST, data_dir=tmp_path) as (_, worker, _producer):
            got = [(await worker.answer("ok"))["data"] for _ in range(3)]
            assert sorted(got) == [2, 3, 4]

    async def then() -> None:
        async with bench(data_dir=tmp_path) as (_, _, producer):
            stats = await producer.call("engine::queue::topic_stats", {"topic": "default"})
            assert stats["result"]["depth"] == 0

    asyncio.run(before())
    asyncio.run(after())
    asyncio.run(then())


def test_after_a_restart_a_worker_has_time_to_come_back(tmp_path: Path) -> None:
    at_once = QueueConfig("at-once", backoff_ms=0)

    async def first() -> None:
        async with bench(at_once, data_dir=tmp_path) as (_, worker, producer):
            await enqueue(producer, 1, "at-once")
            await worker.receive("invokefunction")

    async def second() -> None:
        async with Engine(queues=[at_once], data_dir=tmp_path) as engine:
            worker = await BareWorker.join(engine)
            for _ in range(20):
                stats = (await worker.call("engine::queue::topic_stats", {"topic": "at-once"}))["result"]
                assert stats["dlq_depth"] == 0
            await worker.function("a::job")
            assert (await worker.answer())["data"] == 1

    asyncio.run(first())
    asyncio.run(second())


def test_messages_of_a_queue_no_longer_declared_are_delivered(tmp_path: Path) -> None:
    async def before() -> None:
        async with bench(FAST, data_dir=tmp_path) as (_, worker, producer):
            await enqueue(producer, 1, "fast")
            await worker.receive("invokefunction")

    async def after() -> None:
        async with bench(data_dir=tmp_path) as (_, worker, _producer):
            assert (await worker.answer())["data"] == 1

    asyncio.run(before())
    asyncio.run(after())
