"""The worker machine, step by step."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from iii_bridge.errors import (
    BacklogFullError,
    ClosedError,
    ConnectionLostError,
    FunctionNotFoundError,
    InvocationError,
    InvocationTimeoutError,
    LocalProtocolError,
    Outcome,
    RegistrationRejectedError,
)
from iii_bridge.protocol import worker_frames
from iii_bridge.protocol.builtins import WorkerRegistration
from iii_bridge.protocol.worker import State, WorkerProtocol
from iii_bridge.protocol.worker_events import (
    CallFinished,
    FunctionRejected,
    Invoked,
    PeerFault,
    Registered,
    Stopped,
    TriggerFailed,
    TriggerRemoved,
    TriggerRequested,
)
from iii_bridge.wire import NULL, ErrorBody, RegisterFunction, RegisterTrigger, RegisterTriggerType

ID = "5f0c0000-0000-4000-8000-000000000001"


def machine(*, namespace: str | None = None, backlog: int = 10, connected: bool = True) -> WorkerProtocol:
    registration = WorkerRegistration("python", "1", "w", "Linux", 7, **({"namespace": namespace} if namespace else {}))
    worker = WorkerProtocol(registration, backlog=backlog)
    if connected:
        worker.connected()
        written(worker)
    return worker


def written(worker: WorkerProtocol) -> list[Any]:
    frames: list[Any] = []
    while (entry := worker.next_frame()) is not None:
        frames.append(msgspec.json.decode(entry[1]))
        if entry[0] is not None:
            worker.written(entry[0])
    return frames


def receive(worker: WorkerProtocol, **frame: Any) -> list[Any]:
    worker.receive(msgspec.json.encode(frame).decode())
    return worker.take_events()


def invoke(worker: WorkerProtocol, key: str = "k", deadline: float = 30.0, **options: Any) -> None:
    function_id = options.pop("function_id", "x::y")
    worker.invoke(key, function_id, Raw(b'{"a":1}'), deadline=deadline, timeout=30.0, **options)


def finished(events: list[Any]) -> tuple[str, Any]:
    (event,) = events
    assert isinstance(event, CallFinished)
    return event.key, event.error if event.error is not None else msgspec.json.decode(event.result)


# --- connecting ---------------------------------------------------------------


def test_a_connection_begins_with_the_register_call_then_types_functions_triggers_then_calls() -> None:
    worker = machine(namespace="shop", connected=False)
    invoke(worker)
    worker.register_trigger(RegisterTrigger("t", "http", "f", NULL))
    worker.register_function(RegisterFunction("f"))
    worker.register_trigger_type(RegisterTriggerType("k", "a type"))
    assert worker.next_frame() is None
    worker.connected()
    frames = written(worker)
    assert [frame["type"] for frame in frames] == [
        "invokefunction",
        "registertriggertype",
        "registerfunction",
        "registertrigger",
        "invokefunction",
    ]
    assert frames[0] == {
        "type": "invokefunction",
        "function_id": "engine::workers::register",
        "namespace": "default",
        "action": {"type": "void"},
        "data": {"runtime": "python", "version": "1", "name": "w", "os": "Linux", "pid": 7, "namespace": "shop"},
    }
    assert frames[-1]["invocation_id"] == "k"


def test_the_second_connection_reattaches_first_with_the_latest_identity() -> None:
    worker = machine()
    assert receive(worker, type="workerregistered", worker_id="w1", reattach_token="t1") == [Registered("w1")]
    worker.disconnected()
    worker.connected()
    assert written(worker)[0] == {"type": "reattach", "previous_worker_id": "w1", "reattach_token": "t1"}
    receive(worker, type="workerregistered", worker_id="w2", reattach_token="t2")
    worker.disconnected()
    worker.connected()
    assert written(worker)[0]["previous_worker_id"] == "w2"
    assert worker.worker_id == "w2"


def former_identities(worker: WorkerProtocol) -> list[str]:
    return [frame["previous_worker_id"] for frame in written(worker) if frame["type"] == "reattach"]


def test_former_identities_are_presented_until_an_answer_shows_that_they_arrived() -> None:
    worker = machine()
    for number in range(1, 4):
        receive(worker, type="workerregistered", worker_id=f"w{number}", reattach_token="t")
        worker.disconnected()
        worker.connected()
        assert former_identities(worker) == [f"w{n}" for n in range(number, 0, -1)]
    receive(worker, type="workerregistered", worker_id="w4", reattach_token="t")
    invoke(worker)
    written(worker)
    receive(worker, type="invocationresult", invocation_id="k", function_id="x::y", result=1)
    worker.disconnected()
    worker.connected()
    assert former_identities(worker) == ["w4"]


def test_only_so_many_former_identities_are_kept() -> None:
    worker = machine()
    for number in range(40):
        receive(worker, type="workerregistered", worker_id=f"w{number}", reattach_token="t")
        worker.disconnected()
        worker.connected()
        assert len(former_identities(worker)) <= 16


def test_an_identity_without_a_token_is_not_used_to_reattach() -> None:
    worker = machine()
    receive(worker, type="workerregistered", worker_id="w1")
    worker.disconnected()
    worker.connected()
    assert written(worker)[0]["type"] == "invokefunction"


def test_what_was_unregistered_meanwhile_is_not_replayed() -> None:
    worker = machine()
    worker.register_function(RegisterFunction("f"))
    worker.register_trigger(RegisterTrigger("t", "http", "f", NULL))
    worker.register_trigger_type(RegisterTriggerType("k", ""))
    worker.disconnected()
    worker.unregister_function("f")
    worker.unregister_trigger("t")
    worker.unregister_trigger_type("k")
    worker.connected()
    assert [frame["type"] for frame in written(worker)] == ["invokefunction"]


def test_unregistering_is_told_once() -> None:
    worker = machine()
    worker.register_function(RegisterFunction("f"))
    worker.register_trigger(RegisterTrigger("t", "http", "f", NULL))
    written(worker)
    for _ in range(2):
        worker.unregister_function("f")
        worker.unregister_trigger("t")
    assert written(worker) == [
        {"type": "unregisterfunction", "id": "f"},
        {"type": "unregistertrigger", "id": "t", "trigger_type": "http"},
    ]


def test_everything_is_taken_back_in_order_and_some_triggers_may_stay_for_a_while() -> None:
    worker = machine()
    worker.register_trigger_type(RegisterTriggerType("k", ""))
    worker.register_function(RegisterFunction("f"))
    for trigger_id, kind in (("t1", "http"), ("t2", "cron"), ("t3", "k")):
        worker.register_trigger(RegisterTrigger(trigger_id, kind, "f", NULL))
    written(worker)
    worker.withdraw_triggers(but=("http",))
    assert [frame["id"] for frame in written(worker)] == ["t2", "t3"]
    worker.withdraw()
    assert [(frame["type"], frame["id"]) for frame in written(worker)] == [
        ("unregistertrigger", "t1"),
        ("unregisterfunction", "f"),
        ("unregistertriggertype", "k"),
    ]
    assert list(worker.desired.replay()) == []


def test_connecting_twice_is_our_own_mistake() -> None:
    with pytest.raises(LocalProtocolError, match="connected while connected"):
        machine().connected()


# --- calls --------------------------------------------------------------------


def test_a_call_leaves_out_what_it_has_not_and_always_has_data() -> None:
    worker = machine()
    worker.invoke("k", "x::y", NULL, deadline=1.0, timeout=1.0)
    (frame,) = written(worker)
    assert frame == {"type": "invokefunction", "function_id": "x::y", "invocation_id": "k", "data": None}


def test_metadata_and_trace_travel_beside_the_data() -> None:
    worker = machine()
    invoke(worker, metadata=Raw(b'{"m":1}'), traceparent="00-a-b-01", baggage="x=1", queue="q")
    (frame,) = written(worker)
    assert (frame["metadata"], frame["traceparent"], frame["baggage"]) == ({"m": 1}, "00-a-b-01", "x=1")
    assert frame["action"] == {"type": "enqueue", "queue": "q"}


@pytest.mark.parametrize(
    ("own", "explicit", "function_id", "sent"),
    [
        (None, None, "x::y", None),
        (None, None, "engine::functions::list", "default"),
        ("shop", None, "x::y", "shop"),
        ("shop", None, "engine::x", "default"),
        ("shop", None, "configuration::get", "default"),
        ("shop", None, "state::get", "shop"),
        ("shop", "other", "engine::x", "other"),
    ],
)
def test_the_namespace_of_a_call(own: str | None, explicit: str | None, function_id: str, sent: str | None) -> None:
    worker = machine(namespace=own)
    invoke(worker, function_id=function_id, namespace=explicit)
    assert written(worker)[0].get("namespace") == sent


@pytest.mark.parametrize(
    ("members", "value"), [({"result": {"ok": True}}, {"ok": True}), ({"result": None}, None), ({}, None)]
)
def test_a_result_finishes_its_call_and_absent_means_null(members: dict[str, Any], value: Any) -> None:
    worker = machine()
    invoke(worker)
    written(worker)
    events = receive(worker, type="invocationresult", invocation_id="k", function_id="x::y", **members)
    assert finished(events) == ("k", value)
    assert receive(worker, type="invocationresult", invocation_id="k", function_id="x::y", result=2) == []


def test_an_error_wins_over_a_result() -> None:
    worker = machine()
    invoke(worker)
    error = {"code": "function_not_found", "message": "Function x::y not found"}
    _, failure = finished(receive(worker, type="invocationresult", invocation_id="k", result=1, error=error))
    assert isinstance(failure, FunctionNotFoundError)
    assert failure.function_id == "x::y"


def test_a_result_nobody_asked_for_is_ignored() -> None:
    assert receive(machine(), type="invocationresult", invocation_id=ID, function_id="x", result=1) == []


def test_a_malformed_result_fails_its_call() -> None:
    worker = machine()
    invoke(worker, key=ID)
    written(worker)
    events = receive(worker, type="invocationresult", invocation_id=ID, function_id="x", error={"code": 5})
    assert isinstance(events[0], PeerFault)
    key, failure = finished(events[1:])
    assert (key, failure.code) == (ID, "UNKNOWN")
    assert isinstance(failure, InvocationError)


@pytest.mark.parametrize(("sent", "outcome"), [(True, Outcome.UNKNOWN), (False, Outcome.NOT_SENT)])
def test_a_timeout_says_whether_the_call_was_sent(sent: bool, outcome: Outcome) -> None:
    worker = machine(connected=sent)
    invoke(worker, deadline=5.0)
    written(worker)
    worker.tick(4.9)
    assert worker.take_events() == []
    assert worker.next_deadline() == 5.0
    worker.tick(5.0)
    _, failure = finished(worker.take_events())
    assert isinstance(failure, InvocationTimeoutError)
    assert (failure.outcome, failure.timeout) == (outcome, 30.0)
    assert worker.next_deadline() is None


def test_a_call_that_timed_out_in_the_queue_is_never_sent() -> None:
    worker = machine(connected=False)
    invoke(worker, deadline=5.0)
    worker.tick(5.0)
    worker.connected()
    assert [frame["function_id"] for frame in written(worker)] == ["engine::workers::register"]


def test_a_lost_connection_ends_what_was_sent_and_keeps_what_was_not() -> None:
    worker = machine()
    invoke(worker, "sent")
    written(worker)
    invoke(worker, "unsent")
    worker.disconnected()
    key, failure = finished(worker.take_events())
    assert key == "sent"
    assert isinstance(failure, ConnectionLostError)
    assert failure.outcome is Outcome.UNKNOWN
    worker.connected()
    assert written(worker)[-1]["invocation_id"] == "unsent"
    assert worker.pending_calls == 1


def test_a_void_call_is_finished_by_being_written_and_not_before() -> None:
    worker = machine(connected=False)
    invoke(worker, void=True)
    worker.connected()
    entries = [worker.next_frame(), worker.next_frame()]
    assert worker.take_events() == []
    key, frame = entries[1] or (None, b"")
    assert key == "k"
    assert "invocation_id" not in msgspec.json.decode(frame)
    worker.written("k")
    assert finished(worker.take_events()) == ("k", None)


def test_a_void_call_whose_writing_failed_has_an_unknown_outcome() -> None:
    worker = machine()
    invoke(worker, void=True)
    worker.next_frame()
    worker.disconnected()
    assert finished(worker.take_events())[1].outcome is Outcome.UNKNOWN


def test_a_forgotten_call_is_silent_and_is_not_sent() -> None:
    worker = machine()
    invoke(worker)
    worker.forget("k")
    assert written(worker) == []
    worker.tick(99.0)
    worker.disconnected()
    assert worker.take_events() == []


def test_the_backlog_refuses_instead_of_dropping() -> None:
    worker = machine(backlog=1, connected=False)
    invoke(worker, "a")
    with pytest.raises(BacklogFullError):
        invoke(worker, "b")
    assert worker.pending_calls == 1
    worker.connected()
    assert written(worker)[-1]["invocation_id"] == "a"


def test_an_id_is_used_once() -> None:
    worker = machine()
    invoke(worker)
    with pytest.raises(LocalProtocolError, match="in use"):
        invoke(worker)


def test_too_large_a_call_is_refused_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_frames, "_LIMIT", 50)
    worker = machine()
    with pytest.raises(InvocationError, match="send it over a channel") as caught:
        invoke(worker)
    assert caught.value.code == "payload_too_large"
    assert worker.pending_calls == 0


# --- serving ------------------------------------------------------------------


def test_an_invocation_is_answered_once() -> None:
    worker = machine()
    (event,) = receive(worker, type="invokefunction", invocation_id=ID, function_id="f", data={"a": 1})
    assert isinstance(event, Invoked)
    assert (event.invocation_id, bytes(event.frame.data)) == (ID, b'{"a":1}')  # type: ignore[arg-type]
    assert worker.reply(ID, "f", Raw(b"2"))
    assert not worker.reply(ID, "f", Raw(b"3"))
    assert written(worker) == [{"type": "invocationresult", "invocation_id": ID, "function_id": "f", "result": 2}]


def test_nothing_and_errors_are_answers_too() -> None:
    worker = machine()
    for invocation_id in ("a", "b"):
        receive(worker, type="invokefunction", invocation_id=invocation_id, function_id="f", data=None)
    worker.reply("a", "f", None)
    worker.reply("b", "f", None, ErrorBody("C", "m"))
    assert written(worker) == [
        {"type": "invocationresult", "invocation_id": "a", "function_id": "f", "result": None},
        {"type": "invocationresult", "invocation_id": "b", "function_id": "f", "error": {"code": "C", "message": "m"}},
    ]


def test_an_answer_for_a_lost_connection_goes_nowhere() -> None:
    worker = machine()
    receive(worker, type="invokefunction", invocation_id=ID, function_id="f", data=None)
    worker.disconnected()
    worker.connected()
    assert not worker.reply(ID, "f", NULL)


def test_too_large_an_answer_becomes_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = machine()
    receive(worker, type="invokefunction", invocation_id=ID, function_id="f", data=None)
    monkeypatch.setattr(worker_frames, "_LIMIT", 200)
    worker.reply(ID, "f", Raw(b'"' + b"x" * 300 + b'"'))
    assert written(worker)[0]["error"]["code"] == "payload_too_large"


def test_an_invocation_twice_or_without_an_id_is_a_fault() -> None:
    worker = machine()
    receive(worker, type="invokefunction", invocation_id=ID, function_id="f", data=None)
    (twice,) = receive(worker, type="invokefunction", invocation_id=ID, function_id="f", data=None)
    (without,) = receive(worker, type="invokefunction", function_id="f", data=None)
    assert isinstance(twice, PeerFault)
    assert isinstance(without, PeerFault)
    assert "without an invocation id" in str(without.error)


def test_calling_a_function_of_its_own_keeps_both_sides_apart() -> None:
    worker = machine()
    invoke(worker, key=ID)
    written(worker)
    receive(worker, type="invokefunction", invocation_id=ID, function_id="x::y", data={})
    assert worker.reply(ID, "x::y", Raw(b"1"))
    assert finished(receive(worker, type="invocationresult", invocation_id=ID, result=1)) == (ID, 1)


def test_a_malformed_invocation_is_answered_with_an_error() -> None:
    worker = machine()
    worker.receive('{"type":"invokefunction","invocation_id":"%s","function_id":"f","data":NaN}' % ID)  # noqa: UP031
    (event,) = worker.take_events()
    assert isinstance(event, PeerFault)
    (frame,) = written(worker)
    assert (frame["invocation_id"], frame["error"]["code"]) == (ID, "deserialization_error")


# --- refusals -----------------------------------------------------------------


def test_a_function_conflict_is_an_event_and_no_end() -> None:
    worker = machine()
    (event,) = receive(
        worker,
        type="registrationrejected",
        code="FUNCTION_NAMESPACE_CONFLICT",
        namespace="default",
        function_id="f",
        owner_worker_id="o",
    )
    assert isinstance(event, FunctionRejected)
    assert event.function_id == "f"
    assert "owned by worker o" in str(event.error)
    assert worker.state is State.CONNECTED


@pytest.mark.parametrize("code", ["WORKER_NAMESPACE_CONFLICT", "SOMETHING_NEW"])
def test_any_other_rejection_ends_everything(code: str) -> None:
    worker = machine()
    invoke(worker, "sent")
    written(worker)
    invoke(worker, "queued")
    events = receive(
        worker, type="registrationrejected", code=code, namespace="n", worker_name="w", owner_worker_id="o"
    )
    ends = {event.key: event.error for event in events if isinstance(event, CallFinished)}
    assert ends.keys() == {"sent", "queued"}
    assert isinstance(ends["queued"], RegistrationRejectedError)
    assert isinstance(ends["sent"], ConnectionLostError)
    assert ends["sent"].outcome is Outcome.UNKNOWN
    assert ends["sent"].__cause__ is ends["queued"]
    assert isinstance(events[-1], Stopped)
    assert worker.state is State.STOPPED
    assert worker.next_frame() is None
    with pytest.raises(RegistrationRejectedError):
        invoke(worker, "later")
    worker.disconnected()
    assert worker.state is State.STOPPED


def test_closing_ends_every_call_and_refuses_later_ones() -> None:
    worker = machine()
    invoke(worker)
    worker.close()
    worker.close()
    key, failure = finished(worker.take_events())
    assert key == "k"
    assert isinstance(failure, ClosedError)
    with pytest.raises(ClosedError):
        invoke(worker, "later")
    with pytest.raises(ClosedError):
        worker.register_function(RegisterFunction("f"))


def test_a_refused_binding_is_an_event_and_success_is_silent() -> None:
    worker = machine()
    about = {"type": "triggerregistrationresult", "id": "t", "trigger_type": "http", "function_id": "f"}
    assert receive(worker, **about) == []
    (event,) = receive(worker, **about, error={"code": "trigger_registration_failed", "message": "no path"})
    assert isinstance(event, TriggerFailed)
    assert (event.trigger_id, event.error.code) == ("t", "trigger_registration_failed")
    assert "http trigger of f" in str(event.error)


def test_a_provided_trigger_type_gets_its_bindings_and_answers() -> None:
    worker = machine()
    (bound,) = receive(worker, type="registertrigger", id="t", trigger_type="k", function_id="f", config={"a": 1})
    assert isinstance(bound, TriggerRequested)
    worker.answer_trigger(bound.frame)
    worker.answer_trigger(bound.frame, ErrorBody("no", "not today"))
    good, bad = written(worker)
    assert good == {"type": "triggerregistrationresult", "id": "t", "trigger_type": "k", "function_id": "f"}
    assert bad["error"] == {"code": "no", "message": "not today"}
    (gone,) = receive(worker, type="unregistertrigger", id="t", trigger_type="k")
    assert isinstance(gone, TriggerRemoved)


# --- the rest -----------------------------------------------------------------


def test_ping_is_answered_and_pong_and_blank_frames_are_nothing() -> None:
    worker = machine()
    assert receive(worker, type="ping") == []
    assert written(worker) == [{"type": "pong"}]
    assert receive(worker, type="pong") == []
    worker.receive("  \n")
    assert worker.take_events() == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"type":"functionregistered","id":"f"}', "unknown type 'functionregistered'"),
        ('{"type":"registerservice","id":"s"}', "which only workers send"),
        ("{", "cannot be read"),
        ('{"type":"error","error":{"code":"AUTH_ERROR","message":"who are you"}}', r"who are you \[AUTH_ERROR\]"),
    ],
)
def test_what_the_engine_should_not_send_is_a_fault_and_changes_nothing(text: str, problem: str) -> None:
    worker = machine()
    worker.receive(text)
    (event,) = worker.take_events()
    assert isinstance(event, PeerFault)
    with pytest.raises(type(event.error), match=problem):
        raise event.error
    assert worker.state is State.CONNECTED
    assert written(worker) == []


def test_frames_without_a_connection_are_ignored() -> None:
    worker = machine(connected=False)
    assert receive(worker, type="ping") == []
    worker.disconnected()
    assert worker.state is State.DISCONNECTED
