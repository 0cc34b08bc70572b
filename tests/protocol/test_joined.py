"""Two worker machines and the engine machine, joined by queues, under a clock that only the test moves.

Whatever is delivered, delayed, cut off or restarted, in whatever order: every
call ends exactly once, an answer is the answer to the question that was
asked, and when everything is quiet the engine holds nothing.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter, deque

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from iii_bridge.errors import BacklogFullError, ClosedError, InvocationError, InvocationTimeoutError
from iii_bridge.protocol.builtins import WorkerRegistration
from iii_bridge.protocol.engine import EngineProtocol
from iii_bridge.protocol.engine_effects import CallBuiltin, CloseConnection, Effect, Send
from iii_bridge.protocol.worker import State, WorkerProtocol
from iii_bridge.protocol.worker_events import CallFinished, FunctionRejected, Invoked
from iii_bridge.wire import RegisterFunction, decode_message, encode_message, raw

NAMES = ("alpha", "beta")
WORKERS = st.sampled_from(NAMES)
FUNCTIONS = st.sampled_from(["alpha::echo", "beta::echo", "nobody::home"])


def registration(name: str) -> WorkerRegistration:
    return WorkerRegistration(runtime="python", version="0", name=name, os="linux", pid=1)


class Peer:
    """One worker, what it has been asked, and the two directions of its connection."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.machine = WorkerProtocol(registration(name), backlog=50)
        self.machine.register_function(RegisterFunction(f"{name}::echo"))
        self.connection: str | None = None
        self.to_engine: deque[str] = deque()
        self.to_worker: deque[str] = deque()
        self.asked: list[Invoked] = []


