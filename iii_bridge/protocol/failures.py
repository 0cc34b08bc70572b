"""Errors to frames and back (design decision 9, wire.md 14, sdks.md 1.11).

The human text is `error.message`; the authoritative status is the status line
at the end of `error.stacktrace`, because official workers cannot choose their
code. A contract violation is found again by its detail in that line.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any, Final

from iii_bridge.errors import (
    BridgeError,
    ContractError,
    ForbiddenError,
    FunctionNotFoundError,
    InvocationError,
    Outcome,
    Side,
    StatusError,
    StreamTruncatedError,
)
from iii_bridge.status import StatusCode, format_status_line, parse_status_line
from iii_bridge.wire import ErrorBody, text_or_none

__all__ = [
    "FUNCTION_NOT_FOUND",
    "INVOCATION_FAILED",
    "TIMEOUT",
    "error_body",
    "error_from_body",
    "refusal_body",
    "violation_detail",
]

FUNCTION_NOT_FOUND: Final = "function_not_found"
INVOCATION_FAILED: Final = "invocation_failed"
TIMEOUT: Final = "TIMEOUT"

_VIOLATION_TYPE: Final = "iii_bridge/contract_violation"
_REFUSAL_TYPE: Final = "iii_bridge/not_run"
_BY_CODE: Final[Mapping[str, type[InvocationError]]] = {
    FUNCTION_NOT_FOUND: FunctionNotFoundError,
    "FORBIDDEN": ForbiddenError,
}


def error_body(
    error: BaseException, function_id: str, metadata: Mapping[str, Mapping[str, Any]] | None = None
) -> ErrorBody:
    """The frame's `error` for what a handler of `function_id` raised.

    `metadata` is what it said to a caller that asked; only a status can carry it.
    """
    if isinstance(error, ContractError):
        return _violation_body(error, function_id)
    stack = _writable("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, StreamTruncatedError):  # of its requests; a status says so in every language
        error = StatusError(error.status, str(error))
    if isinstance(error, StatusError):
        line = format_status_line(error.status.name, error.message, error.details, metadata)
        return ErrorBody(error.status.name, _writable(error.message), f"{stack}\n{line}")
    if parse_status_line(stack) is not None:
        stack += "\n(not a status)"  # the text of an exception must not pass for one
    return ErrorBody(INVOCATION_FAILED, _text(error), stack)


def refusal_body(function_id: str) -> ErrorBody:
    """The frame's `error` of a worker that is closing and takes nothing more: the call did not run."""
    text = f"{function_id} did not run: its worker is closing; call again"
    details = [{"@type": _REFUSAL_TYPE, "function": function_id}]  # whoever lets it through is another, and did run
    line = format_status_line(StatusCode.UNAVAILABLE.name, text, details)
    return ErrorBody(StatusCode.UNAVAILABLE.name, text, line)


def error_from_body(body: ErrorBody, function_id: str) -> BridgeError:
    """The error a caller of `function_id` gets for a frame's `error`."""
    stack = text_or_none(body.stacktrace)
    status = parse_status_line(stack)
    if status is not None:
        code, message, details = status
        violation = _violation(details)
        if violation is not None:
            return violation
        outcome = Outcome.NOT_RUN if any(_is_refusal(each, function_id) for each in details) else None
        return StatusError(code, message, details, function_id=function_id, stacktrace=stack, outcome=outcome)
    return _BY_CODE.get(body.code, InvocationError)(body.code, body.message, function_id, stack)


def violation_detail(error: ContractError) -> dict[str, str]:
    """A contract violation as the JSON object that stands among the details of a status."""
    return {
        "@type": _VIOLATION_TYPE,
        "function": error.function_id,
        "side": error.side.value,
        "path": error.path,
        "problem": error.problem,
    }


def _is_refusal(detail: Mapping[str, Any], function_id: str) -> bool:
    return detail.get("@type") == _REFUSAL_TYPE and detail.get("function") == function_id


def _text(error: BaseException) -> str:
    """What an exception says, else its type; some fail even at that."""
    try:
        return _writable(str(error)) or type(error).__name__
    except Exception:
        return type(error).__name__


def _writable(text: str) -> str:
    """A lone surrogate cannot be written as UTF-8, and an answer has to be."""
    return text.encode(errors="backslashreplace").decode()


def _violation_body(error: ContractError, function_id: str) -> ErrorBody:
    """No stack: where the check sits says nothing about the payload that failed it."""
    # A violation further down the line is not the fault of whoever called us.
    status = error.status if error.function_id == function_id else StatusCode.INTERNAL
    line = format_status_line(status.name, str(error), [violation_detail(error)])
    return ErrorBody(ContractError.CODE, _writable(str(error)), line)


def _violation(details: tuple[Mapping[str, Any], ...]) -> ContractError | None:
    for detail in details:
        if detail.get("@type") != _VIOLATION_TYPE:
            continue
        texts = [detail.get(name) for name in ("function", "path", "problem")]
        sides = [side for side in Side if side.value == detail.get("side")]
        if sides and all(isinstance(text, str) for text in texts):
            function_id, path, problem = map(str, texts)
            return ContractError(function_id, sides[0], path, problem)
    return None
