"""Any order of events: every call ends once, nothing is sent to the dead, no table keeps what has gone."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.protocol.engine_machine import Machine

IDS = ["a::f", "a::g"]
NAMESPACES = [None, "default", "shop"]
TYPES = ["hook", "cron"]
pick = st.integers(0, 1000)


class EngineSession(RuleBasedStateMachine):
    """A model of what callers are owed beside the machine."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine()
        self.live: list[str] = []
        self.tokens: dict[str, str] = {}
        self.owed: dict[str, set[str]] = {}
        self.todo: dict[str, list[Any]] = {}
        self.now = 0.0
        self.calls = 0

    def worker(self, number: int) -> str:
        return self.live[number % len(self.live)]

    def settle(self) -> None:
        """Reads what was sent: answers pay a debt, calls are work to do."""
        for connection in list(self.machine.sent):
            for frame in self.machine.take(connection):
                assert connection in self.live, f"sent to a connection that has gone: {frame['type']}"
                if frame["type"] == "invocationresult":
                    self.owed[connection].remove(frame["invocation_id"])  # KeyError: answered twice, or never asked
                elif frame["type"] == "invokefunction":
                    self.todo[connection].append(frame["invocation_id"])
                elif frame["type"] == "workerregistered":
                    self.tokens[connection] = frame["reattach_token"]
        gone = set(self.live) - {worker.id for worker in self.machine.protocol.workers()}
        for connection in gone:
            self.forget(connection)

    def forget(self, connection: str) -> None:
        self.live.remove(connection)
        del self.owed[connection], self.todo[connection]

    @initialize()
    def two_workers_and_a_function(self) -> None:
        """Where most sessions are after their first moments."""
        for _ in range(2):
            self.connect()
            self.register(len(self.live) - 1, None, None)
        self.function(0, "a::f")

    @rule()
    def connect(self) -> None:
        if len(self.live) < 6:
            connection, effects = self.machine.protocol.connect(self.now)
            self.live.append(connection)
            self.owed[connection], self.todo[connection] = set(), []
            self.machine.apply(effects)
            self.settle()

    @precondition(lambda self: self.live)
    @rule(number=pick, namespace=st.sampled_from(NAMESPACES), name=st.sampled_from([None, "x", "y"]))
    def register(self, number: int, namespace: str | None, name: str | None) -> None:
        data = {"namespace": namespace, "name": name}
        self.machine.frame(
            self.worker(number), type="invokefunction", function_id="engine::workers::register", data=data
        )
        self.settle_rejected()

    def settle_rejected(self) -> None:
        """A name conflict tells the connection and ends it: those frames are its last."""
        for frames in self.machine.sent.values():
            if frames and any(frame["type"] == "registrationrejected" for frame in frames):
                frames[:] = [frame for frame in frames if frame["type"] != "registrationrejected"]
        self.settle()

    @precondition(lambda self: self.live)
    @rule(number=pick, function_id=st.sampled_from(IDS))
    def function(self, number: int, function_id: str) -> None:
        self.machine.frame(self.worker(number), type="registerfunction", id=function_id)
        self.settle_rejected()

    @precondition(lambda self: self.live)
    @rule(number=pick, function_id=st.sampled_from(IDS))
    def unregister(self, number: int, function_id: str) -> None:
        self.machine.frame(self.worker(number), type="unregisterfunction", id=function_id)
        self.settle()

    @precondition(lambda self: self.live)
    @rule(number=pick, shared=st.booleans())
    def usual_call(self, number: int, shared: bool) -> None:
        self.call(number, "a::f", None, shared)

    @precondition(lambda self: self.live)
    @rule(number=pick, function_id=st.sampled_from(IDS), namespace=st.sampled_from(NAMESPACES), shared=st.booleans())
    def call(self, number: int, function_id: str, namespace: str | None, shared: bool) -> None:
        """A synchronous call; callers share ids on purpose, but one caller does not reuse its own."""
        caller = self.worker(number)
        self.calls += 1
        chosen = f"{self.calls if not shared else 0:08x}-2222-4000-8000-000000000000"
        if chosen in self.owed[caller]:
            return
        self.owed[caller].add(chosen)
        self.machine.call(caller, function_id, {"n": 1}, chosen, namespace=namespace)
        self.settle()

    @precondition(lambda self: self.live)
    @rule(number=pick, function_id=st.sampled_from(IDS))
    def void(self, number: int, function_id: str) -> None:
        self.machine.frame(
            self.worker(number), type="invokefunction", function_id=function_id, data={}, action={"type": "void"}
        )
        self.settle()

    @precondition(lambda self: any(self.todo.values()))
    @rule(number=pick)
    def usual_answer(self, number: int) -> None:
        self.answer(number, False, False)

    @precondition(lambda self: any(self.todo.values()))
    @rule(number=pick, fails=st.booleans(), twice=st.booleans())
    def answer(self, number: int, fails: bool, twice: bool) -> None:
        busy = [connection for connection in self.live if self.todo[connection]]
        connection = busy[number % len(busy)]
        invocation_id = self.todo[connection].pop(number % len(self.todo[connection]))
        body: dict[str, Any] = {"error": {"code": "c", "message": "m"}} if fails else {"result": 1}
        for _ in range(1 + twice):
            self.machine.frame(connection, type="invocationresult", invocation_id=invocation_id, **body)
        self.settle()

    @precondition(lambda self: self.live)
    @rule(number=pick, guess=pick)
    def stray_answer(self, number: int, guess: int) -> None:
        """Somebody else's id: only the executor may answer."""
        stranger = self.worker(number)
        others = [i for c in self.live if c != stranger for i in self.todo[c] if i not in self.todo[stranger]]
        if others:
            before = {connection: set(owed) for connection, owed in self.owed.items()}
            self.machine.frame(stranger, type="invocationresult", invocation_id=others[guess % len(others)], result=0)
            self.settle()
            assert self.owed == before

    @precondition(lambda self: self.live)
    @rule(number=pick, kind=st.sampled_from(TYPES), trigger=st.sampled_from(["t1", "t2"]))
    def trigger(self, number: int, kind: str, trigger: str) -> None:
        self.machine.frame(
            self.worker(number), type="registertrigger", id=trigger, trigger_type=kind, function_id="a::f", config={}
        )
        self.settle()

    @precondition(lambda self: self.live)
    @rule(number=pick, kind=st.sampled_from(TYPES))
    def provide(self, number: int, kind: str) -> None:
        self.machine.frame(self.worker(number), type="registertriggertype", id=kind, description="")
        self.settle()

    @precondition(lambda self: len(self.live) > 2)
    @rule(number=pick)
    def disconnect(self, number: int) -> None:
        connection = self.worker(number)
        effects = self.machine.protocol.disconnect(connection)
        self.forget(connection)
        self.machine.apply(effects)
        self.settle()

    @precondition(lambda self: len(self.live) > 2)
    @rule(number=pick, other=pick, right=st.booleans())
    def reattach(self, number: int, other: int, right: bool) -> None:
        new, old = self.worker(number), self.worker(other)
        if new != old:
            token = self.tokens[old] if right else "guess"
            self.machine.frame(new, type="reattach", previous_worker_id=old, reattach_token=token)
            assert (self.machine.protocol.worker(old) is None) is right
            self.settle()

    @rule(seconds=st.sampled_from([0.5, 3.0, 6.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.machine.apply(self.machine.protocol.tick(self.now))
        self.settle_rejected()
        deadline = self.machine.protocol.next_deadline()
        assert deadline is None or deadline > self.now

    @invariant()
    def every_debt_is_known_and_nothing_of_the_dead_is_kept(self) -> None:
        workers = self.machine.protocol.workers()
        assert {worker.id for worker in workers} == set(self.live)
        for worker in workers:
            asked = {pending.caller_invocation_id for pending in worker.issued} - {None}
            assert asked == self.owed[worker.id]
            # what the executor still works on for a caller that has gone is no longer known here
            assert set(worker.executing) <= set(self.todo[worker.id])
            for pending in worker.executing.values():
                assert pending.executor is worker
                assert pending.caller is None or not pending.caller.gone or pending.done
        for entry in self.machine.protocol.catalogue:
            assert entry.owner is None or not entry.owner.gone
        for binding in self.machine.protocol.triggers.bindings():
            assert binding.owner is None or not binding.owner.gone
            assert binding.provider is not None
            assert binding.provider.provider is None or not binding.provider.provider.gone


EngineSession.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestEngineSession = EngineSession.TestCase
