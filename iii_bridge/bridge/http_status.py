"""Canonical status codes as HTTP status codes: the table of google.rpc.Code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iii_bridge.status import StatusCode

__all__ = ["STATUS_TO_HTTP", "http_status"]

STATUS_TO_HTTP: Final[Mapping[StatusCode, int]] = {
    StatusCode.CANCELLED: 499,
    StatusCode.UNKNOWN: 500,
    StatusCode.INVALID_ARGUMENT: 400,
    StatusCode.DEADLINE_EXCEEDED: 504,
    StatusCode.NOT_FOUND: 404,
    StatusCode.ALREADY_EXISTS: 409,
    StatusCode.PERMISSION_DENIED: 403,
    StatusCode.RESOURCE_EXHAUSTED: 429,
    StatusCode.FAILED_PRECONDITION: 400,
    StatusCode.ABORTED: 409,
    StatusCode.OUT_OF_RANGE: 400,
    StatusCode.UNIMPLEMENTED: 501,
    StatusCode.INTERNAL: 500,
    StatusCode.UNAVAILABLE: 503,
    StatusCode.DATA_LOSS: 500,
    StatusCode.UNAUTHENTICATED: 401,
}


def http_status(status: StatusCode) -> int:
    """The HTTP status an http trigger answers with."""
    return STATUS_TO_HTTP[status]
