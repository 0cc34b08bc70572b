"""Canonical status codes, the table from iii error codes, and the status line.

The status line is how a status crosses the official SDKs: Node and Python
workers cannot choose `error.code` but send the stack verbatim (sdks.md 1.11),
so the authoritative status is the last line of `error.stacktrace`.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = [
    "ERROR_CODE_TO_STATUS",
    "STATUS_LINE_PREFIX",
    "StatusCode",
    "format_status_line",
    "parse_status_line",
    "status_for_error_code",
    "status_line_metadata",
]


class StatusCode(enum.IntEnum):
    """The canonical status codes of google.rpc.Code, without OK."""

    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


ERROR_CODE_TO_STATUS: Final[Mapping[str, StatusCode]] = {
    # wire.md 14: codes are case-sensitive and deliberately mixed in style.
    "function_not_found": StatusCode.UNIMPLEMENTED,
    "function_not_invokable": StatusCode.UNIMPLEMENTED,
    "NOT_FOUND": StatusCode.NOT_FOUND,
    "FORBIDDEN": StatusCode.PERMISSION_DENIED,
    "AUTH_ERROR": StatusCode.UNAUTHENTICATED,
    "INVALID_ARGUMENTS": StatusCode.INVALID_ARGUMENT,
    "INVALID_NAMESPACE": StatusCode.INVALID_ARGUMENT,
    "JSON_ERROR": StatusCode.INVALID_ARGUMENT,
    "deserialization_error": StatusCode.INVALID_ARGUMENT,
    "invalid_request": StatusCode.INVALID_ARGUMENT,
    "contract_violation": StatusCode.INVALID_ARGUMENT,
    "serialization_error": StatusCode.INTERNAL,
    "TIMEOUT": StatusCode.DEADLINE_EXCEEDED,
    "invocation_stopped": StatusCode.UNAVAILABLE,
    "invocation_error": StatusCode.UNAVAILABLE,
    "enqueue_error": StatusCode.UNAVAILABLE,
    "channel_send_failed": StatusCode.UNAVAILABLE,
    "http_request_failed": StatusCode.UNAVAILABLE,
    "bridge_error": StatusCode.UNAVAILABLE,
    "SHUTDOWN": StatusCode.UNAVAILABLE,
    "VALUE_TOO_LARGE": StatusCode.RESOURCE_EXHAUSTED,
    "payload_too_large": StatusCode.RESOURCE_EXHAUSTED,
    "WORKER_NAMESPACE_CONFLICT": StatusCode.FAILED_PRECONDITION,
    "FUNCTION_NAMESPACE_CONFLICT": StatusCode.FAILED_PRECONDITION,
    "invocation_failed": StatusCode.UNKNOWN,
    **{code.name: code for code in StatusCode},
}

STATUS_LINE_PREFIX: Final = "iii-status/1 "

_CAUSED: Final = "\n\nThe above exception was the direct cause of the following exception:\n"
_WRAPPER: Final = "_TraceContextError"


def status_for_error_code(code: str) -> StatusCode:
    """The canonical status for an iii error code; UNKNOWN for a code not in the table."""
    return ERROR_CODE_TO_STATUS.get(code, StatusCode.UNKNOWN)


def format_status_line(
    code: str, message: str, details: Sequence[Mapping[str, Any]] = (), metadata: Mapping[str, Any] | None = None
) -> str:
    """The line `iii-status/1 {"code":…,"message":…,"details":[…]}`, without line breaks.

    `metadata` is a further member, for callers that asked (design decision 35); others overlook it.
    """
    body: dict[str, Any] = {"code": code, "message": message, "details": [dict(detail) for detail in details]}
    if metadata is not None:
        body["metadata"] = dict(metadata)
    return STATUS_LINE_PREFIX + json.dumps(body, separators=(",", ":"), ensure_ascii=True)


def parse_status_line(stacktrace: str | None) -> tuple[StatusCode, str, tuple[Mapping[str, Any], ...]] | None:
    """Reads the status out of the last line of a stack, or None when there is none that is whole.

    The last line of the handler's own stack, where the Python SDK adds another (sdks.md 1.11).
    """
    body = _line_body(stacktrace)
    try:
        code = StatusCode[body["code"]]
        message = body["message"]
        details: list[Any] = body.get("details", [])
    except (KeyError, TypeError, AttributeError):
        return None
    if not isinstance(message, str) or type(details) is not list or not all(isinstance(d, dict) for d in details):
        return None
    return code, message, tuple(details)


def status_line_metadata(stacktrace: str | None) -> Any:
    """The member `metadata` of the line that `parse_status_line` reads, None where there is none."""
    body = _line_body(stacktrace) if parse_status_line(stacktrace) is not None else None
    return None if body is None else body.get("metadata")


def _line_body(stacktrace: str | None) -> Any:
    """The JSON of the status line, whatever it is; None without one."""
    if not stacktrace:
        return None
    last = _own_stack(stacktrace).rstrip().rsplit("\n", 1)[-1].strip()
    if not last.startswith(STATUS_LINE_PREFIX):
        return None
    try:
        return json.loads(last[len(STATUS_LINE_PREFIX) :])
    except (ValueError, RecursionError):
        return None


def _own_stack(stacktrace: str) -> str:
    """PyPI's SDK raises an exception of its own from what a handler raised, and sends the traceback of both."""
    own, caused, wrapper = stacktrace.rpartition(_CAUSED)
    name = wrapper.rstrip().rpartition("\n")[2].partition(":")[0]
    return own if caused and name.endswith(_WRAPPER) else stacktrace
