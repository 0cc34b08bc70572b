"""What official SDKs sent to a silent recorder, sent to the embedded engine: every frame is dealt with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect

from iii_bridge.engine import Engine
from tests.engine.support import asynchronous
from tests.transcripts.replayer import load


def main_frames(name: str) -> list[Any]:
    """The frames of the first protocol connection, as they were."""
    events = load(name)
    conn = next(e["conn"] for e in events if e.get("path") == "/")
    return [e["frame"] for e in events if e["conn"] == conn and "frame" in e]


@pytest.mark.parametrize("name", ["sdk-python-0.25.0.jsonl", "sdk-node-0.22.1.jsonl"])
@asynchronous
async def test_everything_an_sdk_sends_is_understood(name: str) -> None:
    frames = main_frames(name)
    # one is behind an endpoint over plain http, which no engine calls unless it is told to
    registered = {f["id"] for f in frames if f["type"] == "registerfunction" and "invocation" not in f}
    asked = {f["invocation_id"] for f in frames if f["type"] == "invokefunction" and f.get("invocation_id")}
    async with Engine() as engine, connect(engine.url) as socket:
        for frame in frames:
            await socket.send(json.dumps(frame))
        await socket.send('{"type":"ping"}')
        came: list[Any] = []
        while {"type": "pong"} not in came or asked - {f.get("invocation_id") for f in came}:
            came.append(json.loads(await socket.recv()))
        known = {entry.id for entry in engine.hub.protocol.catalogue if entry.owner is not None}
        assert known == registered
        (worker,) = engine.hub.protocol.workers()
        assert worker.details.name in ("cap", "cap-node")
        assert [b.trigger_type for b in engine.hub.protocol.triggers.bindings()] == ["http"]
        answers = [f for f in came if f["type"] == "invocationresult"]
        assert {f["invocation_id"] for f in answers} == asked
        codes = {f["error"]["code"] for f in answers if "error" in f}
        # the recorded targets live nowhere; NaN is no JSON
        assert codes == {"function_not_found"} | ({"invalid_request"} if "python" in name else set())
        assert not [f for f in came if f["type"] == "triggerregistrationresult"]
