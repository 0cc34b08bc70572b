"""Every trigger type has one place: carried, refused by name, or parked."""

from __future__ import annotations

import pytest

from iii_bridge.engine import Engine
from iii_bridge.engine.providers import NOT_CARRIED
from tests.engine.support import BareWorker, asynchronous


@pytest.mark.parametrize("kind", NOT_CARRIED)
@asynchronous
async def test_a_known_type_that_is_not_carried_is_refused_and_never_silent(kind: str) -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.trigger("t", kind, "a::f", {})
        refused = await worker.receive("triggerregistrationresult")
        assert refused["error"]["code"] == "trigger_registration_failed"
        assert f"'{kind}' is not carried by this engine version" in refused["error"]["message"]


@asynchronous
async def test_carried_types_are_not_refused() -> None:
    async with Engine() as engine:
        carried = {kind.id for kind in engine.hub.protocol.triggers.types()}
        known = {
            "http",
            "cron",
            "state",
            "subscribe",
            "durable:subscriber",
            "stream",
            "stream:join",
            "stream:leave",
            "log",
        }
        assert carried == known | {"engine::workers-available", "engine::functions-available"}
        assert not carried & set(NOT_CARRIED)


@asynchronous
async def test_an_unknown_type_is_parked_silently() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.trigger("t", "novel", "a::f", {})
        await worker.send(type="registertriggertype", id="novel", description="")
        assert (await worker.receive("registertrigger"))["id"] == "t"


@asynchronous
async def test_a_fault_in_a_provider_is_a_refusal_and_not_the_end_of_the_connection() -> None:
    async with Engine() as engine:

        class Broken:
            kind = next(kind for kind in engine.hub.protocol.triggers.types() if kind.id == "http")

            def register(self, binding: object) -> None:
                raise ZeroDivisionError

            def unregister(self, binding: object) -> None:
                raise AssertionError("never registered")

        engine.hub.add_provider(Broken())
        worker = await BareWorker.join(engine)
        await worker.trigger("t", "http", "a::f", {"api_path": "/x"})
        refused = await worker.receive("triggerregistrationresult")
        assert "failed inside the engine" in refused["error"]["message"]


@asynchronous
async def test_a_function_that_is_not_carried_is_missing_and_the_text_says_why() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        for function_id in ("engine::traces::list", "engine::metrics::list", "configuration::get"):
            error = (await worker.call(function_id, {}))["error"]
            assert error["code"] == "function_not_found"
            assert "does not carry" in error["message"]
        assert "does not carry" not in (await worker.call("a::none", {}))["error"]["message"]
        await worker.function("configuration::get")
        await worker.start("configuration::get", {})
        await worker.answer("a worker may provide it")
        assert (await worker.receive("invocationresult"))["result"] == "a worker may provide it"
