"""Calls in both directions: values, statuses, violations, time and what travels beside the payload."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from iii_bridge import ContractError, InvocationError, InvocationTimeoutError, Side, StatusCode, StatusError
from iii_bridge.status import format_status_line
from tests.contract.bus import bus_with
from tests.engine.peers.peers import Peer
from tests.typescript.bench import Lab, lab_worker


def full(lab: Lab) -> Any:
    stubs = lab.stubs
    return stubs.Sample(
        name="full",
        amount=-(2**63),
        colour=stubs.Colour.COLOUR_RED,
        parts=[stubs.Part(sku="a", weight=2**63 - 1)],
        by_name={"x": stubs.Part(sku="b")},
        wrapped=2**62,
        small_number=0,
        part=stubs.Part(sku="c"),
        ratio=0.5,
    )


def test_values_arrive_in_both_directions(lab: Lab) -> None:
    sent = full(lab)
    for method in (lab.client.echo, lab.client.strict, lab.client.lenient, lab.client.compact):
        request = sent if method is not lab.client.compact else lab.stubs.Sample(name="n", amount=2**53 - 1)
        assert lab.run(method(request)) == request
    written = lab.run(lab.bus.bridge.call("lab::echo", {"name": "n"}))
    assert written["amount"] == "0"
    assert written["colour"] == "COLOUR_UNSPECIFIED"
    assert "_caller_worker_id" not in written
    assert lab.typescript("mirror", "echo", written) == {"result": {"name": "n"}}


def test_the_other_profile_is_written_and_read(lab: Lab) -> None:
    sample = {"name": "n", "byName": {"a": {"sku": "s", "weight": "7"}}, "colour": "COLOUR_RED", "amount": "9"}
    written = lab.run(lab.bus.bridge.call("lab::compact", sample))
    assert written == {"name": "n", "by_name": {"a": {"sku": "s", "weight": 7}}, "colour": 1, "amount": 9}
    assert lab.typescript("mirror", "compact", sample)["result"] == sample
    beyond = lab.run(lab.bus.bridge.call("lab::compact", {"name": ""}))
    assert beyond == {"name": ""}, "what is REQUIRED is written, whatever the profile"


@pytest.mark.parametrize(
    ("function", "payload", "path"),
    [
        ("echo", {}, "$.name"),
        ("echo", {"name": None}, "$.name"),
        ("echo", [], "$"),
        ("echo", {"name": "n", "amount": True}, "$.amount"),
        ("echo", {"name": "n", "amount": str(2**63)}, "$.amount"),
        ("echo", {"name": "n", "amount": 2**60}, "$.amount"),
        ("echo", {"name": "n", "wrapped": 2**60}, "$.wrapped"),
        ("echo", {"name": "n", "colour": "COLOUR_MAUVE"}, "$.colour"),
        ("echo", {"name": "n", "colours": ["COLOUR_RED", "COLOUR_MAUVE"]}, "$.colours[1]"),
        ("echo", {"name": "n", "parts": [{"sku": "s"}, {"weight": "1"}]}, "$.parts[1].sku"),
        ("echo", {"name": "n", "parts": [{"sku": "s", "weight": "much"}]}, "$.parts[0].weight"),
        ("echo", {"name": "n", "parts": {}}, "$.parts"),
        ("echo", {"name": "n", "byName": {"a b": {"sku": 1}}}, '$.byName["a b"].sku'),
        ("echo", {"name": "n", "by_name": {}, "byName": {}}, "$.byName"),
        ("echo", {"name": "n", "text": "t", "part": {"sku": "s"}}, "$.part"),
        ("echo", {"name": "n", "at": "yesterday"}, "$.at"),
        ("echo", {"name": "n", "any": {"@type": "type.googleapis.com/lab.v1.Part", "weight": "1"}}, "$.any.sku"),
        ("echo", {"name": "n", "any": {"@type": "type.googleapis.com/lab.v1.Gone"}}, "$.any.@type"),
        ("echo", {"name": "n", "ratio": 1e39}, "$.ratio"),
        ("strict", {"name": "n", "more": 1}, "$.more"),
        ("strict", {"name": "n", "parts": [{"sku": "s", "more": 1}]}, "$.parts[0].more"),
    ],
)
def test_a_wrong_request_is_refused_at_its_place(lab: Lab, function: str, payload: Any, path: str) -> None:
    with pytest.raises(ContractError) as caught:
        lab.run(lab.bus.bridge.call(f"lab::{function}", payload))
    error = caught.value
    assert (error.function_id, error.side, error.path) == (f"lab::{function}", Side.REQUEST, path)
    assert error.status is StatusCode.INVALID_ARGUMENT
    assert not any(word in str(error) for word in ("MAUVE", "much", "yesterday", str(2**63)))


def test_policies_let_pass_what_they_say(lab: Lab) -> None:
    part = {"@type": "type.googleapis.com/lab.v1.Part", "sku": "s"}
    sample = {"name": "n", "more": 1, "colour": "COLOUR_MAUVE", "colours": ["COLOUR_MAUVE", "COLOUR_RED"], "any": part}
    for function in ("echo", "lenient"):
        known = {**sample, "colour": "COLOUR_RED", "colours": []} if function == "echo" else sample
        answer = lab.run(lab.bus.bridge.call(f"lab::{function}", known))
        assert "more" not in answer
        assert answer["colours"] == ([] if function == "echo" else ["COLOUR_RED"])
        assert answer["any"] == {**part, "weight": "0"}


def test_what_legal_json_may_say_is_read(lab: Lab) -> None:
    """Null for members of a oneof that are not set, and the greatest float in as few digits as others write it."""
    sample = {"name": "n", "part": None, "text": "t", "ratio": 3.4028235e38, "byName": None, "colour": None}
    answer = lab.run(lab.bus.bridge.call("lab::echo", sample))
    assert (answer["text"], answer["ratio"]) == ("t", 3.4028234663852886e38)
    with pytest.raises(ContractError):
        lab.run(lab.bus.bridge.call("lab::echo", {"name": "n", "ratio": 3.4028236e38}))


@pytest.mark.parametrize(("what", "path"), [("wrong response", "$"), ("out of range", "$.remaining")])
def test_a_wrong_response_does_not_leave_the_worker(lab: Lab, what: str, path: str) -> None:
    with pytest.raises(ContractError) as caught:
        lab.run(lab.client.act(lab.stubs.Order(what=what)))
    error = caught.value
    assert (error.function_id, error.side, error.path) == ("lab::act", Side.RESPONSE, path)
    assert error.status is StatusCode.INTERNAL


def test_the_typescript_caller_checks_both_ways(lab: Lab) -> None:
    refused = lab.typescript("mirror", "echo", {"name": "wrong"})["contract"]
    assert (refused["functionId"], refused["side"], refused["path"]) == ("mirror::echo", "response", "$.amount")
    beyond = lab.typescript("mirror", "compact", {"name": "n", "amount": str(2**60)})["contract"]
    assert (beyond["side"], beyond["path"]) == ("request", "$.amount")
    assert "INT64_STRING" in beyond["problem"]


def test_statuses_cross_in_both_directions_and_through_a_worker(lab: Lab) -> None:
    with pytest.raises(StatusError) as caught:
        lab.run(lab.client.act(lab.stubs.Order(what="status", with_="because")))
    error = caught.value
    assert (error.status, error.message) == (StatusCode.FAILED_PRECONDITION, "not now")
    assert error.details == ({"@type": "lab", "why": "because"},)
    told = lab.typescript("mirror", "act", {"what": "status", "with": "x"})
    assert told == {
        "status": {"code": "ALREADY_EXISTS", "message": "twice", "details": [{"@type": "mirror", "what": "x"}]}
    }
    with pytest.raises(StatusError) as relayed:
        lab.run(lab.client.act(lab.stubs.Order(what="relay", with_="status")))
    assert relayed.value.status is StatusCode.ALREADY_EXISTS


def test_an_error_without_status_stays_one(lab: Lab) -> None:
    with pytest.raises(InvocationError) as caught:
        lab.run(lab.client.act(lab.stubs.Order(what="error")))
    assert type(caught.value) is InvocationError, "its text is no status"
    told = lab.typescript("mirror", "act", {"what": "error"})["error"]
    assert (told["name"], told["code"]) == ("InvocationError", "invocation_failed")
    missing = lab.typescript("lab", "fire", {"what": "n"}, how="enqueue")["error"]
    assert "names no queue" in missing["message"]


def test_the_sidecar_and_the_caller_are_shown_and_taken_out(lab: Lab) -> None:
    report = lab.run(lab.client.act(lab.stubs.Order(what="tell"), timeout=9.0, metadata={"a": [1]}))
    assert json.loads(report.metadata) == {"a": [1]}
    assert report.attempt == 1
    assert 0 < report.remaining <= 9000
    assert report.caller
    assert json.loads(report.binding) is None


def test_calls_inherit_what_is_left(lab: Lab) -> None:
    """Of the caller's time, unless they are detached; and never more than they asked for."""
    relayed = lab.run(lab.client.act(lab.stubs.Order(what="relay", with_="tell"), timeout=7.0))
    assert 0 < relayed.remaining <= 7000
    assert relayed.metadata == "{'relayed': True}"
    detached = lab.run(lab.client.act(lab.stubs.Order(what="relay detached", with_="tell"), timeout=7.0))
    assert 7000 < detached.remaining <= 30000
    short = lab.typescript("mirror", "act", {"what": "tell"}, options={"timeoutMs": 5000})["result"]
    assert 0 < int(short["remaining"]) <= 5000


