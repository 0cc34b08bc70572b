"""Frames survive both ways, and what is no message comes back as data."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iii_bridge import wire

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"registerfunction","id":"a::b"}',
        '{"type":"registerfunction","id":"a::b","description":null,"request_format":{"type":"object"},"metadata":null}',
        '{"type":"registerfunction","id":"a","invocation":{"url":"http://x/","auth":{"type":"bearer","token_key":"T"}}}',
        '{"type":"unregisterfunction","id":"a::b"}',
        '{"type":"registertriggertype","id":"webhook","description":"","call_request_format":{}}',
        '{"type":"registertrigger","id":"1","trigger_type":"http","function_id":"a::b","config":null}',
        '{"type":"triggerregistrationresult","id":"1","trigger_type":"t","function_id":"f","error":{"code":"c","message":"m"}}',
        '{"type":"unregistertrigger","id":"1","trigger_type":"http"}',
        '{"type":"unregistertriggertype","id":"webhook"}',
        '{"type":"registerservice","id":"s","name":"n"}',
        '{"type":"invokefunction","function_id":"a::b","invocation_id":"1","data":{"n":1.50e3},"action":{"type":"void"}}',
        '{"type":"invokefunction","function_id":"a","data":[1],"action":{"type":"enqueue","queue":"q"},"metadata":[1]}',
        '{"type":"invocationresult","invocation_id":"1","function_id":"a","result":null}',
        '{"type":"invocationresult","invocation_id":"1","function_id":"a","error":{"code":"c","message":"m","stacktrace":"s"}}',
        '{"type":"reattach","previous_worker_id":"1","reattach_token":"2"}',
        '{"type":"workerregistered","worker_id":"1","reattach_token":"2"}',
        '{"type":"registrationrejected","code":"c","namespace":"n","function_id":"f","owner_worker_id":""}',
        '{"type":"ping"}',
        '{"type":"pong"}',
        '{"type":"error","error":{"code":"AUTH_ERROR","message":"no"}}',
    ],
)
def test_every_message_of_the_protocol_survives(text: str) -> None:
    message = wire.decode_message(text)
    assert not isinstance(message, wire.UnknownMessage | wire.MalformedMessage)
    assert json.loads(wire.encode_message(message)) == json.loads(text)


@given(JSON)
def test_payloads_are_carried_unchanged(value: object) -> None:
    payload = json.dumps(value, ensure_ascii=False)
    message = wire.decode_message(f'{{"data":{payload},"type":"invokefunction","function_id":"f"}}')
    assert isinstance(message, wire.InvokeFunction)
    assert isinstance(message.data, msgspec.Raw)
    assert bytes(message.data).decode() == payload
    assert payload.encode() in wire.encode_message(message)


def test_absent_null_and_value_stay_apart() -> None:
    absent = wire.decode_message('{"type":"invocationresult","invocation_id":"1"}')
    null = wire.decode_message('{"type":"invocationresult","invocation_id":"1","result":null}')
    assert isinstance(absent, wire.InvocationResult)
    assert isinstance(null, wire.InvocationResult)
    assert absent.result is msgspec.UNSET
    assert bytes(null.result) == b"null"  # type: ignore[arg-type]


def test_unknown_members_are_ignored_and_unknown_types_kept() -> None:
    known = wire.decode_message(
        '{"type":"registertrigger","message_type":"x","id":"1","trigger_type":"t","function_id":"f"}'
    )
    assert isinstance(known, wire.RegisterTrigger)
    novel = wire.decode_message('{"x":1,"type":"novel"}')
    assert isinstance(novel, wire.UnknownMessage)
    assert novel.type == "novel"
    assert bytes(novel.frame) == b'{"x":1,"type":"novel"}'


DEEP = "[" * 4000 + "]" * 4000


@pytest.mark.parametrize(
    ("text", "invocation_id", "function_id"),
    [
        ('{"type":"invokefunction","invocation_id":"i","function_id":"f","data":{"x":NaN}}', "i", "f"),
        ('{"type":"invokefunction","invocation_id":"i","function_id":"f","data":"\\ud800"}', "i", "f"),
        (f'{{"type":"invokefunction","invocation_id":"i","function_id":"f","data":{DEEP}}}', "i", "f"),
        ('{"type":"invokefunction","invocation_id":"i","function_id":"f","action":{"type":"other"}}', "i", "f"),
        ('{"type":"invokefunction","invocation_id":"i"}', "i", None),
        ('{"type":"invokefunction","invocation_id":"i","function_id":"f","data":{broken', "i", "f"),
        ('{"type":"invocationresult","invocation_id":"i","error":"text"}', "i", None),
        ('{"type":"invokefunction","invocation_id":7,"function_id":"f"}', None, "f"),
        ('{"type":"invokefunction","invocation_id":"\\ud800","function_id":"f","data":NaN}', None, "f"),
        ("[]", None, None),
        ("nonsense", None, None),
        ("", None, None),
        ('{"type":7}', None, None),
    ],
)
def test_what_cannot_be_read_names_what_could_be_recognised(
    text: str, invocation_id: str | None, function_id: str | None
) -> None:
    message = wire.decode_message(text)
    assert isinstance(message, wire.MalformedMessage)
    assert (message.invocation_id, message.function_id) == (invocation_id, function_id)
    assert message.problem


@given(st.text())
def test_no_text_raises(text: str) -> None:
    wire.decode_message(text)


@given(st.binary())
def test_no_mangled_frame_raises(noise: bytes) -> None:
    frame = b'{"type":"invokefunction","function_id":"f","data":' + noise + b"}"
    wire.decode_message(frame.decode(errors="replace"))


def test_optional_text_reads_alike_when_absent_null_or_empty() -> None:
    assert [wire.text_or_none(value) for value in (msgspec.UNSET, None, "", "x")] == [None, None, None, "x"]
