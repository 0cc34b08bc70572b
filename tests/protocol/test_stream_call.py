"""A streaming call at its caller: which end it comes to, for each order of events."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Raw

from iii_bridge.errors import (
    ConnectionLostError,
    ContractError,
    FunctionNotFoundError,
    InvocationError,
    InvocationTimeoutError,
    Outcome,
    Side,
    StatusError,
    StreamTruncatedError,
)
from iii_bridge.protocol.stream_call import DRAIN_SECONDS, LATE_SECONDS, CallerStream, count_result
from iii_bridge.status import StatusCode

SAID_NO = StatusError(StatusCode.ABORTED, "no")


def call(*, sends: bool = False, receives: bool = True) -> CallerStream:
    return CallerStream("a::b", 0.0, sends=sends, receives=receives)


def arrive(stream: CallerStream, *items: bytes) -> None:
    assert stream.responses is not None
    for item in items:
        stream.responses.receive(item)
        stream.changed()


def close(stream: CallerStream) -> None:
    assert stream.responses is not None
    stream.responses.close()
    stream.changed()


def test_items_then_the_count() -> None:
    stream = call()
    arrive(stream, b"{}", b"{}")
    close(stream)
    assert not stream.ended, "the result is still to come"
    stream.answered(count_result(2), 0.0)
    assert (stream.ended, stream.error) == (True, None)


def test_the_count_may_overtake_the_items() -> None:
    stream = call()
    stream.answered(count_result(2), 0.0)
    arrive(stream, b"{}")
    assert not stream.ended
    arrive(stream, b"{}")
    assert (stream.ended, stream.error) == (True, None)


def test_a_shorter_count_is_truncation() -> None:
    stream = call()
    arrive(stream, b"{}")
    stream.answered(count_result(2), 0.0)
    close(stream)
    assert isinstance(stream.error, StreamTruncatedError)
    assert (stream.error.expected, stream.error.received) == (2, 1)


@pytest.mark.parametrize(
    "result", [b"null", b"{}", b'{"items":null}', b'{"items":true}', b'{"items":-1}', b"[2]", b"{"]
)
def test_a_result_that_does_not_count_breaks_the_contract(result: bytes) -> None:
    stream = call()
    arrive(stream, b"{}")
    stream.answered(Raw(result), 0.0)
    assert isinstance(stream.error, ContractError)
    assert (stream.error.side, stream.error.path) == (Side.RESPONSE, "$.items")


def test_an_error_waits_for_what_was_sent_before_it() -> None:
    stream = call()
    stream.failed(SAID_NO, 0.0)
    assert not stream.ended
    arrive(stream, b"{}", b'["end",1]')
    assert (stream.ended, stream.error) == (True, SAID_NO)
    assert stream.responses is not None
    assert stream.responses.take() == b"{}"


def test_an_error_after_the_close_waits_for_nothing() -> None:
    stream = call()
    close(stream)
    stream.failed(SAID_NO, 0.0)
    assert stream.error is SAID_NO


def test_a_channel_that_stays_silent_is_not_waited_for() -> None:
    stream = call()
    stream.failed(SAID_NO, 5.0)
    assert stream.next_deadline() == 5.0 + DRAIN_SECONDS
    arrive(stream, b"{}")
    stream.tick(5.0 + DRAIN_SECONDS)
    assert not stream.ended, "something came"
    stream.tick(5.0 + 2 * DRAIN_SECONDS)
    assert stream.error is SAID_NO
    assert stream.next_deadline() is None


def test_a_result_that_counts_more_than_comes_is_not_waited_for_without_end() -> None:
    stream = call()
    arrive(stream, b"{}")
    stream.answered(count_result(2), 5.0)
    assert stream.next_deadline() == 5.0 + LATE_SECONDS
    stream.tick(5.0 + LATE_SECONDS)
    assert isinstance(stream.error, StreamTruncatedError)


def test_a_time_limit_holds_after_the_answer_too() -> None:
    stream = call()
    stream.limit(9.0, 8.5)
    stream.answered(count_result(2), 5.0)
    assert stream.next_deadline() == 9.0
    stream.tick(9.0)
    assert isinstance(stream.error, InvocationTimeoutError)
    assert "8.5" in str(stream.error)


def test_a_reader_that_does_not_read_is_not_a_silent_channel() -> None:
    stream = call()
    arrive(stream, *[b"{}"] * 64)
    stream.failed(SAID_NO, 0.0)
    stream.tick(DRAIN_SECONDS)
    stream.tick(5 * DRAIN_SECONDS)
    assert not stream.ended


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FunctionNotFoundError("function_not_found", "no", "a::b"), False),
        (InvocationError("invocation_stopped", "gone", "a::b"), False),
        (ConnectionLostError("a::b", Outcome.UNKNOWN), True),
        (InvocationTimeoutError("a::b", 1.0, Outcome.UNKNOWN), True),
    ],
)
def test_who_did_not_answer_is_not_waited_for_and_told_where_it_may_still_run(error: Any, told: bool) -> None:
    stream = call(sends=True)
    stream.failed(error, 0.0)
    assert (stream.ended, stream.error) == (True, error)
    assert stream.requests is not None
    assert stream.requests.take(0.0) == ([b'["cancel"]'] if told else [])


def test_a_bad_item_ends_the_call_and_tells_the_callee() -> None:
    stream = call(sends=True)
    arrive(stream, b"17")
    assert isinstance(stream.error, ContractError)
    assert stream.requests is not None
    assert stream.requests.take(0.0) == [b'["cancel"]']
    stream.answered(count_result(0), 0.0)
    stream.failed(SAID_NO, 0.0)
    assert isinstance(stream.error, ContractError), "it ends once"


def test_a_single_response_ends_the_requests() -> None:
    stream = call(sends=True, receives=False)
    stream.answered(Raw(b'{"sum":1}'), 0.0)
    assert (stream.ended, stream.error, bytes(stream.value)) == (True, None, b'{"sum":1}')
    assert stream.requests is not None
    assert stream.requests.gone


def test_giving_up_is_final() -> None:
    stream = call(sends=True)
    stream.abort(None)
    stream.answered(count_result(3), 0.0)
    stream.abort(SAID_NO)
    stream.tick(100.0)
    assert (stream.ended, stream.error) == (True, None)
