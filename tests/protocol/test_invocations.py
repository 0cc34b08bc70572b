"""Calls through the engine machine: forwarding, answers, collisions, the end of either side."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from iii_bridge.protocol.engine_effects import CallHttp, CheckHttp, Note
from iii_bridge.protocol.engine_state import FunctionEntry
from iii_bridge.protocol.invocations import with_caller
from iii_bridge.wire.codec import raw
from iii_bridge.wire.limits import MAX_MESSAGE_BYTES
from iii_bridge.wire.messages import ErrorBody, HttpInvocation, InvokeFunction
from tests.protocol.engine_machine import Machine, text_of

UUID = "532f1623-b776-49aa-a13b-c0de7be0b1dc"


def pair(machine: Machine) -> tuple[str, str]:
    """A worker with function a::f, and a caller."""
    worker, caller = machine.join(), machine.join()
    machine.frame(worker, type="registerfunction", id="a::f")
    return worker, caller


def test_a_call_and_its_answer() -> None:
    machine = Machine()
    worker, caller = pair(machine)
    machine.call(caller, "a::f", {"z": 1}, UUID, metadata={"k": [1]}, traceparent="00-t", baggage="x=1")
    assert machine.only(worker) == {
        "type": "invokefunction",
        "invocation_id": UUID,
        "function_id": "a::f",
        "data": {"_caller_worker_id": caller, "z": 1},
        "metadata": {"k": [1]},
        "traceparent": "00-t",
        "baggage": "x=1,iii.function.id=a::f",
    }
    machine.frame(worker, type="invocationresult", invocation_id=UUID, function_id="a::f", result={"y": 2})
    assert machine.only(caller) == {
        "type": "invocationresult",
        "invocation_id": UUID,
        "function_id": "a::f",
        "result": {"y": 2},
        "traceparent": "00-t",
        "baggage": "x=1",
    }


def test_null_is_no_result_and_error_wins() -> None:
    machine = Machine()
    worker, caller = pair(machine)
    machine.call(caller, "a::f", None, UUID)
    machine.frame(worker, type="invocationresult", invocation_id=UUID, function_id="a::f", result=None)
    assert machine.only(caller) == {"type": "invocationresult", "invocation_id": UUID, "function_id": "a::f"}
    machine.call(caller, "a::f", None, UUID)
    error = {"code": "c", "message": "m", "stacktrace": "s"}
    machine.frame(worker, type="invocationresult", invocation_id=UUID, function_id="a::f", result=1, error=error)
    answer = machine.only(caller)
    assert answer["error"] == error
    assert "result" not in answer


def test_missing_data_is_null() -> None:
    machine = Machine()
    worker, caller = pair(machine)
    machine.frame(caller, type="invokefunction", invocation_id=UUID, function_id="a::f")
    assert machine.only(worker)["data"] is None


def test_void_is_delivered_with_a_fresh_id_and_not_answered() -> None:
    machine = Machine()
    worker, caller = pair(machine)
    machine.frame(
        caller, type="invokefunction", invocation_id=UUID, function_id="a::f", data=1, action={"type": "void"}
    )
    delivered = machine.only(worker)
    assert delivered["invocation_id"] != UUID
    assert "action" not in delivered
    machine.frame(
        worker, type="invocationresult", invocation_id=delivered["invocation_id"], error={"code": "c", "message": ""}
    )
    assert machine.take(caller) == []
    assert "nobody waits for it: c" in machine.effects(Note)[-1].text


@pytest.mark.parametrize("more", [{"action": {"type": "void"}}, {}])
def test_a_void_call_of_nothing_is_only_logged(more: dict[str, object]) -> None:
    machine = Machine()
    caller = machine.join()
    machine.frame(caller, type="invokefunction", function_id="a::none", data=1, **more)
    assert machine.take(caller) == []
    assert "function_not_found" in machine.effects(Note)[-1].text


def test_two_callers_may_choose_the_same_id() -> None:
    machine = Machine()
    worker, first = pair(machine)
    second = machine.join()
    machine.call(first, "a::f", 1, UUID)
    machine.call(second, "a::f", 2, UUID)
    one, two = machine.take(worker)
    assert one["invocation_id"] != two["invocation_id"]
    machine.frame(worker, type="invocationresult", invocation_id=two["invocation_id"], result="two")
    machine.frame(worker, type="invocationresult", invocation_id=one["invocation_id"], result="one")
    assert (machine.only(first)["result"], machine.only(second)["result"]) == ("one", "two")


def test_an_id_that_is_no_uuid_is_translated() -> None:
    machine = Machine()
    worker, caller = pair(machine)
    machine.call(caller, "a::f", 1, "call-7")
    delivered = machine.only(worker)["invocation_id"]
    assert delivered != "call-7"
    machine.frame(worker, type="invocationresult", invocation_id=delivered, result=1)
    assert machine.only(caller)["invocation_id"] == "call-7"


def test_only_the_executor_may_answer_and_only_once() -> None:
    machine = Machine()
    worker, caller = pair(machine)
    stranger = machine.join()
    machine.call(caller, "a::f", 1, UUID)
    machine.frame(stranger, type="invocationresult", invocation_id=UUID, result="false")
    assert machine.take(caller) == []
    for _ in range(2):
        machine.frame(worker, type="invocationresult", invocation_id=UUID, result="true")
    assert machine.only(caller)["result"] == "true"


def test_the_executor_dies() -> None:
    machine = Machine()
    worker, caller = pair(machine)
    machine.call(caller, "a::f", 1, UUID)
    machine.apply(machine.protocol.disconnect(worker))
    answer = machine.only(caller)
    assert answer["error"] == {"code": "invocation_stopped", "message": "Invocation stopped"}


def test_the_caller_dies_and_the_late_answer_is_dropped() -> None:
    machine = Machine()
    worker, caller = pair(machine)
    machine.call(caller, "a::f", 1, UUID)
    machine.take(worker)
    machine.apply(machine.protocol.disconnect(caller))
    machine.frame(worker, type="invocationresult", invocation_id=UUID, result=1)
    assert machine.take(caller) == machine.take(worker) == []
    known = machine.protocol.worker(worker)
    assert known is not None
    assert known.executing == {}


def test_a_worker_may_call_itself() -> None:
    machine = Machine()
    worker, _ = pair(machine)
    machine.call(worker, "a::f", 1, UUID)
    machine.frame(worker, type="invocationresult", invocation_id=UUID, result=2)
    assert [f["type"] for f in machine.take(worker)] == ["invokefunction", "invocationresult"]
    machine.call(worker, "a::f", 1, UUID)
    machine.apply(machine.protocol.disconnect(worker))
    assert [f["type"] for f in machine.take(worker)] == ["invokefunction"]


def test_not_found_names_the_namespaces_that_have_it() -> None:
    machine = Machine()
    caller = machine.join()
    for namespace in ("b", "a"):
        machine.frame(machine.join(namespace), type="registerfunction", id="x::y")
    machine.call(caller, "x::y")
    text = "Function x::y not found in namespace default. It is registered in namespace(s): a, b."
    assert machine.only(caller)["error"]["message"] == text
    machine.call(caller, "x::y", namespace=" ")
    assert machine.only(caller)["error"]["code"] == "INVALID_NAMESPACE"
    machine.call(caller, "x::y", namespace=None)
    assert machine.only(caller)["error"]["code"] == "function_not_found"


def checks(machine: Machine) -> list[CheckHttp]:
    """The endpoints the machine wants looked at since the last time."""
    found = [effect for effect in machine.other if isinstance(effect, CheckHttp)]
    machine.other.clear()
    return found


def test_a_function_behind_an_endpoint_is_recorded_once_that_is_allowed_and_called_by_the_shell() -> None:
    machine = Machine()
    worker, caller = machine.join(), machine.join()
    machine.other.clear()
    machine.frame(worker, type="registerfunction", id="a::web", invocation={"url": "http://x/"})
    (check,) = checks(machine)
    machine.call(caller, "a::web")
    assert machine.only(caller)["error"]["code"] == "function_not_found"
    machine.apply(machine.protocol.checked(check, True))
    machine.call(caller, "a::web", {"n": 1}, UUID)
    (effect,) = machine.other
    assert isinstance(effect, CallHttp)
    assert effect.entry.invocation == HttpInvocation("http://x/")
    machine.apply(machine.protocol.complete(effect.pending, Raw(b"7"), None))
    assert machine.only(caller)["result"] == 7


def test_a_verdict_counts_only_for_what_is_still_wanted() -> None:
    machine = Machine()
    worker, caller = machine.join(), machine.join()
    machine.other.clear()

    def register(function_id: str, **more: object) -> None:
        machine.frame(worker, type="registerfunction", id=function_id, **more)

    for function_id in ("a::refused", "a::taken-back", "a::replaced", "a::gone"):
        register(function_id, invocation={"url": "http://x/"})
    pending = {check.message.id: check for check in checks(machine)}
    machine.frame(worker, type="unregisterfunction", id="a::taken-back")
    register("a::replaced")
    machine.apply(machine.protocol.checked(pending["a::refused"], False))
    for function_id in ("a::taken-back", "a::replaced"):
        machine.apply(machine.protocol.checked(pending[function_id], True))
    entry = machine.protocol.catalogue.find("default", "a::replaced")
    assert entry is not None
    assert entry.invocation is None
    machine.apply(machine.protocol.disconnect(worker))
    machine.apply(machine.protocol.checked(pending["a::gone"], True))
    for function_id in ("a::refused", "a::taken-back", "a::gone"):
        machine.call(caller, function_id)
        assert machine.only(caller)["error"]["code"] == "function_not_found"


def enqueue(machine: Machine, caller: str, **more: object) -> None:
    machine.call(caller, "a::f", {"q": 1}, UUID, action={"type": "enqueue", "queue": "jobs"}, **more)


def test_enqueue_without_a_provider() -> None:
    machine = Machine()
    _, caller = pair(machine)
    enqueue(machine, caller)
    error = machine.only(caller)["error"]
    assert error["code"] == "enqueue_error"
    assert error["message"].endswith("(underlying: Function engine::queue::enqueue not found in namespace default)")


def test_enqueue_goes_to_the_provider_and_its_receipt_comes_back() -> None:
    machine = Machine()
    _, caller = pair(machine)
    machine.protocol.catalogue.add_builtin(FunctionEntry("default", "engine::queue::enqueue", None))
    enqueue(machine, caller, namespace="shop", baggage="x=1", traceparent="00-t")
    call = machine.builtin()
    request = text_of(call.data)
    receipt = request["messageReceiptId"]
    assert request == {
        "queue": "jobs",
        "function_id": "a::f",
        "data": {"q": 1},
        "messageReceiptId": receipt,
        "traceparent": "00-t",
        "baggage": "x=1,iii.function.id=a::f",
        "namespace": "shop",
    }
    machine.apply(machine.protocol.complete(call.pending, None, None))
    assert machine.only(caller)["result"] == {"messageReceiptId": receipt}
    enqueue(machine, caller)
    machine.apply(machine.protocol.complete(machine.builtin().pending, None, ErrorBody("full", "no room")))
    assert machine.only(caller)["error"] == {"code": "enqueue_error", "message": "full: no room"}


def test_a_worker_may_be_the_queue_provider() -> None:
    machine = Machine()
    provider, caller = machine.join(), machine.join()
    machine.frame(provider, type="registerfunction", id="engine::queue::enqueue")
    enqueue(machine, caller)
    delivered = machine.only(provider)
    assert delivered["function_id"] == "engine::queue::enqueue"
    assert "_caller_worker_id" not in delivered["data"]
    machine.frame(provider, type="invocationresult", invocation_id=delivered["invocation_id"], result={})
    assert machine.only(caller)["result"] == {"messageReceiptId": delivered["data"]["messageReceiptId"]}


def test_calls_from_inside_resolve_their_token() -> None:
    machine = Machine()
    worker, _ = pair(machine)
    machine.apply(machine.protocol.invoke("token", InvokeFunction(function_id="a::f", data=raw({"b": 1}))))
    delivered = machine.only(worker)
    assert delivered["data"] == {"b": 1}
    machine.frame(worker, type="invocationresult", invocation_id=delivered["invocation_id"], result=5)
    answer = machine.resolved()
    assert (answer.token, text_of(answer.result), answer.error) == ("token", 5, None)
    machine.apply(machine.protocol.invoke("token", InvokeFunction(function_id="none", namespace="shop")))
    error = machine.resolved().error
    assert error == ErrorBody("function_not_found", "Function none not found in namespace shop.")


def test_old_python_workers_get_an_error_instead_of_a_message_that_kills_them() -> None:
    machine = Machine()
    old = machine.join(runtime="python", version="0.23.0", telemetry={"framework": "iii-py"})
    caller = machine.join(runtime="python", version="0.25.0", telemetry={"framework": "iii-py"})
    machine.frame(old, type="registerfunction", id="a::old")
    machine.frame(caller, type="registerfunction", id="a::new")
    big = "x" * 1024 * 1024
    machine.call(caller, "a::old", big, UUID)
    assert machine.only(caller)["error"]["code"] == "payload_too_large"
    machine.call(old, "a::new", 1, UUID)
    machine.frame(caller, type="invocationresult", invocation_id=UUID, result=big)
    assert machine.only(old)["error"]["code"] == "payload_too_large"


def test_numbers_stay_exact() -> None:
    machine = Machine()
    worker, caller = pair(machine)
    data = '{"big":36893488147419103232,"f":1.10}'
    machine.text(caller, f'{{"type":"invokefunction","invocation_id":"{UUID}","function_id":"a::f","data":{data}}}')
    effect = machine.only(worker)
    assert effect["data"]["big"] == 36893488147419103232
    assert bytes(with_caller(Raw(data.encode()), "w")).endswith(data[1:].encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text() | st.sampled_from(["_caller_worker_id", "_caller_worker_id\\u0000"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(JSON, st.booleans(), st.sampled_from([None, 1]))
@settings(max_examples=200)
def test_the_caller_is_put_into_objects_and_nothing_else_changes(
    data: object, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(data, ensure_ascii=ascii_only, indent=indent)
    if any(0xD800 <= ord(c) < 0xE000 for c in text):
        return
    marked = json.loads(bytes(with_caller(Raw(text.encode()), "me")))
    if isinstance(data, dict):
        assert marked == {**data, "_caller_worker_id": "me"}
    else:
        assert marked == data


def test_a_spelled_out_caller_is_overwritten() -> None:
    spelled = rb'{"\u005fcaller_worker_id":"forged","a":1}'
    text = bytes(with_caller(Raw(spelled), "me"))
    assert text.count(b"worker_id") == 1
    assert json.loads(text) == {"_caller_worker_id": "me", "a": 1}


def test_a_name_no_reader_takes_apart_is_passed_on_with_the_caller_last() -> None:
    spelled = rb'{"\ud800":1,"_caller_worker_id":"forged"}'
    assert json.loads(bytes(with_caller(Raw(spelled), "me")))["_caller_worker_id"] == "me"


def test_nothing_leaves_that_is_too_large_for_any_connection() -> None:
    machine = Machine()
    worker, caller = machine.join(), machine.join()
    machine.frame(worker, type="registerfunction", id="a::f")
    half = "x" * (MAX_MESSAGE_BYTES // 2)
    machine.call(caller, "a::f", half, UUID)
    assert machine.only(worker)["type"] == "invokefunction"
    machine.call(caller, "a::f", half, UUID, metadata=half)
    assert machine.only(caller)["error"]["code"] == "payload_too_large"
