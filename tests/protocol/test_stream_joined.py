"""Caller and callee of a stream, joined by channels and a connection that may break at every step.

Whatever happens: each side ends once; what one side takes is what the other
gave, in order, each message once; and an end without an error means that all
of it arrived.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from iii_bridge.errors import (
    ConnectionLostError,
    ContractError,
    InvocationTimeoutError,
    Outcome,
    Side,
    StatusError,
    StreamTruncatedError,
)
from iii_bridge.protocol.stream_call import CallerStream, count_result
from iii_bridge.protocol.stream_items import BUFFER_ITEMS, KEEP_ALIVE_SECONDS, IncomingItems, OutgoingItems
from iii_bridge.status import StatusCode

CAPACITY = 4
TROUBLES = ["give up", "time", "cut", "connection", "failure"]


class Channel:
    """A bounded buffer between two halves, as an engine has it."""

    def __init__(self, writer: OutgoingItems, reader: IncomingItems) -> None:
        self.writer = writer
        self.reader = reader
        self.items: deque[bytes] = deque()
        self.socket: deque[bytes] = deque()
        self.open = True
        self.reading = True

    def write(self, now: float) -> None:
        """The writer's shell: everything at once into its socket."""
        if self.open:
            self.socket.extend(self.writer.take(now))

    def carry(self, count: int) -> None:
        """The engine: from the socket into the buffer, from there to the reader that has room."""
        for _ in range(count):
            while self.socket and len(self.items) < CAPACITY:
                if not self.reading:
                    self.drop_writer()  # the engine notices at the writer's next item (wire.md 10)
                    return
                self.items.append(self.socket.popleft())
            if self.items and self.reading and not self.reader.full:
                self.reader.receive(self.items.popleft())
        self.settle()

    def settle(self) -> None:
        if not self.open and not self.socket and not self.items and self.reading:
            self.reading = False
            self.reader.close()

    def close_writer(self) -> None:
        """Politely: what is in the socket still arrives."""
        self.open = False
        self.settle()

    def drop_writer(self) -> None:
        self.socket.clear()
        self.open = False
        self.writer.leave()
        self.settle()

    def leave(self) -> None:
        """The reader goes away."""
        if self.reading:
            self.reading = False
            self.items.clear()

    def cut(self, lost: int) -> None:
        """Both sockets die; the last items with them."""
        for _ in range(lost):
            if self.socket:
                self.socket.pop()
            elif self.items:
                self.items.pop()
        self.drop_writer()
        if self.reading:
            self.reading = False
            while self.items:  # what the reader's kernel has
                self.reader.receive(self.items.popleft())
            self.reader.close()


