"""The session over in-memory connections, under the virtual clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from msgspec import Raw

from iii_bridge.aio.memory import Faults
from iii_bridge.aio.session import Session
from iii_bridge.errors import (
    ClosedError,
    ConnectionLostError,
    InvocationTimeoutError,
    LocalProtocolError,
    Outcome,
    RegistrationRejectedError,
)
from iii_bridge.protocol.backoff import Backoff
from iii_bridge.protocol.builtins import WorkerRegistration
from iii_bridge.protocol.worker import WorkerProtocol
from iii_bridge.protocol.worker_events import Event, Invoked, PeerFault, Registered
from iii_bridge.wire import NULL, RegisterFunction
from tests.aio.fake_engine import FakeEngine, Peer
from tests.virtual_clock import run_virtually

STEADY = Backoff(jitter=0.0)


class World:
    """A session, the engine it dials, and the events it reported."""

    def __init__(self, **options: Any) -> None:
        self.engine = FakeEngine()
        self.events: list[Event] = []
        protocol = WorkerProtocol(WorkerRegistration("python", "1", "w", "Linux", 7))
        self.session = Session(protocol, self.engine.dial, self.events.append, backoff=STEADY, **options)

    async def connected(self) -> Peer:
        self.session.start()
        peer = await self.engine.accept()
        await self.session.wait_ready(5.0)
        return peer

    def call(self, timeout: float = 30.0, **options: Any) -> asyncio.Task[Raw]:
        return asyncio.create_task(self.session.call("x::y", Raw(b'{"a":1}'), timeout=timeout, **options))


@asynccontextmanager
async def world(**options: Any) -> AsyncIterator[World]:
    made = World(**options)
    try:
        yield made
    finally:
        await made.session.close()


def now() -> float:
    return asyncio.get_running_loop().time()


def test_it_registers_first_and_a_call_comes_back() -> None:
    async def main() -> None:
        async with world() as w:
            peer = await w.connected()
            assert (await peer.next())["function_id"] == "engine::workers::register"
            calling = w.call()
            call = await peer.next_call()
            await peer.answer(call, {"ok": 1})
            assert bytes(await calling) == b'{"ok": 1}'
            assert Registered("worker-1") in w.events

    run_virtually(main())


def test_many_calls_in_flight_are_told_apart() -> None:
    async def main() -> None:
        async with world() as w:
            peer = await w.connected()
            calling = [w.call() for _ in range(50)]
            calls = [await peer.next_call() for _ in calling]
            for number, call in reversed(list(enumerate(calls))):
                await peer.answer(call, number)
            assert [int(bytes(await task)) for task in calling] == list(range(50))

    run_virtually(main())


def test_a_call_without_an_answer_times_out_on_time() -> None:
    async def main() -> None:
        async with world() as w:
            await w.connected()
            late, early = w.call(9.0), w.call(4.0)
            begin = now()
            with pytest.raises(InvocationTimeoutError) as caught:
                await early
            assert caught.value.outcome is Outcome.UNKNOWN
            assert now() - begin == pytest.approx(4.0)
            with pytest.raises(InvocationTimeoutError):
                await late
            assert now() - begin == pytest.approx(9.0)

    run_virtually(main())


def test_a_peer_that_reads_nothing_holds_up_no_deadline() -> None:
    class Stuck:
        congested = False

        def start(self, on_message: Any, on_closed: Any) -> None:
            pass

        def write(self, messages: Any) -> None:
            self.congested = True

        async def drain(self) -> None:
            await asyncio.Event().wait()

        async def close(self, code: int = 1000, reason: str = "") -> None:
            pass

    async def main() -> None:
        async def dial() -> Stuck:
            return Stuck()

        protocol = WorkerProtocol(WorkerRegistration("python", "1", "w", "Linux", 7))
        session = Session(protocol, dial, lambda event: None)
        session.start()
        with pytest.raises(InvocationTimeoutError):
            await session.call("x::y", NULL, timeout=3.0)
        assert now() == pytest.approx(3.0)
        await session.close()
        assert now() < 5.0

    run_virtually(main())


def test_it_reconnects_reattaches_and_replays() -> None:
    async def main() -> None:
        async with world() as w:
            peer = await w.connected()
            w.session.protocol.register_function(RegisterFunction("f"))
            w.session.poke()
            assert (await peer.next("registerfunction"))["id"] == "f"
            lost = now()
            peer.transport.break_connection()
            again = await w.engine.accept()
            assert now() - lost == pytest.approx(1.0)
            assert await again.next() == {
                "type": "reattach",
                "previous_worker_id": "worker-1",
                "reattach_token": "token-1",
            }
            assert (await again.next())["function_id"] == "engine::workers::register"
            assert (await again.next())["id"] == "f"

    run_virtually(main())


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011, 1012])
def test_it_reconnects_after_every_kind_of_close(code: int) -> None:
    async def main() -> None:
        async with world() as w:
            peer = await w.connected()
            await peer.transport.close(code)
            await w.engine.accept()

    run_virtually(main())


def test_the_pauses_grow_while_the_engine_is_away_and_start_anew_afterwards() -> None:
    async def main() -> None:
        async with world() as w:
            w.engine.away = True
            w.session.start()
            seen = []
            for dials in range(1, 8):
                await w.engine.dialled(dials)
                seen.append(now())
            assert [b - a for a, b in pairwise(seen)] == pytest.approx([1, 2, 4, 8, 16, 30])
            w.engine.away = False
            peer = await w.engine.accept()
            await w.session.wait_ready(1.0)
            lost = now()
            peer.transport.break_connection()
            await w.engine.accept()
            assert now() - lost == pytest.approx(1.0)

    run_virtually(main())


def test_a_connection_the_engine_never_welcomed_does_not_reset_the_pauses() -> None:
    async def main() -> None:
        async with world() as w:
            w.session.start()
            moments = []
            for _ in range(4):
                peer = await w.engine.accept(register=False)
                moments.append(now())
                await peer.transport.close(1011)
            assert [b - a for a, b in pairwise(moments)] == pytest.approx([1, 2, 4])

    run_virtually(main())


def test_calls_made_while_away_are_sent_on_return() -> None:
    async def main() -> None:
        async with world() as w:
            w.engine.away = True
            w.session.start()
            calling, doomed = w.call(30.0), w.call(0.5)
            with pytest.raises(InvocationTimeoutError) as caught:
                await doomed
            assert caught.value.outcome is Outcome.NOT_SENT
            w.engine.away = False
            peer = await w.engine.accept()
            await peer.answer(await peer.next_call(), "late")
            assert bytes(await calling) == b'"late"'

    run_virtually(main())


def test_a_lost_connection_ends_sent_calls_at_once() -> None:
    async def main() -> None:
        async with world() as w:
            peer = await w.connected()
            calling = w.call()
            await peer.next_call()
            begin = now()
            peer.transport.break_connection()
            with pytest.raises(ConnectionLostError) as caught:
                await calling
            assert caught.value.outcome is Outcome.UNKNOWN
            assert now() == begin

    run_virtually(main())


@pytest.mark.parametrize("at", range(1, 6))
def test_wherever_the_connection_breaks_every_call_ends_once(at: int) -> None:
    async def main() -> None:
        async with world() as w:
            w.engine.faults = lambda number: Faults(drop_at=at) if number == 1 else Faults()
            w.session.start()
            calling = [w.call(10.0) for _ in range(4)]
            serving = asyncio.create_task(w.engine.serve(lambda call: "ok"))
            ended = await asyncio.gather(*calling, return_exceptions=True)
            for end in ended:
                if isinstance(end, BaseException):
                    assert isinstance(end, ConnectionLostError)
                    assert end.outcome is Outcome.UNKNOWN
                else:
                    assert bytes(end) == b'"ok"'
            assert w.session.protocol.pending_calls == 0
            serving.cancel()

    run_virtually(main())


def test_half_a_frame_is_a_fault_and_the_session_goes_on() -> None:
    async def main() -> None:
        async with world() as w:
            peer = await w.connected()
            await peer.transport.send(b'{"type":"invocationre')
            calling = w.call()
            await peer.answer(await peer.next_call(), 1)
            assert bytes(await calling) == b"1"

    run_virtually(main())


def test_a_void_call_returns_once_it_is_written_and_not_while_away() -> None:
    async def main() -> None:
        async with world() as w:
            peer = await w.connected()
            assert await w.call(void=True) == NULL
            frame = await peer.next("invokefunction")
            while frame["function_id"] != "x::y":
                frame = await peer.next("invokefunction")
            assert frame["action"] == {"type": "void"}
            peer.transport.break_connection()
            w.engine.away = True
            with pytest.raises(InvocationTimeoutError) as caught:
                await w.call(2.0, void=True)
            assert caught.value.outcome is Outcome.NOT_SENT

    run_virtually(main())


def test_a_cancelled_call_leaves_nothing_behind() -> None:
    async def main() -> None:
        async with world() as w:
            peer = await w.connected()
            calling = w.call()
            call = await peer.next_call()
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            assert w.session.protocol.pending_calls == 0
            await peer.answer(call, 1)
            second = w.call()
            await peer.answer(await peer.next_call(), 2)
            assert bytes(await second) == b"2"

    run_virtually(main())


def test_waiting_for_an_engine_that_is_away_says_why() -> None:
    async def main() -> None:
        async with world() as w:
            w.engine.away = True
            w.session.start()
            with pytest.raises(ConnectionLostError, match=r"no connection within 3 s, last failure: nobody is there"):
                await w.session.wait_ready(3.0)

    run_virtually(main())


def test_an_outage_is_worth_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "iii_bridge.session")

    async def main() -> None:
        async with world() as w:
            w.engine.away = True
            w.session.start()
            with pytest.raises(ConnectionLostError):
                await w.session.wait_ready(30.0)

    run_virtually(main())
    levels = [record.levelno for record in caplog.records if "not connected: nobody is there" in record.message]
    assert levels[0] == logging.WARNING
    assert len(levels) > 1
    assert set(levels[1:]) == {logging.INFO}


def test_what_the_engine_said_before_it_hung_up_is_the_reason() -> None:
    async def main() -> None:
        async with world() as w:
            w.session.start()

            async def refuse() -> None:
                while True:
                    peer = await w.engine.accept(register=False)
                    await peer.send(type="error", error={"code": "AUTH_ERROR", "message": "who are you"})
                    await peer.transport.close(1005)

            refusing = asyncio.create_task(refuse())
            with pytest.raises(ConnectionLostError, match=r"the engine refused the connection: who are you"):
                await w.session.wait_ready(2.5)
            refusing.cancel()

    run_virtually(main())


def test_an_unknown_message_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with world() as w:
            peer = await w.connected()
            await peer.send(type="functionregistered", id="f")
            await asyncio.sleep(1)
            assert isinstance(w.events[-1], PeerFault)

    run_virtually(main())
    assert caplog.text == ""


def test_a_refused_name_ends_the_session_for_good() -> None:
    async def main() -> None:
        async with world() as w:
            peer = await w.connected()
            calling = w.call()
            await peer.next_call()
            code = {"code": "WORKER_NAMESPACE_CONFLICT", "namespace": "default", "owner_worker_id": "o"}
            await peer.send(type="registrationrejected", worker_name="w", **code)
            with pytest.raises(ConnectionLostError, match="outcome unknown"):
                await calling
            with pytest.raises(RegistrationRejectedError):
                await w.session.wait_ended()
            with pytest.raises(RegistrationRejectedError):
                await w.call()
            await asyncio.sleep(100)
            assert w.engine.dials == 1
            assert isinstance(w.session.error, RegistrationRejectedError)

    run_virtually(main())


def test_a_dialler_that_can_never_succeed_ends_the_session() -> None:
    async def main() -> None:
        async def dial() -> Any:
            raise LocalProtocolError("the engine's url is not a WebSocket url")

        protocol = WorkerProtocol(WorkerRegistration("python", "1", "w", "Linux", 7))
        session = Session(protocol, dial, lambda event: None)
        session.start()
        with pytest.raises(LocalProtocolError):
            await session.wait_ready(5.0)
        with pytest.raises(LocalProtocolError):
            await session.call("x::y", NULL, timeout=1.0)
        await session.close()

    run_virtually(main())


def test_a_limit_on_attempts_counts_those_in_a_row() -> None:
    async def main() -> None:
        async with world(attempts=3) as w:
            peer = await w.connected()
            w.engine.away = True
            peer.transport.break_connection()
            await w.engine.dialled(3)
            w.engine.away = False
            await (await w.engine.accept()).transport.close()
            w.engine.away = True
            waiting = w.call()
            with pytest.raises(ConnectionLostError, match=r"no connection after 3 attempts.*nobody is there") as caught:
                await w.session.wait_ended()
            assert caught.value.outcome is Outcome.NOT_SENT
            with pytest.raises(ConnectionLostError):
                await waiting
            assert w.engine.dials == 4 + 3

    run_virtually(main())


def test_a_failure_inside_ends_the_session_loudly(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with world() as w:
            peer = await w.connected()

            def broken(event: Event) -> None:
                raise ZeroDivisionError

            w.session._on_event = broken
            calling = w.call()
            await peer.send(type="invokefunction", invocation_id="i", function_id="f", data={})
            with pytest.raises(ConnectionLostError, match="the session failed: ZeroDivisionError") as caught:
                await calling
            assert caught.value.outcome is Outcome.UNKNOWN, "it had been sent"
            with pytest.raises(ClosedError):
                await w.session.wait_ended()

    run_virtually(main())
    assert "the session failed" in caplog.text


def test_closing_writes_what_is_queued_and_fails_what_is_open() -> None:
    async def main() -> None:
        async with world() as w:
            peer = await w.connected()
            await peer.send(type="invokefunction", invocation_id="i", function_id="f", data={})
            calling = w.call()
            await peer.next_call()
            assert any(isinstance(event, Invoked) for event in w.events)
            w.session.reply("i", "f", Raw(b"1"))
            closing = asyncio.create_task(w.session.close())
            assert (await peer.next("invocationresult"))["result"] == 1
            with pytest.raises(ClosedError):
                await calling
            await closing
            await w.session.wait_ended()
            assert w.session.error is None
            assert peer.transport.closed

    run_virtually(main())


def test_an_engine_of_a_later_generation_is_served_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    """It may announce features, acknowledge registrations and send frames nobody here knows (wire.md 12.3)."""

    async def main() -> None:
        async with world() as w:
            w.session.protocol.register_function(RegisterFunction("f"))
            w.session.start()
            peer = await w.engine.accept(register=False)
            features = ["observe.v1", "local-dispatch.v1", "of-2031.v9"]
            await peer.send(type="workerregistered", worker_id="w1", reattach_token="t1", features=features, more={})
            await w.session.wait_ready(5.0)
            await peer.send(type="functionregistered", id="f", namespace="default", revision=1, local_dispatch=True)
            await peer.send(type="observeradded", function_id="f", revision=2, observer={"id": "o"})
            calling = w.call()
            call = await peer.next_call()
            await peer.answer(call, "ok", served_by="somebody")
            assert bytes(await calling) == b'"ok"'
            frame = {"invocation_id": "i", "function_id": "f", "data": {}, "caller": {"worker_id": "c"}}
            await peer.send(type="invokefunction", **frame, observe_depth=1)
            await asyncio.sleep(1)
            assert [type(event) for event in w.events if isinstance(event, Invoked)] == [Invoked]
            assert w.session.ready

    with caplog.at_level(logging.WARNING):
        run_virtually(main())
    assert caplog.records == []
