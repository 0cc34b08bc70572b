"""Baggage functions, and how built-in functions are called."""

from __future__ import annotations

from iii_bridge.engine import Engine
from iii_bridge.engine.builtins import baggage
from tests.engine.support import BareWorker, asynchronous


@asynchronous
async def test_baggage() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        assert (await worker.call("engine::baggage::get", {"key": "a"}))["result"] == {"value": None}
        assert (await worker.call("engine::baggage::set", {"key": "a", "value": "b"}))["result"]["success"] is True
        assert (await worker.call("engine::baggage::get_all", {}))["result"] == {"baggage": {}}
        assert (await worker.call("engine::baggage::get", {}))["error"]["code"] == "deserialization_error"


@asynchronous
async def test_no_payload_is_an_empty_one() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine, "w")
        listed = (await worker.call("engine::workers::list", None))["result"]["workers"]
        assert [row["name"] for row in listed] == ["w"]
        await worker.send(
            type="invokefunction", invocation_id="00000000-0000-4000-8000-000000000000",
            function_id="engine::channels::create",
        )  # fmt: skip
        assert set((await worker.receive("invocationresult"))["result"]) == {"writer", "reader"}
        error = (await worker.call("engine::workers::info", None))["error"]
        assert "name" in error["message"]


def test_every_builtin_says_what_it_does() -> None:
    assert all(builtin.description for builtin in baggage())
