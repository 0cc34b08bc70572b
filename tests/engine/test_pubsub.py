"""Publishing to whoever listens (wire.md 7.5)."""

from __future__ import annotations

from iii_bridge.engine import Engine
from tests.engine.support import BareWorker, asynchronous


@asynchronous
async def test_every_subscriber_gets_it_and_leaving_mutes_nobody_else() -> None:
    async with Engine() as engine:
        worker, writer = await BareWorker.join(engine), await BareWorker.join(engine)
        for name in ("one", "two"):
            await worker.function(f"on::{name}")
            await worker.trigger(name, "subscribe", f"on::{name}", {"topic": "news"}, metadata={"m": 1})
        answer = await writer.call("publish", {"topic": "news", "data": {"x": 1}})
        assert "result" not in answer
        calls = [await worker.answer(error={"code": "x", "message": "m"}) for _ in range(2)]
        assert {c["function_id"] for c in calls} == {"on::one", "on::two"}
        assert [c["data"] for c in calls] == [{"x": 1}] * 2
        assert not any("metadata" in c for c in calls)
        await worker.send(type="unregistertrigger", id="one")
        await worker.barrier()
        await writer.call("publish", {"topic": "news", "data": 2})
        assert (await worker.answer())["function_id"] == "on::two"
        await writer.call("publish", {"topic": "other", "data": 3})
        await writer.call("publish", {"topic": "news", "data": 4})
        assert (await worker.answer())["data"] == 4


@asynchronous
async def test_what_is_missing() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        empty = (await worker.call("publish", {"topic": "", "data": 1}))["error"]
        assert empty == {"code": "topic_not_set", "message": "Topic is not set"}
        none = (await worker.call("publish", {"topic": "t"}))["error"]
        assert none["message"] == "Failed to deserialize input for publish: missing field `data`"
        await worker.trigger("t", "subscribe", "a::f", {})
        await worker.call("publish", {"topic": "t", "data": 1})
        assert engine.hub.protocol.triggers.find("t") is not None
