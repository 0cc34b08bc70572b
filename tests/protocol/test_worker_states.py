"""Whatever happens in whatever order, every call of the worker machine ends exactly once."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import Raw

from iii_bridge.errors import (
    BacklogFullError,
    ConnectionLostError,
    InvocationTimeoutError,
    Outcome,
    RegistrationRejectedError,
)
from iii_bridge.protocol.builtins import WorkerRegistration
from iii_bridge.protocol.worker import State, WorkerProtocol
from iii_bridge.protocol.worker_events import CallFinished, Invoked
from iii_bridge.wire import RegisterFunction, RegisterTrigger

BACKLOG = 4


class WorkerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.worker = WorkerProtocol(WorkerRegistration("python", "1", "w", "Linux", 7), backlog=BACKLOG)
        self.now = 0.0
        self.started: dict[str, dict[str, Any]] = {}
        self.forgotten: set[str] = set()
        self.ended: dict[str, CallFinished] = {}
        self.on_the_wire: dict[str, int] = {}
        self.serving: set[str] = set()
        self.answered: list[str] = []
        self.functions: list[str] = []
        self.triggers: list[str] = []
        self.replay: deque[tuple[str, str]] = deque()
        self.stopped = False

    # --- what a user does ---

    @rule(timeout=st.floats(0.5, 20.0), void=st.booleans())
    def call(self, timeout: float, void: bool) -> None:
        key = f"call-{len(self.started)}"
        self.started[key] = {"deadline": self.now + timeout, "void": void, "refused": False}
        if self.stopped:
            self.started[key]["refused"] = True
            with pytest.raises(RegistrationRejectedError):
                self.worker.invoke(key, "x::y", Raw(b"{}"), deadline=self.now + timeout, timeout=timeout)
            return
        try:
            self.worker.invoke(key, "x::y", Raw(b"{}"), deadline=self.now + timeout, timeout=timeout, void=void)
        except BacklogFullError:
            self.started[key]["refused"] = True

    @precondition(lambda self: self.open_calls())
    @rule(pick=st.randoms(use_true_random=False))
    def forget(self, pick: Any) -> None:
        key = pick.choice(self.open_calls())
        self.worker.forget(key)
        self.forgotten.add(key)

    @precondition(lambda self: not self.stopped)
    @rule()
    def register(self) -> None:
        function_id = f"f{len(self.functions)}"
        self.functions.append(function_id)
        self.worker.register_function(RegisterFunction(function_id))

    @precondition(lambda self: not self.stopped)
    @rule()
    def bind(self) -> None:
        trigger_id = f"t{len(self.triggers)}"
        self.triggers.append(trigger_id)
        self.worker.register_trigger(RegisterTrigger(trigger_id, "cron", "f0", Raw(b"{}")))

    @rule()
    def withdraw(self) -> None:
        self.worker.withdraw()

    # --- what the connection does ---

    @precondition(lambda self: self.worker.state is State.DISCONNECTED)
    @rule()
    def connect(self) -> None:
        self.worker.connected()
        desired = self.worker.desired
        self.replay = deque(
            [
                ("invokefunction", "engine::workers::register"),
                *(("registerfunction", name) for name in desired.functions),
                *(("registertrigger", name) for name in desired.triggers),
            ]
        )

    @precondition(lambda self: self.worker.state is State.CONNECTED)
    @rule()
    def disconnect(self) -> None:
        self.worker.disconnected()
        self.serving.clear()

    @precondition(lambda self: self.worker.has_frames)
    @rule(count=st.integers(1, 20))
    def write(self, count: int) -> None:
        for _ in range(count):
            entry = self.worker.next_frame()
            if entry is None:
                return
            key, frame = entry
            if key is None:
                self.note_control(json.loads(frame))
            else:
                assert not self.replay, "a call before the replay was over"
                assert key not in self.on_the_wire, "a call was written twice"
                self.on_the_wire[key] = len(self.ended)
                assert key not in self.ended
                assert key not in self.forgotten
                self.worker.written(key)

    @precondition(lambda self: self.worker.has_frames)
    @rule(count=st.integers(1, 5))
    def fail_to_write(self, count: int) -> None:
        """The connection is over already: nothing of the batch got out, and its calls wait for the next one."""
        batch = [entry for _ in range(count) if (entry := self.worker.next_frame()) is not None]
        self.worker.unwritten(batch)
        self.disconnect()

    # --- what the engine does ---

    @precondition(lambda self: self.worker.state is State.CONNECTED)
    @rule()
    def refuse_for_good(self) -> None:
        frame = {"type": "registrationrejected", "code": "WORKER_NAMESPACE_CONFLICT", "namespace": "default"}
        self.worker.receive(json.dumps({**frame, "worker_name": "w", "owner_worker_id": "o"}))
        assert self.worker.state is State.STOPPED
        self.stopped = True
        self.serving.clear()

    @precondition(lambda self: self.worker.state is State.CONNECTED)
    @rule()
    def welcome(self) -> None:
        self.worker.receive('{"type":"workerregistered","worker_id":"w1","reattach_token":"r1"}')

    @precondition(lambda self: self.worker.state is State.CONNECTED and self.on_the_wire)
    @rule(pick=st.randoms(use_true_random=False), kind=st.sampled_from(["result", "error", "malformed", "empty"]))
    def answer(self, pick: Any, kind: str) -> None:
        """Any call that was ever written, so late and repeated answers too."""
        key = pick.choice(sorted(self.on_the_wire))
        members = {
            "result": {"result": {"n": 1}},
            "error": {"error": {"code": "E", "message": "m"}},
            "malformed": {"error": 7},
            "empty": {},
        }[kind]
        frame = {"type": "invocationresult", "invocation_id": key, "function_id": "x::y", **members}
        self.worker.receive(json.dumps(frame))

    @precondition(lambda self: self.worker.state is State.CONNECTED)
    @rule(invocation_id=st.sampled_from(["i1", "i2", "i3"]))
    def invoked(self, invocation_id: str) -> None:
        frame = {"type": "invokefunction", "invocation_id": invocation_id, "function_id": "f", "data": {}}
        self.worker.receive(json.dumps(frame))

    @rule(invocation_id=st.sampled_from(["i1", "i2", "i3"]))
    def reply(self, invocation_id: str) -> None:
        open_here = invocation_id in self.serving
        assert self.worker.reply(invocation_id, "f", Raw(b"1")) is open_here
        self.serving.discard(invocation_id)

    @rule(seconds=st.floats(0.0, 10.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.worker.tick(self.now)

    # --- what must hold ---

    @invariant()
    def every_call_ends_once(self) -> None:
        for event in self.worker.take_events():
            if isinstance(event, CallFinished):
                assert event.key not in self.ended, "a call ended twice"
                assert event.key not in self.forgotten, "a forgotten call ended"
                self.ended[event.key] = event
                self.check_end(event)
            elif isinstance(event, Invoked):
                assert event.invocation_id not in self.serving
                self.serving.add(event.invocation_id)

    @invariant()
    def nothing_follows_a_refusal_for_good(self) -> None:
        if self.stopped:
            assert not self.worker.has_frames
            assert self.worker.next_frame() is None
            assert self.worker.pending_calls == 0

    @invariant()
    def memory_is_bounded(self) -> None:
        assert len(self.worker._pending._deadlines) <= 2 * self.worker.pending_calls + 1025
        assert self.worker._outbox.waiting_calls <= self.worker.pending_calls

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.worker.pending_calls == len(self.open_calls())
        for key in self.open_calls():
            assert self.started[key]["deadline"] > self.now, "a call outlived its deadline"
        if self.worker.state is State.DISCONNECTED:
            assert not set(self.open_calls()) & set(self.on_the_wire), "a sent call outlived its connection"
        if self.open_calls():
            upcoming = self.worker.next_deadline()
            assert upcoming is not None
            assert upcoming <= min(self.started[key]["deadline"] for key in self.open_calls())

    def check_end(self, event: CallFinished) -> None:
        sent = event.key in self.on_the_wire
        if isinstance(event.error, InvocationTimeoutError):
            assert self.started[event.key]["deadline"] <= self.now
            assert event.error.outcome is (Outcome.UNKNOWN if sent else Outcome.NOT_SENT)
        elif isinstance(event.error, ConnectionLostError):
            assert sent, "a queued call survives a lost connection"
        elif isinstance(event.error, RegistrationRejectedError):
            assert not sent, "a call that was sent may have run, and says so"
        else:
            assert sent, "an answer to a call that was not sent"

    def open_calls(self) -> list[str]:
        return [
            key
            for key, call in self.started.items()
            if not call["refused"] and key not in self.ended and key not in self.forgotten
        ]

    def note_control(self, frame: dict[str, Any]) -> None:
        """A new connection begins with reattach, then who this worker is, functions, triggers (wire.md 2.7)."""
        if frame["type"] == "reattach":
            assert self.replay[0][0] == "invokefunction", "a reattach comes first"
        elif self.replay:
            assert (frame["type"], frame.get("id") or frame["function_id"]) == self.replay.popleft()

    def teardown(self) -> None:
        """At the end everything runs out of time, or is closed: then nothing is open."""
        self.worker.close()
        self.every_call_ends_once_at_the_end()

    def every_call_ends_once_at_the_end(self) -> None:
        for event in self.worker.take_events():
            if isinstance(event, CallFinished):
                assert event.key not in self.ended
                self.ended[event.key] = event
        assert self.open_calls() == []
        assert self.worker.pending_calls == 0


TestWorkerMachine = WorkerMachine.TestCase
TestWorkerMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
