"""Calls into Rust and out of it, and how each kind of ending crosses."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

from iii_bridge import ContractError, InvocationError, InvocationTimeoutError, Side, StatusCode, StatusError
from iii_bridge.status import format_status_line
from iii_bridge.wire import raw
from tests.contract.bus import Bus, bus_with
from tests.engine.peers.peers import Peer
from tests.rust.conftest import DESK, Front, Recall


def desk(bus: Bus, stubs: ModuleType) -> Any:
    return stubs.DeskClient(bus.bridge)


# --- into Rust ---------------------------------------------------------------


def test_a_request_arrives_whole_with_its_context(bus: Bus, stubs: ModuleType) -> None:
    order = stubs.Order(
        order_id="17", items=[stubs.Item(sku="tea", count=2**60)], weight=0.5, size=stubs.Size.SIZE_LARGE
    )
    seen = bus.run(desk(bus, stubs).place(order, metadata={"tenant": "blue"}, timeout=25))
    assert seen.order == order
    assert (seen.method, seen.function_id, seen.attempt) == ("place", "desk::place", 1)
    assert seen.has_caller
    assert seen.has_deadline
    assert json.loads(seen.metadata) == {"tenant": "blue"}, "the sidecar is not shown"
    assert seen.binding == ""


def test_default_values_are_written_and_floats_are_shortest(bus: Bus) -> None:
    seen = bus.run(bus.bridge.call("desk::place", {"orderId": "17", "weight": 0.1}))
    assert seen["order"] == {
        "orderId": "17",
        "items": [],
        "size": "SIZE_UNSPECIFIED",
        "weight": 0.1,
        "labels": {},
        "tags": [],
        "urgent": False,
    }
    assert seen["attempt"] == "1"


def test_every_spelling_is_read(bus: Bus) -> None:
    written = {"order_id": "17", "items": [{"sku": "a", "count": "1e2"}], "size": 2, "weight": "0.5", "due": None}
    seen = bus.run(bus.bridge.call("desk::place", written))
    assert seen["order"]["items"] == [{"sku": "a", "count": "100"}]
    assert (seen["order"]["size"], seen["order"]["weight"]) == ("SIZE_LARGE", 0.5)


def test_the_profile_of_the_method_is_kept(bus: Bus, stubs: ModuleType) -> None:
    payload = {"bigNumber": "0", "theSize": "SIZE_LARGE", "sizes": ["SIZE_SMALL", "SIZE_HUGE"], "type": "x"}
    answer = bus.run(bus.bridge.call("desk::spell", payload))
    assert answer == {"big_number": 0, "the_size": 2, "sizes": [1], "type": "x"}
    spelled = stubs.Spelling(
        big_number=2**53 + 1, number=3, error=stubs.Spelling.Error(context=stubs.Context(self="s"))
    )
    assert bus.run(desk(bus, stubs).spell(spelled)) == spelled


BAD: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "missing": ("desk::place", {"items": []}, "$.orderId", "the required member is missing"),
    "null": ("desk::place", {"orderId": None}, "$.orderId", "the required member is missing"),
    "nested": (
        "desk::place",
        {"orderId": "1", "items": [{"count": 1}]},
        "$.items[0].sku",
        "required member is missing",
    ),
    "range": (
        "desk::place",
        {"orderId": "1", "items": [{"sku": "a", "count": str(2**63)}]},
        "$.items[0].count",
        "the number is out of range for int64",
    ),
    "fraction": (
        "desk::place",
        {"orderId": "1", "items": [{"sku": "a", "count": 1.5}]},
        "$.items[0].count",
        "fraction",
    ),
    "type": ("desk::place", {"orderId": 1}, "$.orderId", "expected a string, found a number"),
    "enum": ("desk::place", {"orderId": "1", "size": "SIZE_HUGE"}, "$.size", "does not know the name"),
    "time": ("desk::place", {"orderId": "1", "due": "yesterday"}, "$.due", "does not fit"),
    "hidden key": ("desk::place", {"orderId": "1", "labels": {"secret": "x"}}, "$.labels[*]", "expected an integer"),
    "twice": ("desk::place", {"orderId": "1", "order_id": "1"}, "$.order", "occurs twice"),
    "unknown": ("desk::spell", {"big_number": 1, "novel": 1}, "$.novel", "does not know the member"),
    "oneof": ("desk::spell", {"big_number": 1, "number": 1, "type": "a"}, "$.", "another member of the oneof choice"),
    "no object": ("desk::place", [1], "$", "expected an object, found an array"),
}


@pytest.mark.parametrize(("function_id", "payload", "path", "problem"), BAD.values(), ids=BAD)
def test_a_request_that_does_not_fit_is_refused(
    bus: Bus, function_id: str, payload: Any, path: str, problem: str
) -> None:
    with pytest.raises(ContractError) as caught:
        bus.run(bus.bridge.call(function_id, payload))
    error = caught.value
    assert (error.function_id, error.side, error.status) == (function_id, Side.REQUEST, StatusCode.INVALID_ARGUMENT)
    assert error.path.startswith(path)
    assert problem in error.problem
    assert not any(secret in str(error) for secret in ("secret", "yesterday", "SIZE_HUGE", str(2**63)))


def test_a_status_arrives_as_it_was_chosen(bus: Bus, stubs: ModuleType) -> None:
    with pytest.raises(StatusError) as caught:
        bus.run(desk(bus, stubs).fail(stubs.Key(order_id="status")))
    error = caught.value
    assert (error.status, error.message, error.code) == (StatusCode.NOT_FOUND, "no such order", "NOT_FOUND")
    assert error.details == ({"@type": "desk/hint", "order": "17"},)


def test_a_response_that_does_not_fit_is_found_where_it_is_written(bus: Bus) -> None:
    with pytest.raises(ContractError) as caught:
        bus.run(bus.bridge.call("desk::fail", {"orderId": "violation"}))
    error = caught.value
    assert (error.function_id, error.side, error.status) == ("desk::fail", Side.RESPONSE, StatusCode.INTERNAL)
    assert error.path == "$.order.due"


def test_a_handler_that_panics_answers_all_the_same(bus: Bus, stubs: ModuleType) -> None:
    with pytest.raises(InvocationError, match="the handler panicked") as caught:
        bus.run(desk(bus, stubs).fail(stubs.Key(order_id="panic")))
    assert caught.value.code == "invocation_failed"


def test_a_handler_stops_at_its_callers_deadline(bus: Bus, stubs: ModuleType) -> None:
    with pytest.raises(InvocationTimeoutError):
        bus.run(desk(bus, stubs).fail(stubs.Key(order_id="slow"), timeout=0.3))


def test_void_and_queued_calls_reach_rust(bus: Bus, stubs: ModuleType, recall: Recall) -> None:
    async def send() -> None:
        await desk(bus, stubs).note(stubs.Order(order_id="void"))
        seen = await recall("note", "void")
        assert (seen.function_id, seen.has_caller, seen.binding) == ("desk::note", True, "")
        receipt = await desk(bus, stubs).note.enqueue(stubs.Order(order_id="queued"), queue="default")
        assert receipt.message_receipt_id
        seen = await recall("note", "queued")
        assert (seen.has_caller, seen.has_deadline) == (False, False)

    bus.run(send())


# --- out of Rust -------------------------------------------------------------


def relay(bus: Bus, stubs: ModuleType, order_id: str, **options: Any) -> Any:
    return bus.run(desk(bus, stubs).relay(stubs.Order(order_id=order_id, weight=0.1), **options))


def test_a_rust_client_is_answered(bus: Bus, stubs: ModuleType, front: Front) -> None:
    seen = relay(bus, stubs, "plain")
    assert (seen.method, seen.order.order_id, seen.attempt) == ("ask", "plain", 1)
    assert seen.order.weight == pytest.approx(0.1)
    context = bus.run(front.until("ask", "plain"))
    assert context.remaining() is not None


def test_a_rust_client_sends_metadata(bus: Bus, stubs: ModuleType) -> None:
    assert json.loads(relay(bus, stubs, "metadata").metadata) == {"tenant": "blue"}
    with pytest.raises(StatusError, match="reserved") as caught:
        relay(bus, stubs, "reserved")
    assert caught.value.status is StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("order_id", "method"), [("void", "ask"), ("tell", "tell"), ("post", "post"), ("enqueue", "ask")]
)
def test_a_rust_client_delivers_in_each_way(
    bus: Bus, stubs: ModuleType, front: Front, order_id: str, method: str
) -> None:
    seen = relay(bus, stubs, order_id)
    assert seen.method == "relay"
    if order_id == "enqueue":
        assert seen.metadata, "the receipt"
    context = bus.run(front.until(method, order_id))
    assert context.remaining() is None


def test_a_status_from_python_passes_through_rust(bus: Bus, stubs: ModuleType) -> None:
    with pytest.raises(StatusError) as caught:
        relay(bus, stubs, "refused")
    error = caught.value
    assert (error.status, error.message, error.details) == (StatusCode.ABORTED, "not today", ({"@type": "front/why"},))


def test_a_status_of_the_python_sdk_is_found_in_its_stack(stubs: ModuleType) -> None:
    line = format_status_line("NOT_FOUND", "no such thing", [{"@type": "front/why"}])
    with bus_with(DESK) as bus, Peer("python", bus.engine.url, "python") as peer:
        peer.function("front::ask", "status", line)
        with pytest.raises(StatusError) as caught:
            relay(bus, stubs, "any")
    error = caught.value
    assert (error.status, error.message, error.details) == (
        StatusCode.NOT_FOUND,
        "no such thing",
        ({"@type": "front/why"},),
    )


def test_calls_out_of_a_handler_do_not_outlive_its_caller(bus: Bus, stubs: ModuleType, front: Front) -> None:
    relay(bus, stubs, "inherits", timeout=9)
    left = bus.run(front.until("ask", "inherits")).remaining()
    assert left is not None
    assert left < 9


def test_a_rust_client_stops_waiting_in_time(bus: Bus, stubs: ModuleType) -> None:
    with pytest.raises(Exception, match=r"front::ask gave no answer in time; outcome unknown"):
        relay(bus, stubs, "short")


def test_the_trace_goes_on_through_rust(bus: Bus, front: Front) -> None:
    """Whether the worker exports spans or not."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    payload = raw({"orderId": "traced"})
    call = bus.bridge._session.call("desk::relay", payload, timeout=30, traceparent=f"00-{trace}-b7ad6b7169203331-01")
    bus.run(call)
    context = bus.run(front.until("ask", "traced"))
    assert context.traceparent is not None
    assert context.traceparent.split("-")[1] == trace
