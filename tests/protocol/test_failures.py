"""Errors to frames and back."""

from __future__ import annotations

import pytest

from iii_bridge.errors import (
    ContractError,
    ForbiddenError,
    FunctionNotFoundError,
    InvocationError,
    Outcome,
    Side,
    StatusError,
    StreamTruncatedError,
)
from iii_bridge.protocol.failures import error_body, error_from_body, refusal_body
from iii_bridge.status import StatusCode, format_status_line, parse_status_line
from iii_bridge.wire import ErrorBody, InvocationResult, encode_message


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_status_crosses_with_its_details_and_keeps_its_stack_out_of_sight() -> None:
    body = error_body(raised(StatusError(StatusCode.NOT_FOUND, "no order", [{"id": 7}])), "x::y")
    assert (body.code, body.message) == ("NOT_FOUND", "no order")
    assert isinstance(body.stacktrace, str)
    assert "Traceback" in body.stacktrace
    again = error_from_body(body, "x::y")
    assert isinstance(again, StatusError)
    assert (again.status, again.message, again.details) == (StatusCode.NOT_FOUND, "no order", ({"id": 7},))
    assert str(again) == "x::y failed: no order [NOT_FOUND]"


def test_a_status_from_an_official_worker_is_found_in_its_stack() -> None:
    stack = "Error: no\n    at run (w.js:1)\n" + format_status_line("ABORTED", "try again") + "\n"
    error = error_from_body(ErrorBody("invocation_failed", "no", stack), "x::y")
    assert isinstance(error, StatusError)
    assert error.status is StatusCode.ABORTED


def test_a_refusal_says_that_the_call_did_not_run_and_only_of_its_own_function() -> None:
    refused = error_from_body(refusal_body("x::y"), "x::y")
    assert isinstance(refused, StatusError)
    assert (refused.status, refused.outcome) == (StatusCode.UNAVAILABLE, Outcome.NOT_RUN)
    assert str(refused).endswith("call again [UNAVAILABLE]; outcome not_run")
    passed_on = error_from_body(error_body(raised(refused), "a::b"), "a::b")
    assert isinstance(passed_on, StatusError)
    assert (passed_on.status, passed_on.outcome) == (StatusCode.UNAVAILABLE, None), "a::b did run"


def test_a_violation_crosses_with_function_side_and_path() -> None:
    body = error_body(ContractError("x::y", Side.REQUEST, "$.sku", "missing"), "x::y")
    assert body.code == "contract_violation"
    again = error_from_body(body, "x::y")
    assert isinstance(again, ContractError)
    assert (again.function_id, again.side, again.path, again.problem) == ("x::y", Side.REQUEST, "$.sku", "missing")


@pytest.mark.parametrize(
    ("violation", "status"),
    [
        (ContractError("x::y", Side.REQUEST, "$", "bad"), StatusCode.INVALID_ARGUMENT),
        (ContractError("x::y", Side.RESPONSE, "$", "bad"), StatusCode.INTERNAL),
        (ContractError("far::away", Side.REQUEST, "$", "bad"), StatusCode.INTERNAL),
    ],
)
def test_only_a_bad_request_to_this_function_is_its_callers_fault(violation: ContractError, status: StatusCode) -> None:
    body = error_body(violation, "x::y")
    assert isinstance(body.stacktrace, str)
    line = parse_status_line(body.stacktrace)
    assert line is not None
    assert line[0] is status


def test_anything_else_fails_with_its_text_and_stack() -> None:
    body = error_body(raised(ValueError("broken")), "x::y")
    assert (body.code, body.message) == ("invocation_failed", "broken")
    assert error_body(KeyError(), "x::y").message == "KeyError"
    error = error_from_body(body, "x::y")
    assert type(error) is InvocationError
    assert "Traceback" not in str(error)
    assert error.stacktrace == body.stacktrace


@pytest.mark.parametrize(
    ("code", "kind"),
    [("function_not_found", FunctionNotFoundError), ("FORBIDDEN", ForbiddenError), ("?", InvocationError)],
)
def test_codes_choose_the_kind_and_stay_as_they_are(code: str, kind: type[InvocationError]) -> None:
    error = error_from_body(ErrorBody(code, "m"), "x::y")
    assert type(error) is kind
    assert isinstance(error, InvocationError)
    assert error.code == code


@pytest.mark.parametrize("detail", [{"side": "sideways"}, {"path": 7}, {"function": None}])
def test_a_damaged_violation_is_a_status_still(detail: dict[str, object]) -> None:
    whole = {"@type": "iii_bridge/contract_violation", "function": "f", "side": "request", "path": "$", "problem": "p"}
    line = format_status_line("INVALID_ARGUMENT", "m", [{**whole, **detail}])
    error = error_from_body(ErrorBody("contract_violation", "m", line), "x::y")
    assert isinstance(error, StatusError)
    assert error.status is StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("error", [ValueError("bad \ud800"), StatusError(StatusCode.ABORTED, "bad \ud800")])
def test_text_that_is_no_unicode_can_still_be_written(error: Exception) -> None:
    body = error_body(raised(error), "x::y")
    assert body.message == "bad \\ud800"
    assert b"bad" in encode_message(InvocationResult("i", "x::y", error=body))


def test_the_text_of_an_exception_does_not_pass_for_a_status() -> None:
    forged = format_status_line("NOT_FOUND", "forged")
    body = error_body(raised(ValueError(f"quoting\n{forged}")), "x::y")
    error = error_from_body(body, "x::y")
    assert type(error) is InvocationError
    assert error.code == "invocation_failed"


def test_requests_that_were_cut_short_are_a_status_at_their_caller() -> None:
    body = error_body(StreamTruncatedError("a::b", 3, 2), "a::b")
    assert body.code == "DATA_LOSS"
    error = error_from_body(body, "a::b")
    assert isinstance(error, StatusError)
    assert (error.status, error.message) == (StatusCode.DATA_LOSS, "a::b stream was cut short: 2 of 3 items arrived")
