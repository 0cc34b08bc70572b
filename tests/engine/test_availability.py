"""Availability triggers: workers that come and go, functions that change."""

from __future__ import annotations

from iii_bridge.engine import Engine
from iii_bridge.engine.availability import FunctionsAvailable
from iii_bridge.engine.discovery import Discovery
from tests.engine.support import BareWorker, asynchronous


@asynchronous
async def test_workers_that_come_and_go_are_announced() -> None:
    async with Engine() as engine:
        watcher = await BareWorker.join(engine)
        await watcher.function("w::seen")
        await watcher.trigger("t", "engine::workers-available", "w::seen", {}, metadata={"m": 1})
        other = await BareWorker.join(engine, "other")
        await other.close()
        calls = [await watcher.answer() for _ in range(3)]
        assert [call["data"] for call in calls] == [
            {"event": event, "worker_id": other.id}
            for event in ("worker_connected", "worker_metadata_updated", "worker_disconnected")
        ]
        assert calls[0]["metadata"] == {"m": 1}


@asynchronous
async def test_changed_functions_are_announced_once_per_look() -> None:
    async with Engine() as engine:
        quick = FunctionsAvailable(engine.hub, Discovery(engine.hub.protocol), poll=0.01)
        engine.hub.add_provider(quick)
        watcher = await BareWorker.join(engine, "w")
        await watcher.function("w::seen")
        await watcher.trigger("t", "engine::functions-available", "w::seen", {})
        await watcher.function("w::new", description="d")
        call = await watcher.answer()
        assert call["data"]["event"] == "functions_changed"
        row = {"function_id": "w::new", "namespace": "default", "worker_name": "w", "description": "d"}
        assert row in call["data"]["functions"]
        await watcher.send(type="unregistertrigger", id="t")
        await watcher.barrier()
        quick.close()


@asynchronous
async def test_the_same_functions_again_are_no_news() -> None:
    async with Engine() as engine:
        quick = FunctionsAvailable(engine.hub, Discovery(engine.hub.protocol), poll=3600)
        engine.hub.add_provider(quick)
        watcher = await BareWorker.join(engine, "w")
        await watcher.function("w::seen")
        await watcher.trigger("t", "engine::functions-available", "w::seen", {})
        await watcher.function("w::seen")
        other = await BareWorker.join(engine)
        await other.function("o::f")
        await other.send(type="unregisterfunction", id="o::f")
        await other.barrier()
        quick._look()
        await watcher.barrier()
        quick.close()
        assert watcher._others == []


@asynchronous
async def test_a_function_that_fails_is_logged_and_forgotten() -> None:
    async with Engine() as engine:
        watcher = await BareWorker.join(engine)
        await watcher.trigger("t", "engine::workers-available", "w::missing", {})
        other = await BareWorker.join(engine)
        await other.close()
        await watcher.barrier()