class Stream(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.ends = 0

    @initialize(sends=st.booleans(), receives=st.booleans(), trouble=st.sets(st.sampled_from(TROUBLES), max_size=2))
    def begin(self, sends: bool, receives: bool, trouble: set[str]) -> None:
        if not sends and not receives:
            receives = True
        self.trouble = trouble  # of everything at once, no stream would come far
        self.caller = CallerStream("a::b", self.now, sends=sends, receives=receives)
        self.requests = self.responses = None
        self.given: list[bytes] = []
        self.asked: list[bytes] = []
        self.produced: list[bytes] = []
        self.taken: list[bytes] = []
        self.result: Any = None
        self.callee_over = False
        self.callee_cancelled = False
        self.connected = True
        self.finished_without_error = False
        self.all_given = not sends
        self.first_end: Any = None
        self.gave_up = False
        if self.caller.requests is not None:
            reader = IncomingItems("a::b", Side.REQUEST, counted=True)
            self.requests = Channel(self.caller.requests, reader)
        if self.caller.responses is not None:
            self.out = OutgoingItems(self.now)
            self.responses = Channel(self.out, self.caller.responses)

    # --- the caller ------------------------------------------------------------

    @precondition(lambda self: self.requests is not None and self.requests.writer.has_room)
    @rule(count=st.integers(1, 20))
    def give(self, count: int) -> None:
        for _ in range(count):
            if self.requests.writer.has_room and not self.requests.writer.closed:
                message = b'{"q":%d}' % len(self.given)
                self.given.append(message)
                self.requests.writer.message(message)

    @precondition(lambda self: self.requests is not None)
    @rule()
    def give_no_more(self) -> None:
        if not self.requests.writer.closed:
            self.all_given = True
        self.requests.writer.end()

    @precondition(lambda self: self.responses is not None)
    @rule(count=st.integers(1, 30))
    def take(self, count: int) -> None:
        for _ in range(count if self.responses is not None else 0):
            message = self.caller.responses.take()
            if message is not None:
                self.taken.append(message)

    @precondition(lambda self: "give up" in self.trouble)
    @rule()
    def give_up(self) -> None:
        self.gave_up = self.gave_up or not self.caller.ended
        self.caller.abort(None)
        self.leave()

    @precondition(lambda self: "time" in self.trouble)
    @rule()
    def run_out_of_time(self) -> None:
        self.connected = False  # the answer, if there is one, is late
        self.caller.failed(InvocationTimeoutError("a::b", 1.0, Outcome.UNKNOWN), self.now)

    # --- the callee ------------------------------------------------------------

    @precondition(lambda self: self.requests is not None and not self.callee_over)
    @rule(count=st.integers(1, 30))
    def ask(self, count: int) -> None:
        for _ in range(count):
            message = self.requests.reader.take()
            if message is not None:
                self.asked.append(message)

    @precondition(lambda self: self.responses is not None and not self.callee_over)
    @rule(count=st.integers(1, 20))
    def produce(self, count: int) -> None:
        for _ in range(count):
            if self.out.has_room:
                message = b'{"p":%d}' % len(self.produced)
                self.produced.append(message)
                self.out.message(message)

    @precondition(lambda self: not self.callee_over and (self.produced or self.asked or self.all_given))
    @rule(ends=st.booleans(), closes=st.booleans())
    def finish(self, ends: bool, closes: bool) -> None:
        """With a result or an error; workers on official SDKs may say no end, and leave their channel open."""
        fails = "failure" in self.trouble
        self.callee_over = True
        self.finished_without_error = not fails
        if self.requests is not None:
            self.requests.leave()
        if self.responses is None:
            self.result = StatusError(StatusCode.ABORTED, "no") if fails else b'{"sum":1}'
            return
        self.result = StatusError(StatusCode.ABORTED, "no") if fails else count_result(len(self.produced))
        if ends:
            self.out.end()
        self.responses.write(self.now)
        self.out.closed = True
        if closes:
            self.responses.close_writer()

    def cancel_callee(self) -> None:
        """Its shell: the reader of the responses left, or the caller said so."""
        if not self.callee_over:
            self.callee_over = self.callee_cancelled = True
            self.result = StatusError(StatusCode.CANCELLED, "gone")
            if self.requests is not None:
                self.requests.leave()
            if self.responses is not None:
                self.responses.close_writer()

    # --- what carries ----------------------------------------------------------

    @rule(count=st.integers(1, 40), which=st.sampled_from(["requests", "responses"]))
    def carry(self, count: int, which: str) -> None:
        channel = getattr(self, which)
        if channel is not None:
            channel.write(self.now)
            channel.carry(count)
            self.caller.changed()

    @precondition(lambda self: self.result is not None and self.connected)
    @rule()
    def answer(self) -> None:
        self.connected = False
        if isinstance(self.result, StatusError):
            self.caller.failed(self.result, self.now)
        else:
            self.caller.answered(self.result, self.now)

    @precondition(lambda self: "cut" in self.trouble)
    @rule(lost=st.integers(0, 6), which=st.sampled_from(["requests", "responses"]))
    def cut(self, lost: int, which: str) -> None:
        channel = getattr(self, which)
        if channel is not None:
            channel.cut(lost)
            self.caller.changed()

    @precondition(lambda self: self.connected and "connection" in self.trouble)
    @rule()
    def lose_the_connection(self) -> None:
        self.connected = False
        self.caller.failed(ConnectionLostError("a::b", Outcome.UNKNOWN), self.now)

    @rule(seconds=st.sampled_from([0.5, 1.0, KEEP_ALIVE_SECONDS]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.caller.tick(self.now)
        for channel in (self.requests, self.responses):
            if channel is not None:
                channel.writer.tick(self.now)

    # --- what must hold ----------------------------------------------------------

    @invariant()
    def follow_up(self) -> None:
        """What the shells do about the machines, and what the machines may never do."""
        if self.caller.ended:
            self.leave()
            if self.first_end is None:
                self.first_end = (self.caller.error,)
            assert self.first_end == (self.caller.error,), "it ended twice"
        if (self.requests is not None and self.requests.reader.cancelled) or (
            self.responses is not None and self.out.gone
        ):
            self.cancel_callee()

    def leave(self) -> None:
        if self.responses is not None:
            self.responses.leave()

    @invariant()
    def nothing_is_lost_doubled_or_out_of_order(self) -> None:
        assert self.asked == self.given[: len(self.asked)]
        assert self.taken == self.produced[: len(self.taken)]

    @invariant()
    def buffers_are_bounded(self) -> None:
        for channel in (self.requests, self.responses):
            if channel is not None:
                assert channel.reader.waiting <= BUFFER_ITEMS
                assert len(channel.items) <= CAPACITY

    @invariant()
    def an_end_without_error_is_the_whole(self) -> None:
        if self.requests is not None and self.requests.reader.finished and self.requests.reader.error is None:
            assert self.all_given
            assert len(self.asked) + self.requests.reader.waiting == len(self.given)
        if self.caller.ended and self.caller.error is None and not self.gave_up:
            assert self.finished_without_error
            if self.responses is None:
                assert bytes(self.caller.value) == b'{"sum":1}'
            else:
                assert len(self.taken) + self.caller.responses.waiting == len(self.produced)

    @invariant()
    def errors_tell_the_truth(self) -> None:
        error = self.caller.error
        assert not isinstance(error, ContractError), "both sides keep to the convention"
        if self.requests is not None:
            assert not isinstance(self.requests.reader.error, ContractError)
        if isinstance(error, StreamTruncatedError):
            assert error.received < len(self.produced)
            assert error.expected == len(self.produced)
        elif isinstance(error, StatusError):
            assert error is self.result

    def teardown(self) -> None:
        """Everything that can still happen happens, and time passes: then both sides have ended."""
        if not hasattr(self, "caller"):
            return
        if not self.callee_over:
            self.finish(ends=True, closes=True)
        for _ in range(200):
            self.take(100)
            for which in ("requests", "responses"):
                self.carry(100, which)
            self.follow_up()
        if self.result is not None and self.connected:
            self.answer()
        for _ in range(200):
            self.take(100)
            self.carry(100, "responses")
            self.follow_up()
            self.wait(1.0)
        assert self.caller.ended
        if self.requests is not None:
            self.requests.write(self.now)
            assert self.requests.writer.closed
        if self.responses is not None:
            self.take(1000)
            assert self.caller.responses.waiting == 0
        self.nothing_is_lost_doubled_or_out_of_order()
        self.an_end_without_error_is_the_whole()


TestStream = Stream.TestCase
TestStream.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
