"""Triggers bound by a function call: acknowledged, refused, removed, owned by nobody."""

from __future__ import annotations

import asyncio

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
