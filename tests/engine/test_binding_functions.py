"""Triggers bound by a function call: acknowledged, refused, removed, owned by nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx

from iii_bridge.engine import Engine
from tests.engine.support import BareWorker, asynchronous


@asynchronous
async def test_a_binding_outlives_its_maker() -> None:
    async with Engine() as engine:
        worker, maker = await BareWorker.join(engine), await BareWorker.join(engine)
        await worker.function("a::f")
        request = {"trigger_type": "http", "function_id": "a::f", "config": {"api_path": "/f"}}
        made = (await maker.call("engine::register_trigger", request))["result"]
        await maker.close()
        async with httpx.AsyncClient(base_url=engine.http_url, trust_env=False) as client:
            asked = asyncio.create_task(client.get("/f"))
            await worker.answer({"body": 1})
            assert (await asked).json() == 1
            removed = await worker.call("engine::unregister_trigger", made)
            assert removed["result"] == {"removed": True}
            assert (await client.get("/f")).status_code == 404
        assert (await worker.call("engine::unregister_trigger", made))["result"] == {"removed": False}


@asynchronous
async def test_refusals_are_answers() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        bad = await worker.call("engine::register_trigger", {"trigger_type": "http", "function_id": "a::f"})
        assert bad["error"]["code"] == "trigger_registration_failed"
        trace = await worker.call("engine::register_trigger", {"trigger_type": "trace", "function_id": "a::f"})
        assert "'trace' is not carried" in trace["error"]["message"]
        asked = {"trigger_type": "http", "function_id": "a::f", "config": {"api_path": "/f"}, "trigger_namespace": " "}
        assert (await worker.call("engine::register_trigger", asked))["error"]["code"] == "INVALID_NAMESPACE"


@asynchronous
async def test_a_workers_verdict_is_waited_for() -> None:
    async with Engine() as engine:
        provider, maker = await BareWorker.join(engine), await BareWorker.join(engine)
        await provider.send(type="registertriggertype", id="hook", description="d")
        await provider.barrier()
        for error in (None, {"code": "X", "message": "no"}):
            await maker.start("engine::register_trigger", {"trigger_type": "hook", "function_id": "a::f"})
            asked = await provider.receive("registertrigger")
            await provider.send(
                type="triggerregistrationresult", id=asked["id"], trigger_type="hook", function_id="a::f", error=error
            )
            answer = await maker.receive("invocationresult")
            if error is None:
                assert answer["result"] == {"id": asked["id"]}
            else:
                assert answer["error"] == {"code": "trigger_registration_failed", "message": "X: no"}


def test_they_outlive_the_engine_whoever_removes_them(tmp_path: Path) -> None:
    made: list[str] = []

    async def bind(worker: BareWorker, **more: Any) -> str:
        asked = {"trigger_type": "hook", "function_id": "a::f", "config": {"n": 1}, "metadata": {"m": 1}, **more}
        await worker.start("engine::register_trigger", asked)
        bound = await worker.receive("registertrigger")
        await worker.send(type="triggerregistrationresult", id=bound["id"], trigger_type="hook", function_id="a::f")
        answer = await worker.receive("invocationresult")
        assert answer["result"] == {"id": bound["id"]}
        return str(bound["id"])

    async def first() -> None:
        async with Engine(data_dir=tmp_path) as engine:
            worker = await BareWorker.join(engine)
            await worker.send(type="registertriggertype", id="hook", description="")
            made.extend([await bind(worker) for _ in range(3)])
            await worker.send(type="unregistertrigger", id=made[0])
            removed = await worker.call("engine::unregister_trigger", {"id": made[1]})
            assert removed["result"] == {"removed": True}

    async def second() -> None:
        async with Engine(data_dir=tmp_path) as engine:
            worker = await BareWorker.join(engine)
            await worker.send(type="registertriggertype", id="hook", description="")
            bound = await worker.receive("registertrigger")
            assert (bound["id"], bound["config"], bound["metadata"]) == (made[2], {"n": 1}, {"m": 1})
            await engine._database.submit(lambda db: db.execute("DROP TABLE triggers"))
            error = (await worker.call("engine::unregister_trigger", {"id": made[2]}))["error"]
            assert error["code"] == "unregister_failed"
            await worker.start("engine::register_trigger", {"trigger_type": "hook", "function_id": "a::f"})
            lost = await worker.receive("registertrigger")
            await worker.send(type="triggerregistrationresult", id=lost["id"], trigger_type="hook", function_id="a::f")
            assert "could not be stored" in (await worker.receive("invocationresult"))["error"]["message"]
            assert engine.hub.protocol.triggers.find(lost["id"]) is None

    asyncio.run(first())
    asyncio.run(second())