def test_a_handler_is_told_of_its_deadline(lab: Lab) -> None:
    with pytest.raises(InvocationTimeoutError):
        lab.run(lab.client.act(lab.stubs.Order(what="wait"), timeout=0.3))
    lab.until(lambda: "aborted" in lab.lines())


def test_void_and_queued_calls(lab: Lab) -> None:
    assert lab.typescript("mirror", "note", {"what": "v"}, how="void") == {"result": None}
    receipt = lab.typescript("mirror", "note", {"what": "q"}, how="enqueue")["result"]
    assert receipt["messageReceiptId"]
    lab.until(lambda: set(lab.run(noted(lab))) >= {"v", "q"})
    for method in ("fire", "queue"):
        assert lab.typescript("lab", method, {"what": f"{method}d"}) == {"result": {}}, "delivered as the contract says"
    lab.until(lambda: {"fire fired", "queue queued"} <= set(lab.lines()))
    bad = lab.typescript("lab", "queue", {"what": "x"}, how="enqueue", options={"queue": ""})["error"]
    assert "names no queue" in bad["message"]


async def noted(lab: Lab) -> list[str]:
    report = await lab.stubs.MirrorClient(lab.bus.bridge).act(lab.stubs.Order(what="noted"))
    return str(report.what).split(",")


def test_the_reserved_metadata_is_refused(lab: Lab) -> None:
    told = lab.typescript("mirror", "act", {"what": "tell"}, options={"metadata": {"iii-bridge": 1}})["error"]
    assert "reserved" in told["message"]


def test_a_status_of_the_python_sdk_is_found_in_its_stack(project: Path, stubs: ModuleType) -> None:
    line = format_status_line("NOT_FOUND", "no such thing", [{"@type": "mirror", "what": "x"}])
    with bus_with(lab_worker(project)) as bus, Peer("python", bus.engine.url, "python") as peer:
        peer.function("mirror::act", "status", line)
        told = Lab(bus, stubs).typescript("mirror", "act", {"what": "status"})
    assert told["status"] == {
        "code": "NOT_FOUND",
        "message": "no such thing",
        "details": [{"@type": "mirror", "what": "x"}],
    }
