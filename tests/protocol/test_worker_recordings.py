"""The worker machine replayed against what a real engine said.

Every `>` frame of a recorded worker is produced by the machine and compared;
every `<` frame is fed in, and its effect compared.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UNSET, Raw

from iii_bridge.errors import ConnectionLostError, InvocationError
from iii_bridge.protocol.builtins import WORKERS_REGISTER, WorkerRegistration
from iii_bridge.protocol.worker import State, WorkerProtocol
from iii_bridge.protocol.worker_events import (
    CallFinished,
    Event,
    FunctionRejected,
    Invoked,
    PeerFault,
    Registered,
    Stopped,
    TriggerFailed,
    TriggerRemoved,
    TriggerRequested,
)
from iii_bridge.wire import ErrorBody, RegisterFunction, RegisterTrigger, RegisterTriggerType

RECORDINGS = Path(__file__).parents[1] / "transcripts" / "recordings"
NAMES = [
    "calls.jsonl",
    "registration.jsonl",
    "http.jsonl",
    "discovery-channels-types.jsonl",
    "state-stream-pubsub-cron-queue.jsonl",
]
# Frames no bridge sends: the recorder tried what an engine does with them.
NOT_OURS = {"ping", "novel", "reattach"}
EXPECTED = {
    "workerregistered": Registered,
    "invokefunction": Invoked,
    "triggerregistrationresult": TriggerFailed,
    "registertrigger": TriggerRequested,
    "unregistertrigger": TriggerRemoved,
}


def raw(frame: dict[str, Any], name: str) -> Any:
    return Raw(msgspec.json.encode(frame[name])) if name in frame else UNSET


class Replay:
    """One recorded connection and the machine that stands in for it."""

    def __init__(self) -> None:
        self.worker = WorkerProtocol(WorkerRegistration("python", "0", "recorded", "Linux", 1))
        self.worker.connected()
        self.written()
        self.calls: set[str] = set()
        self.voids = 0
        self.requested: dict[str, RegisterTrigger] = {}
        self.sent = 0
        self.received = 0

    def written(self) -> list[Any]:
        frames = []
        while (entry := self.worker.next_frame()) is not None:
            frames.append(json.loads(entry[1]))
            if entry[0] is not None:
                self.worker.written(entry[0])
        return frames

    # --- what the recorded worker sent ---

    def send(self, frame: dict[str, Any]) -> None:
        if frame["type"] in NOT_OURS or ("data" not in frame and frame["type"] == "invokefunction"):
            return
        getattr(self, f"send_{frame['type']}")(frame)
        (ours,) = self.written()
        assert plain(ours, frame) == plain(frame, frame)
        self.sent += 1
        # Only a void call is over once it is written.
        assert all(isinstance(e, CallFinished) and e.key.startswith("void-") for e in self.worker.take_events())

    def send_invokefunction(self, frame: dict[str, Any]) -> None:
        action = frame.get("action", {})
        void = action.get("type") == "void" or "invocation_id" not in frame
        self.voids += void
        key = f"void-{self.voids}" if void else frame["invocation_id"]
        self.worker.invoke(
            key,
            frame["function_id"],
            raw(frame, "data"),
            deadline=99.0,
            timeout=99.0,
            namespace=frame.get("namespace"),
            metadata=raw(frame, "metadata"),
            traceparent=frame.get("traceparent"),
            baggage=frame.get("baggage"),
            queue=action.get("queue"),
            void=void,
        )
        if not void:
            self.calls.add(key)

    def send_invocationresult(self, frame: dict[str, Any]) -> None:
        error = ErrorBody(**frame["error"]) if "error" in frame else None
        result = None if "result" not in frame else raw(frame, "result")
        assert self.worker.reply(frame["invocation_id"], frame["function_id"], result, error)

    def send_registerfunction(self, frame: dict[str, Any]) -> None:
        self.worker.register_function(
            RegisterFunction(
                frame["id"],
                frame.get("description", UNSET),
                raw(frame, "request_format"),
                raw(frame, "response_format"),
                raw(frame, "metadata"),
            )
        )

    def send_unregisterfunction(self, frame: dict[str, Any]) -> None:
        self.worker.unregister_function(frame["id"])

    def send_registertrigger(self, frame: dict[str, Any]) -> None:
        self.worker.register_trigger(
            RegisterTrigger(
                frame["id"],
                frame["trigger_type"],
                frame["function_id"],
                raw(frame, "config"),
                raw(frame, "metadata"),
                frame.get("namespace", UNSET),
                frame.get("trigger_namespace", UNSET),
            )
        )

    def send_unregistertrigger(self, frame: dict[str, Any]) -> None:
        self.worker.unregister_trigger(frame["id"])

    def send_registertriggertype(self, frame: dict[str, Any]) -> None:
        formats = raw(frame, "trigger_request_format"), raw(frame, "call_request_format")
        self.worker.register_trigger_type(RegisterTriggerType(frame["id"], frame["description"], *formats))

    def send_triggerregistrationresult(self, frame: dict[str, Any]) -> None:
        error = ErrorBody(**frame["error"]) if "error" in frame else None
        self.worker.answer_trigger(self.requested[frame["id"]], error)

    # --- what the recorded engine sent ---

    def receive(self, frame: dict[str, Any]) -> None:
        self.worker.receive(json.dumps(frame))
        events = self.worker.take_events()
        self.received += 1
        assert not [event for event in events if isinstance(event, PeerFault)]
        kind = frame["type"]
        if kind == "invocationresult":
            self.check_result(frame, events)
        elif kind == "registrationrejected":
            expected = FunctionRejected if "function_id" in frame else Stopped
            assert isinstance(events[-1], expected)
        elif kind == "pong":
            assert events == []
        else:
            (event,) = events
            assert isinstance(event, EXPECTED[kind])
            self.check_event(frame, event)

    def check_event(self, frame: dict[str, Any], event: Event) -> None:
        if isinstance(event, Invoked):
            assert event.invocation_id == frame["invocation_id"]
            assert json.loads(bytes(event.frame.data)) == frame["data"]  # type: ignore[arg-type]
        elif isinstance(event, TriggerRequested):
            self.requested[event.frame.id] = event.frame

    def check_result(self, frame: dict[str, Any], events: list[Event]) -> None:
        if frame["invocation_id"] not in self.calls:
            assert events == []
            return
        self.calls.discard(frame["invocation_id"])
        (event,) = events
        assert isinstance(event, CallFinished)
        assert event.key == frame["invocation_id"]
        if "error" in frame:
            assert isinstance(event.error, InvocationError)
            assert (event.error.code, event.error.message) == (frame["error"]["code"], frame["error"]["message"])
        else:
            assert event.error is None
            assert json.loads(bytes(event.result)) == frame.get("result")

    def close(self) -> None:
        self.worker.disconnected()
        lost = [event for event in self.worker.take_events() if isinstance(event, CallFinished)]
        assert {event.key for event in lost} == self.calls
        assert all(isinstance(event.error, ConnectionLostError) for event in lost)


def plain(frame: dict[str, Any], recorded: dict[str, Any]) -> dict[str, Any]:
    """Leaves out what may differ: the recorder named no namespace, and null is the same as no result."""
    kept = {name: value for name, value in frame.items() if name != "namespace" or "namespace" in recorded}
    if kept.get("action") == {"type": "void"}:
        kept.pop("invocation_id", None)  # the recorder sent one along, a bridge does not
    if frame["type"] == "invocationresult" and kept.get("result", 0) is None:
        del kept["result"]
    if frame["type"] == "invokefunction" and "invocation_id" not in recorded:
        kept.pop("action", None)  # no id means void (wire.md 5.3)
    if frame["type"] == "unregistertrigger":
        kept.pop("trigger_type", None)
    return kept


@pytest.mark.parametrize("name", NAMES)
def test_the_machine_agrees_with_a_recording(name: str) -> None:
    replays: dict[str, Replay] = {}
    for line in (RECORDINGS / name).read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        frame = event.get("frame")
        conn = event.get("conn")
        if conn is None:
            continue
        if isinstance(frame, dict) and frame.get("type") == "workerregistered":
            replays[conn] = Replay()
        replay = replays.get(conn)
        if replay is None or replay.worker.state is not State.CONNECTED:
            continue
        if "closed" in event:
            replay.close()
        elif isinstance(frame, dict) and "type" in frame:
            (replay.send if event["dir"] == ">" else replay.receive)(frame)
    assert sum(replay.sent for replay in replays.values()) >= 10
    assert sum(replay.received for replay in replays.values()) >= 10


def test_the_comparison_can_fail() -> None:
    answer = {"type": "invocationresult", "invocation_id": "k", "function_id": "x", "result": {"n": 1}}
    replay = Replay()
    replay.send({"type": "invokefunction", "invocation_id": "k", "function_id": "x", "data": 1})
    replay.worker.receive(json.dumps(answer | {"result": {"n": 2}}))
    with pytest.raises(AssertionError):
        replay.check_result(answer, replay.worker.take_events())
    with pytest.raises(AssertionError):
        replay.send({"type": "registerfunction", "id": "f", "novel": True})


def test_the_recorded_register_call_is_one_a_bridge_could_send() -> None:
    lines = (RECORDINGS / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    frames = [json.loads(line).get("frame", {}) for line in lines]
    data = next(frame["data"] for frame in frames if frame.get("function_id") == WORKERS_REGISTER)
    ours = set(WorkerRegistration.__struct_fields__)
    assert set(data) <= ours
