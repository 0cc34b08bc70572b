"""Connections of the engine machine: the pending state, leases, reattach, the end, odd frames."""

from __future__ import annotations

from iii_bridge.protocol.engine import CLOSE_EVICTED, CLOSE_NO_CODE
from iii_bridge.protocol.engine_effects import CloseConnection, Note, WorkerChanged
from iii_bridge.protocol.engine_state import FunctionEntry
from iii_bridge.wire.codec import raw
from iii_bridge.wire.messages import InvokeFunction
from tests.protocol.engine_machine import Machine, text_of


def test_the_first_frame_is_workerregistered() -> None:
    machine = Machine()
    connection = machine.connect()
    greeting = machine.only(connection)
    assert greeting["type"] == "workerregistered"
    assert greeting["worker_id"] == connection
    assert greeting["reattach_token"] != connection
    assert machine.effects(WorkerChanged) == [WorkerChanged("worker_connected", connection)]


def test_registrations_are_held_until_the_register_call() -> None:
    machine = Machine()
    worker, caller = machine.connect(), machine.join()
    machine.take(worker)
    machine.frame(worker, type="registerfunction", id="a::f")
    machine.call(caller, "a::f")
    assert machine.only(caller)["error"]["code"] == "function_not_found"
    machine.frame(
        worker, type="invokefunction", function_id="engine::workers::register", data={"namespace": "shop"},
        action={"type": "void"},
    )  # fmt: skip
    assert machine.take(worker) == []
    machine.call(caller, "a::f", namespace="shop")
    assert machine.only(worker)["function_id"] == "a::f"


def test_calls_are_made_while_registrations_are_held() -> None:
    machine = Machine()
    worker, pending = machine.join(), machine.connect()
    machine.frame(worker, type="registerfunction", id="a::f")
    machine.call(pending, "a::f")
    assert machine.only(worker)["function_id"] == "a::f"


def test_after_the_grace_the_namespace_is_default() -> None:
    machine = Machine(grace=5.0)
    worker = machine.connect(now=10.0)
    machine.frame(worker, type="registerfunction", id="a::f")
    assert machine.protocol.next_deadline() == 15.0
    machine.apply(machine.protocol.tick(14.9))
    assert machine.protocol.catalogue.find("default", "a::f") is None
    machine.apply(machine.protocol.tick(15.0))
    assert machine.protocol.catalogue.find("default", "a::f") is not None
    assert machine.protocol.next_deadline() is None
    assert "did not call engine::workers::register" in machine.effects(Note)[0].text


def test_a_late_register_call_cannot_change_the_namespace() -> None:
    machine = Machine()
    worker = machine.connect()
    machine.apply(machine.protocol.tick(5.0))
    machine.call(worker, "engine::workers::register", {"namespace": "shop", "name": "late"})
    assert machine.take(worker)[-1]["result"] == {"success": True}
    known = machine.protocol.worker(worker)
    assert known is not None
    assert (known.namespace, known.details.name) == ("default", "late")


def test_held_frames_are_applied_in_order() -> None:
    machine = Machine()
    worker = machine.connect()
    machine.frame(worker, type="registerfunction", id="a::f")
    machine.frame(worker, type="unregisterfunction", id="a::f")
    machine.frame(worker, type="registerfunction", id="a::g")
    machine.call(worker, "engine::workers::register", {})
    assert machine.protocol.catalogue.find("default", "a::f") is None
    assert machine.protocol.catalogue.find("default", "a::g") is not None


def test_a_taken_worker_name_is_fatal() -> None:
    machine = Machine()
    holder, second = machine.join("shop", "w"), machine.connect()
    machine.take(second)
    machine.frame(second, type="registerfunction", id="a::f")
    machine.call(second, "engine::workers::register", {"namespace": "shop", "name": "w"})
    rejected, answer = machine.take(second)
    assert rejected == {
        "type": "registrationrejected",
        "code": "WORKER_NAMESPACE_CONFLICT",
        "namespace": "shop",
        "worker_name": "w",
        "owner_worker_id": holder,
    }
    assert answer["result"] == {"success": False}
    assert machine.effects(CloseConnection) == [CloseConnection(second, CLOSE_NO_CODE, "")]
    assert machine.protocol.catalogue.find("shop", "a::f") is None
    machine.frame(second, type="ping")
    assert machine.take(second) == []


def test_a_name_is_free_again_when_its_holder_has_gone() -> None:
    machine = Machine()
    holder = machine.join("shop", "w")
    machine.apply(machine.protocol.disconnect(holder))
    assert machine.protocol.worker(machine.join("shop", "w")) is not None


def test_the_same_name_in_another_namespace_is_another_name() -> None:
    machine = Machine()
    machine.join("shop", "w")
    assert machine.protocol.worker(machine.join("other", "w")) is not None


def test_reattach_evicts_the_former_connection_and_frees_what_it_held() -> None:
    machine = Machine()
    old = machine.connect()
    token = machine.only(old)["reattach_token"]
    machine.call(old, "engine::workers::register", {"name": "w"})
    machine.frame(old, type="registerfunction", id="a::f")
    new = machine.connect()
    machine.frame(new, type="reattach", previous_worker_id=old, reattach_token=token)
    (close,) = machine.effects(CloseConnection)
    assert (close.connection, close.code) == (old, CLOSE_EVICTED)
    machine.take(new)
    machine.call(new, "engine::workers::register", {"name": "w"})
    machine.frame(new, type="registerfunction", id="a::f")
    assert [frame["type"] for frame in machine.take(new)] == ["invocationresult"]


