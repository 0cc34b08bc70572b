"""Whatever happens in whatever order, every call of the worker machine ends exactly once."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import Raw

from iii_bridge.errors import BacklogFullError, ConnectionLostError, InvocationTimeoutError, Outcome
from iii_bridge.protocol.builtins import WorkerRegistration
from iii_bridge.protocol.worker import State, WorkerProtocol
from iii_bridge.protocol.worker_events import CallFinished, Invoked
from iii_bridge.wire import RegisterFunction

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

    # --- what a user does ---

    @rule(timeout=st.floats(0.5, 20.0), void=st.booleans())
    def call(self, timeout: float, void: bool) -> None:
        key = f"call-{len(self.started)}"
        self.started[key] = {"deadline": self.now + timeout, "void": void, "refused": False}
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

    @rule()
    def register(self) -> None:
        function_id = f"f{len(self.functions)}"
        self.functions.append(function_id)
        self.worker.register_function(RegisterFunction(function_id))

    # --- what the connection does ---

    @precondition(lambda self: self.worker.state is State.DISCONNECTED)
    @rule()
    def connect(self) -> None:
        self.worker.connected()

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
                assert key not in self.on_the_wire, "a call was written twice"
                self.on_the_wire[key] = len(self.ended)
                assert key not in self.ended
                assert key not in self.forgotten
                self.worker.written(key)

    # --- what the engine does ---

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
        else:
            assert sent, "an answer to a call that was not sent"

    def open_calls(self) -> list[str]:
        return [
            key
            for key, call in self.started.items()
            if not call["refused"] and key not in self.ended and key not in self.forgotten
        ]

    def note_control(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "registerfunction":
            assert frame["id"] in self.functions

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
