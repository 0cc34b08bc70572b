"""Log and baggage functions, and bindings nobody owns."""

from __future__ import annotations

import asyncio
import logging

import pytest

from iii_bridge.engine import Engine
from iii_bridge.engine.builtins import log_and_baggage
from tests.engine.support import BareWorker, asynchronous


def test_workers_log_through_the_engine(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with Engine() as engine:
            worker = await BareWorker.join(engine)
            entry = {"message": "hello", "service_name": "orders", "data": {"n": 1}}
            for level in ("trace", "debug", "info", "warn", "error"):
                answer = await worker.call(f"engine::log::{level}", entry)
                assert "result" not in answer
                assert "error" not in answer
            bad = await worker.call("engine::log::info", {})
            assert bad["error"]["code"] == "deserialization_error"

    with caplog.at_level(logging.DEBUG, "iii_bridge.engine.worker"):
        asyncio.run(run())
    levels = [r.levelname for r in caplog.records if r.name == "iii_bridge.engine.worker"]
    assert levels == ["DEBUG", "DEBUG", "INFO", "WARNING", "ERROR"]
    assert "orders: hello" in caplog.text


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
    assert all(builtin.description for builtin in log_and_baggage())