class Bus(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        ids = iter(range(1, 1 << 32))
        self.engine = EngineProtocol(lambda: str(uuid.UUID(int=next(ids))))
        self.peers = {name: Peer(name) for name in NAMES}
        self.calls: dict[str, tuple[str, int]] = {}
        self.finished: Counter[str] = Counter()
        self.results: dict[str, CallFinished] = {}
        self.serial = 0

    # --- the wire ------------------------------------------------------------

    def carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                peer = self.peer_at(effect.connection)
                if peer is not None:
                    peer.to_worker.append(encode_message(effect.message).decode())
            elif isinstance(effect, CloseConnection):
                peer = self.peer_at(effect.connection)
                if peer is not None:
                    self.lose(peer)
            elif isinstance(effect, CallBuiltin):
                self.carry_out(self.engine.complete(effect.pending, raw(None), None))

    def peer_at(self, connection: str) -> Peer | None:
        return next((peer for peer in self.peers.values() if peer.connection == connection), None)

    def write(self, peer: Peer) -> None:
        while (entry := peer.machine.next_frame()) is not None:
            peer.to_engine.append(entry[1].decode())
            if entry[0] is not None:
                peer.machine.written(entry[0])
        self.collect(peer)

    def collect(self, peer: Peer) -> None:
        for event in peer.machine.take_events():
            if isinstance(event, CallFinished):
                self.finished[event.key] += 1
                self.results[event.key] = event
            elif isinstance(event, Invoked):
                peer.asked.append(event)
            else:
                assert not isinstance(event, FunctionRejected), "a worker lost its own function to its own ghost"

    def lose(self, peer: Peer) -> None:
        """The worker notices that its connection is gone."""
        peer.connection = None
        peer.to_worker.clear()
        peer.to_engine.clear()
        peer.asked.clear()
        peer.machine.disconnected()
        self.collect(peer)

    def deliver_to_engine(self, peer: Peer) -> None:
        frame = peer.to_engine.popleft()
        assert peer.connection is not None
        self.carry_out(self.engine.receive(peer.connection, decode_message(frame)))

    def deliver_to_worker(self, peer: Peer) -> None:
        peer.machine.receive(peer.to_worker.popleft())
        self.collect(peer)
        self.write(peer)

    # --- what may happen -----------------------------------------------------

    @initialize()
    def start(self) -> None:
        for name in NAMES:
            self.connect(name)

    @rule(name=WORKERS)
    def connect(self, name: str) -> None:
        peer = self.peers[name]
        if peer.connection is not None or peer.machine.state is not State.DISCONNECTED:
            return
        peer.connection, effects = self.engine.connect(self.now)
        self.carry_out(effects)
        # The identity of the former connection is still what the machine knows: it can reattach.
        peer.machine.connected()
        self.write(peer)

    @rule(name=WORKERS, engine_notices=st.booleans())
    def cut(self, name: str, engine_notices: bool) -> None:
        """The socket dies; the engine may go on believing in it (wire.md 2.6)."""
        peer = self.peers[name]
        if peer.connection is None:
            return
        connection = peer.connection
        if not engine_notices and peer.machine.worker_id != connection:
            return  # it never learned its token, so its ghost could not be evicted: a real engine would time out
        self.lose(peer)
        if engine_notices:
            self.carry_out(self.engine.disconnect(connection))

    @rule(name=WORKERS, function_id=FUNCTIONS, timeout=st.sampled_from([0.5, 5.0, 50.0]), void=st.booleans())
    def call(self, name: str, function_id: str, timeout: float, void: bool) -> None:
        self.serial += 1
        key = str(uuid.UUID(int=(1 << 100) + self.serial))
        peer = self.peers[name]
        try:
            peer.machine.invoke(
                key,
                function_id,
                raw({"n": self.serial}),
                deadline=self.now + timeout,
                timeout=timeout,
                void=void,
            )
        except BacklogFullError:
            return
        self.calls[key] = (function_id, self.serial)
        self.write(peer)

    @rule(name=WORKERS, count=st.integers(1, 8))
    def carry_to_engine(self, name: str, count: int) -> None:
        peer = self.peers[name]
        while count and peer.to_engine:
            self.deliver_to_engine(peer)
            count -= 1

    @rule(name=WORKERS, count=st.integers(1, 8))
    def carry_to_worker(self, name: str, count: int) -> None:
        peer = self.peers[name]
        while count and peer.to_worker:
            self.deliver_to_worker(peer)
            count -= 1

    @precondition(lambda self: any(peer.asked for peer in self.peers.values()))
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        peer = data.draw(st.sampled_from([peer for peer in self.peers.values() if peer.asked]))
        self.answer_one(peer, data.draw(st.integers(0, len(peer.asked) - 1)))

    def answer_one(self, peer: Peer, index: int) -> None:
        event = peer.asked.pop(index)
        payload = json.loads(bytes(event.frame.data))  # type: ignore[arg-type]
        assert payload.pop("_caller_worker_id")
        peer.machine.reply(event.invocation_id, event.frame.function_id, raw({"echo": payload["n"]}))
        self.write(peer)

    @rule(seconds=st.sampled_from([0.1, 1.0, 10.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.carry_out(self.engine.tick(self.now))
        for peer in self.peers.values():
            peer.machine.tick(self.now)
            self.collect(peer)

    # --- what must hold ------------------------------------------------------

    @invariant()
    def no_call_ends_twice_or_unasked(self) -> None:
        assert all(count == 1 for count in self.finished.values())
        assert self.finished.keys() <= self.calls.keys()

    @invariant()
    def an_answer_belongs_to_its_question(self) -> None:
        for key, event in self.results.items():
            function_id, serial = self.calls[key]
            if event.error is None:
                answer = json.loads(bytes(event.result))
                assert answer in ({"echo": serial}, None)
            elif type(event.error) is InvocationError:
                assert event.error.code == "invocation_stopped"
            elif isinstance(event.error, InvocationError):
                assert function_id in str(event.error)

    def teardown(self) -> None:
        """Everything comes back, everything is delivered, and time runs out for the rest."""
        for name in NAMES:
            self.connect(name)
        while any(peer.to_engine or peer.to_worker or peer.asked for peer in self.peers.values()):
            for peer in self.peers.values():
                while peer.to_engine:
                    self.deliver_to_engine(peer)
                while peer.to_worker:
                    self.deliver_to_worker(peer)
                while peer.asked:
                    self.answer_one(peer, 0)
        self.wait(100.0)
        assert self.finished == Counter(dict.fromkeys(self.calls, 1))
        for peer in self.peers.values():
            assert peer.machine.pending_calls == 0
            assert peer.machine.state is State.CONNECTED
        for worker in self.engine.workers():
            assert not worker.executing
            assert not worker.issued
        for name in NAMES:
            owner = self.engine.catalogue.find("default", f"{name}::echo")
            assert owner is not None
            assert owner.owner is not None
            assert owner.owner.id == self.peers[name].connection


TestBus = Bus.TestCase
TestBus.settings = settings(
    max_examples=150, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_a_closed_worker_ends_its_calls_and_takes_no_more() -> None:
    machine = WorkerProtocol(registration("w"))
    machine.invoke("k", "a::b", raw({}), deadline=1.0, timeout=1.0)
    machine.close()
    (event,) = machine.take_events()
    assert isinstance(event, CallFinished)
    assert isinstance(event.error, ClosedError)
    machine.tick(2.0)
    assert machine.take_events() == []


def test_a_call_never_written_says_so() -> None:
    machine = WorkerProtocol(registration("w"))
    machine.invoke("k", "a::b", raw({}), deadline=1.0, timeout=1.0)
    machine.tick(1.0)
    (event,) = machine.take_events()
    assert isinstance(event, CallFinished)
    assert isinstance(event.error, InvocationTimeoutError)
    assert "not_sent" in str(event.error)
