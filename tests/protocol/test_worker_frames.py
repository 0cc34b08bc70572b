"""The frames of a call and of an answer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import UNSET, Raw

from iii_bridge.protocol.worker_frames import call_frame, reply_frame, target_namespace
from iii_bridge.wire import ErrorBody

BARE: dict[str, Any] = {
    "namespace": None,
    "metadata": UNSET,
    "traceparent": None,
    "baggage": None,
    "queue": None,
    "void": False,
}


@pytest.mark.parametrize(
    ("function_id", "explicit", "own", "target"),
    [
        ("x::y", None, None, None),
        ("x::y", None, "shop", "shop"),
        ("x::y", "other", "shop", "other"),
        ("engine::x", None, None, "default"),
        ("engine::x", None, "shop", "default"),
        ("configuration::get", None, "shop", "default"),
        ("engine::x", "other", None, "other"),
    ],
)
def test_where_a_call_goes(function_id: str, explicit: str | None, own: str | None, target: str | None) -> None:
    assert target_namespace(function_id, explicit, own) == target


def test_a_call_has_no_members_it_does_not_need() -> None:
    assert call_frame("k", "x", Raw(b"1"), **BARE) == (
        b'{"type":"invokefunction","function_id":"x","invocation_id":"k","data":1}'
    )


@pytest.mark.parametrize(
    ("member", "value", "written"),
    [
        ("namespace", "shop", {"namespace": "shop"}),
        ("metadata", Raw(b'{"m":1}'), {"metadata": {"m": 1}}),
        ("traceparent", "00-a-b-01", {"traceparent": "00-a-b-01"}),
        ("baggage", "k=v", {"baggage": "k=v"}),
        ("queue", "q", {"action": {"type": "enqueue", "queue": "q"}}),
    ],
)
def test_a_call_has_the_members_it_needs(member: str, value: Any, written: dict[str, Any]) -> None:
    frame = msgspec.json.decode(call_frame("k", "x", Raw(b"1"), **BARE | {member: value}))
    bare = {"type": "invokefunction", "function_id": "x", "invocation_id": "k", "data": 1}
    assert frame == bare | written


def test_a_void_call_has_no_id() -> None:
    frame = msgspec.json.decode(call_frame("k", "x", Raw(b"1"), **BARE | {"void": True}))
    assert frame == {"type": "invokefunction", "function_id": "x", "data": 1, "action": {"type": "void"}}


@pytest.mark.parametrize(
    ("result", "error", "member"),
    [
        (Raw(b"[1]"), None, {"result": [1]}),
        (None, None, {"result": None}),
        (Raw(b"1"), ErrorBody("C", "m", "s"), {"error": {"code": "C", "message": "m", "stacktrace": "s"}}),
    ],
)
def test_an_answer_is_a_result_or_an_error(result: Raw | None, error: ErrorBody | None, member: dict[str, Any]) -> None:
    frame = msgspec.json.decode(reply_frame("i", "x", result, error))
    assert frame == {"type": "invocationresult", "invocation_id": "i", "function_id": "x"} | member
