"""Telemetry frames: log records reach triggers, everything else is accepted and dropped (wire.md 1.2, 1.4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect

from iii_bridge.engine import Engine
from tests.engine.support import BareWorker, asynchronous

RECORD = {
    "timeUnixNano": "1700000000000000001",
    "observedTimeUnixNano": "1700000000000000002",
    "severityNumber": 14,
    "severityText": "warn",
    "body": {"stringValue": "hello"},
    "attributes": [
        {"key": "text", "value": {"stringValue": "x"}},
        {"key": "whole", "value": {"intValue": "9223372036854775807"}},
        {"key": "real", "value": {"doubleValue": 1.5}},
        {"key": "yes", "value": {"boolValue": True}},
        {"key": "list", "value": {"arrayValue": {"values": [{"intValue": 1}, {}]}}},
        {"key": "map", "value": {"kvlistValue": {"values": [{"key": "a", "value": {"bytesValue": "AA=="}}]}}},
        {"key": "nothing"},
    ],
    "traceId": "0af7651916cd43dd8448eb211c80319c",
    "spanId": "b7ad6b7169203331",
}


def frame(record: dict[str, Any], **scope: Any) -> bytes:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "orders"}}]}
    logs = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record], **scope}]}]}
    return b"LOGS" + json.dumps(logs).encode()


@pytest.mark.parametrize("path", ["/", "/otel"])
@asynchronous
async def test_log_records_reach_their_triggers(path: str) -> None:
    async with Engine() as engine:
        worker = await BareWorker.join(engine)
        await worker.function("on::log")
        await worker.trigger("t", "log", "on::log", {"level": "warn"})
        async with connect(engine.url + path) as socket:
            for junk in (b"OTLP{}", b"MTRC junk", b"LOGS junk", b"LOGS{}", b"LOGS" + b"[" * 100_000):
                await socket.send(junk)
            await socket.send(frame({**RECORD, "severityText": "INFO"}))
            await socket.send(frame({"severityNumber": 13, "timeUnixNano": "x"}))
            await socket.send(frame(RECORD, scope={"name": "lib", "version": "1"}))
            await socket.send(frame({"severityNumber": 13, "body": {"intValue": 7}}))
            got = (await worker.answer())["data"]
            short = (await worker.answer())["data"]
        assert got == {
            "timestamp_unix_nano": 1700000000000000001,
            "observed_timestamp_unix_nano": 1700000000000000002,
            "severity_number": 14,
            "severity_text": "WARN",
            "body": "hello",
            "attributes": {
                "text": "x",
                "whole": 2**63 - 1,
                "real": 1.5,
                "yes": True,
                "list": [1, None],
                "map": {"a": "AA=="},
                "nothing": None,
            },
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "span_id": "b7ad6b7169203331",
            "resource": {"service.name": "orders"},
            "service_name": "orders",
            "instrumentation_scope_name": "lib",
            "instrumentation_scope_version": "1",
        }
        assert (short["severity_text"], short["body"], short["trace_id"]) == ("WARN", "7", None)
        assert "instrumentation_scope_name" not in short