def test_a_wrong_token_is_ignored_without_a_reply() -> None:
    machine = Machine()
    old = machine.connect()
    new = machine.join()
    for token in ("nonsense", None, ""):
        machine.frame(new, type="reattach", previous_worker_id=old, reattach_token=token)
    machine.frame(new, type="reattach", previous_worker_id=new, reattach_token="x")
    assert machine.take(new) == []
    assert machine.protocol.worker(old) is not None


def test_a_blank_namespace_is_refused() -> None:
    machine = Machine()
    worker = machine.connect()
    machine.call(worker, "engine::workers::register", {"namespace": "  "})
    assert machine.take(worker)[-1]["error"]["code"] == "INVALID_NAMESPACE"


def test_a_register_call_that_cannot_be_read_is_answered() -> None:
    machine = Machine()
    worker = machine.connect()
    machine.call(worker, "engine::workers::register", {"pid": "seven"})
    error = machine.take(worker)[-1]["error"]
    assert error["code"] == "deserialization_error"
    assert error["message"].startswith("Failed to deserialize input for engine::workers::register: ")


def test_disconnect_removes_everything_at_once() -> None:
    machine = Machine()
    worker = machine.join()
    machine.frame(worker, type="registerfunction", id="a::f")
    machine.apply(machine.protocol.disconnect(worker))
    assert machine.protocol.catalogue.find("default", "a::f") is None
    assert machine.protocol.workers() == []
    assert machine.effects(WorkerChanged)[-1] == WorkerChanged("worker_disconnected", worker)
    assert machine.protocol.disconnect(worker) == []


def test_ping_is_answered_and_pong_is_not() -> None:
    machine = Machine()
    worker = machine.join()
    machine.frame(worker, type="ping")
    machine.frame(worker, type="pong")
    assert machine.take(worker) == [{"type": "pong"}]


def test_a_call_that_cannot_be_read_is_answered_where_it_names_itself() -> None:
    machine = Machine()
    worker = machine.join()
    machine.text(worker, '{"type":"invokefunction","invocation_id":"x1","function_id":"a::f","data":NaN}')
    answer = machine.only(worker)
    assert (answer["invocation_id"], answer["function_id"]) == ("x1", "a::f")
    assert answer["error"]["code"] == "invalid_request"
    machine.text(worker, '{"type":"invokefunction","function_id":7}')
    machine.text(worker, "no json at all")
    assert machine.take(worker) == []
    assert len(machine.effects(Note)) == 3


def test_ids_that_cannot_be_said_back_are_not() -> None:
    machine = Machine()
    worker = machine.join()
    machine.text(worker, r'{"type":"invokefunction","invocation_id":"\ud800","function_id":"f","data":1}')
    assert machine.take(worker) == []
    machine.text(worker, r'{"type":"invokefunction","invocation_id":"i","function_id":"\ud800","data":1}')
    answer = machine.only(worker)
    assert (answer["function_id"], answer["error"]["code"]) == ("", "invalid_request")


def test_an_unreadable_result_ends_the_call_it_belongs_to() -> None:
    machine = Machine()
    worker, caller = machine.join(), machine.join()
    machine.frame(worker, type="registerfunction", id="a::f")
    chosen = machine.call(caller, "a::f")
    machine.take(worker)
    machine.text(worker, f'{{"type":"invocationresult","invocation_id":"{chosen}","function_id":"a::f","result":NaN}}')
    answer = machine.only(caller)
    assert (answer["invocation_id"], answer["error"]["code"]) == (chosen, "serialization_error")
    assert machine.take(worker) == []


def test_unknown_messages_and_members_are_ignored() -> None:
    machine = Machine()
    worker = machine.join()
    machine.frame(worker, type="novel", x=1)
    machine.frame(worker, type="registerfunction", id="a::f", observe={"delivery": "auto"}, message_type="x")
    machine.frame(worker, type="registerservice", id="s")
    assert machine.take(worker) == []
    assert machine.protocol.catalogue.find("default", "a::f") is not None


def test_the_register_call_is_not_for_callers_inside_the_engine() -> None:
    machine = Machine()
    machine.apply(machine.protocol.invoke("t", InvokeFunction(function_id="engine::workers::register")))
    error = machine.resolved().error
    assert error is not None
    assert error.code == "INVALID_ARGUMENTS"


def test_builtins_answer_through_complete() -> None:
    machine = Machine()
    worker = machine.join()
    machine.protocol.catalogue.add_builtin(FunctionEntry("default", "engine::x", None))
    chosen = machine.call(worker, "engine::x", {"a": 1})
    call = machine.builtin()
    assert call.caller == worker
    assert text_of(call.data) == {"_caller_worker_id": worker, "a": 1}
    machine.apply(machine.protocol.complete(call.pending, raw([1]), None))
    assert machine.only(worker)["result"] == [1]
    machine.apply(machine.protocol.complete(call.pending, raw([2]), None))
    assert machine.take(worker) == [], chosen
