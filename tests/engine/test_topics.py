"""Durable topics: fan-out, retries, order, and messages for subscribers that are away (wire.md 7.6)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from iii_bridge.engine import Engine
from tests.engine.support import BareWorker, asynchronous, until

FAST = {"backoffDelayMs": 5}


@asynccontextmanager
async def bench(**options: Any) -> AsyncIterator[tuple[Engine, BareWorker, BareWorker]]:
    """An engine, a subscriber to be, and a publisher."""
    async with Engine(**options) as engine:
        worker, writer = await BareWorker.join(engine), await BareWorker.join(engine)
        await worker.function("on::job")
        yield engine, worker, writer


async def subscribe(worker: BareWorker, function_id: str = "on::job", **config: Any) -> None:
    config = {"topic": "jobs", "queue_config": FAST, **config}
    await worker.trigger(f"t-{function_id}", "durable:subscriber", function_id, config, metadata={"m": 1})


async def publish(writer: BareWorker, data: Any, topic: str = "jobs") -> None:
    answer = await writer.call("iii::durable::publish", {"topic": topic, "data": data})
    assert "error" not in answer
    assert "result" not in answer


async def stats(writer: BareWorker, topic: str = "jobs") -> Any:
    return (await writer.call("engine::queue::topic_stats", {"topic": topic}))["result"]


async def settled(writer: BareWorker, depth: int = 0, dlq_depth: int = 0) -> None:
    async with asyncio.timeout(20):
        while not {"depth": depth, "dlq_depth": dlq_depth}.items() <= (await stats(writer)).items():
            pass


@asynchronous
async def test_every_subscription_gets_a_copy() -> None:
    async with bench() as (engine, worker, writer):
        other = await BareWorker.join(engine, namespace="shop")
        await other.function("on::job")
        await subscribe(worker)
        await other.trigger("x", "durable:subscriber", "on::job", {"topic": "jobs"}, namespace="shop")
        await publish(writer, {"id": 7})
        for peer in (worker, other):
            got = await peer.answer("ok")
            assert (got["data"], "metadata" in got) == ({"id": 7}, False)
        await settled(writer)
        assert (await stats(writer))["consumer_count"] == 2
        rows = (await writer.call("engine::queue::list_topics", {}))["result"]
        assert {"name": "jobs", "broker_type": "builtin", "subscriber_count": 2} in rows


@pytest.mark.parametrize(("settings", "attempts"), [({}, 3), ({"maxRetries": 3}, 4), ({"maxRetries": 0}, 1)])
@asynchronous
async def test_attempts_and_dead_letters(settings: dict[str, int], attempts: int) -> None:
    async with bench() as (_, worker, writer):
        await subscribe(worker, queue_config={**FAST, **settings})
        await publish(writer, {"id": 8})
        for _ in range(attempts):
            await worker.answer(error={"code": "x", "message": "never"})
        await settled(writer, 0, 1)
        (dead,) = (await writer.call("engine::queue::dlq_messages", {"topic": "jobs"}))["result"]
        assert (dead["error"], dead["payload"], dead["retries"]) == ("x: never", {"id": 8}, attempts)
        topics = (await writer.call("engine::queue::dlq_topics", {}))["result"]
        assert {"topic": "jobs", "broker_type": "builtin", "message_count": 1} in topics
        which = {"queue": "jobs", "message_id": dead["id"]}
        again = (await writer.call("iii::queue::redrive_message", which))["result"]
        assert again == {**which, "redriven": 1}
        assert (await worker.answer("fine"))["data"] == {"id": 8}
        await settled(writer)
        assert (await writer.call("iii::queue::redrive", {"topic": "jobs"}))["result"]["redriven"] == 0


@asynchronous
async def test_what_is_published_while_nobody_is_attached_comes_later() -> None:
    async with bench() as (engine, worker, writer):
        await publish(writer, "before any")
        await subscribe(worker)
        assert (await worker.answer("ok"))["data"] == "before any"
        await worker.close()
        await until(lambda: engine.hub.protocol.triggers.find("t-on::job") is None)
        for number in range(3):
            await publish(writer, number)
        assert (await stats(writer))["depth"] == 3
        again = await BareWorker.join(engine)
        await again.function("on::job")
        await subscribe(again)
        assert [(await again.answer("ok"))["data"] for _ in range(3)] == [0, 1, 2]
        await again.send(type="unregistertrigger", id="t-on::job")
        await again.barrier()
        await publish(writer, "after leaving")
        await subscribe(again)
        assert (await again.answer("ok"))["data"] == "after leaving"
        await settled(writer)


@asynchronous
async def test_fifo_is_strict_over_retries() -> None:
    async with bench() as (_, worker, writer):
        await subscribe(worker, queue_config={**FAST, "type": "fifo", "concurrency": 5, "maxRetries": 1})
        for number in range(3):
            await publish(writer, number)
        seen = []
        for fails in (True, False, False, True, True):
            body: dict[str, Any] = {"error": {"code": "x", "message": "m"}} if fails else {"result": 1}
            seen.append((await worker.answer(**body))["data"])
        assert seen == [0, 0, 1, 2, 2]
        await settled(writer, 0, 1)


@asynchronous
async def test_a_delay_and_a_condition() -> None:
    async with bench() as (_, worker, writer):
        await worker.function("when::job")
        settings = {**FAST, "delaySeconds": 0.05}
        await subscribe(worker, queue_config=settings, condition_function_id="when::job")
        await publish(writer, 1)
        await publish(writer, 2)
        assert (await stats(writer))["depth"] == 2
        first = await worker.answer(False)
        assert (first["function_id"], first["data"]) == ("when::job", 1)
        assert (await worker.answer(error={"code": "x", "message": "m"}))["data"] == 2
        assert (await worker.answer())["function_id"] == "when::job"
        assert (await worker.answer())["function_id"] == "on::job"
        await settled(writer)


@asynchronous
async def test_two_bindings_of_one_function_share_its_queue_and_settings_may_change() -> None:
    async with bench() as (_, worker, writer):
        await subscribe(worker)
        await worker.trigger("second", "durable:subscriber", "on::job", {"topic": "jobs"})
        await publish(writer, 1)
        assert (await worker.answer())["data"] == 1
        await worker.send(type="unregistertrigger", id="second")
        await publish(writer, 2)
        assert (await worker.answer())["data"] == 2
        await subscribe(worker, queue_config={**FAST, "maxRetries": 0})
        await publish(writer, 3)
        await worker.answer(error={"code": "x", "message": "m"})
        await settled(writer, 0, 1)


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({}, "topic is required"),
        ({"topic": "t", "queue_config": {"concurrency": 0}}, "Failed to parse trigger config: queue 't' needs"),
        ({"topic": "t", "queue_config": {"maxRetries": "x"}}, "Failed to parse trigger config"),
    ],
)
@asynchronous
async def test_refusals(config: dict[str, Any], text: str) -> None:
    async with bench() as (_, worker, _writer):
        await worker.trigger("t", "durable:subscriber", "on::job", config)
        assert (await worker.receive("triggerregistrationresult"))["error"]["message"].startswith(text)


@asynchronous
async def test_a_topic_has_a_name_and_the_store_may_fail() -> None:
    async with bench() as (engine, worker, writer):
        empty = (await writer.call("iii::durable::publish", {"topic": "", "data": 1}))["error"]
        assert empty["code"] == "topic_not_set"
        await subscribe(worker)
        await engine._database.submit(lambda db: db.execute("ALTER TABLE messages RENAME TO gone"))
        error = (await writer.call("iii::durable::publish", {"topic": "jobs", "data": 1}))["error"]
        assert error["code"] == "store_failed"
        await engine._database.submit(lambda db: db.execute("ALTER TABLE gone RENAME TO messages"))
        await publish(writer, 2)
        assert (await worker.answer())["data"] == 2


def test_subscriptions_and_messages_survive_a_restart(tmp_path: Path) -> None:
    async def first() -> None:
        async with bench(data_dir=tmp_path) as (_, worker, writer):
            await subscribe(worker)
            await publish(writer, 1)
            await worker.receive("invokefunction")

    async def second() -> None:
        async with bench(data_dir=tmp_path) as (_, worker, writer):
            await publish(writer, 2)
            assert (await stats(writer))["depth"] == 2
            await subscribe(worker)
            assert [(await worker.answer())["data"] for _ in range(2)] == [1, 2]
            await settled(writer)

    asyncio.run(first())
    asyncio.run(second())


@asynchronous
async def test_nothing_is_kept_for_ever_for_those_who_do_not_come_back(caplog: pytest.LogCaptureFixture) -> None:
    async with bench(topic_retention=1000.0) as (engine, worker, writer):
        await subscribe(worker)
        await worker.function("here::job")
        await subscribe(worker, "here::job")
        await worker.send(type="unregistertrigger", id="t-on::job")
        await worker.barrier()
        await publish(writer, 1)
        await worker.answer()
        await publish(writer, "unclaimed", "nobody")
        await settled(writer, 1)
        topics = engine._topics
        topics._now = lambda: time.time() + 999
        topics._sweep()
        await settled(writer, 1)
        assert await rows(engine) == {"jobs", "nobody"}
        topics._now = lambda: time.time() + 1001
        topics._sweep()
        await settled(writer, 0)
        assert await rows(engine) == set()
        assert "on::job in namespace default had no subscriber for the whole retention: ended, with 1" in caplog.text
        assert "topic nobody: nobody subscribed within the retention: 1 messages are forgotten" in caplog.text
        await publish(writer, 2)
        assert (await worker.answer())["function_id"] == "here::job"
        await subscribe(worker)
        await publish(writer, 3)
        assert {(await worker.answer())["function_id"] for _ in range(2)} == {"here::job", "on::job"}


async def rows(engine: Engine) -> set[str]:
    """The topics that have messages in the store."""
    found = await engine._database.submit(lambda db: db.execute("SELECT topic FROM messages").fetchall())
    return {topic for (topic,) in found}


def test_the_retention_counts_over_restarts(tmp_path: Path) -> None:
    async def run(now: float, *, subscribing: bool) -> list[str]:
        async with bench(data_dir=tmp_path, topic_retention=1000.0) as (engine, worker, writer):
            if subscribing:
                await subscribe(worker)
            engine._topics._now = lambda: now
            engine._topics._sweep()
            return [row["name"] for row in (await writer.call("engine::queue::list_topics", {}))["result"]]

    later = time.time() + 990
    assert asyncio.run(run(0.0, subscribing=True)) == ["default", "jobs"]
    assert asyncio.run(run(0.0, subscribing=False)) == ["default", "jobs"]
    assert asyncio.run(run(later, subscribing=False)) == ["default", "jobs"]
    assert asyncio.run(run(later + 1000, subscribing=False)) == ["default"]
    assert asyncio.run(run(0.0, subscribing=False)) == ["default"]
