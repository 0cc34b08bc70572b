"""Log functions and trigger `log` (wire.md 7.7)."""

from __future__ import annotations

import asyncio
import logging

import pytest

from iii_bridge.engine import Engine
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
async def test_a_level_is_compared_for_equality() -> None:
    async with Engine() as engine:
        worker, writer = await BareWorker.join(engine), await BareWorker.join(engine)
        for name, config in {"all": {}, "every": {"level": "all"}, "warn": {"level": "warn"}}.items():
            await worker.function(f"on::{name}")
            await worker.trigger(name, "log", f"on::{name}", config, metadata={"m": name}, namespace="elsewhere")
        entry = {"message": "hello", "data": {"n": 1}, "trace_id": "t", "span_id": "s", "service_name": "orders"}
        await writer.call("engine::log::error", entry)
        calls = [await worker.answer() for _ in range(2)]
        assert [c["function_id"] for c in calls] == ["on::all", "on::every"]
        assert calls[0]["metadata"] == {"m": "all"}
        record = calls[0]["data"]
        assert record.pop("timestamp_unix_nano") == record.pop("observed_timestamp_unix_nano") > 1.7e18
        assert record == {
            "severity_number": 17,
            "severity_text": "ERROR",
            "body": "hello",
            "attributes": {"n": 1},
            "trace_id": "t",
            "span_id": "s",
            "resource": {},
            "service_name": "orders",
        }
        await writer.call("engine::log::warn", {"message": "careful", "data": [1]})
        calls = [await worker.answer() for _ in range(3)]
        assert [c["function_id"] for c in calls] == ["on::all", "on::every", "on::warn"]
        assert calls[0]["data"]["attributes"] == {"data": [1]}


@asynchronous
async def test_a_level_there_is_not() -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.trigger("t", "log", "a::f", {"level": "loud"})
        refused = await worker.receive("triggerregistrationresult")
        assert refused["error"]["message"] == "level 'loud' is none of all, trace, debug, info, warn, error"
