"""The table has every status."""

from __future__ import annotations

import pytest

from iii_bridge.bridge.http_status import STATUS_TO_HTTP, http_status
from iii_bridge.status import StatusCode


def test_every_status_has_its_http_status() -> None:
    assert set(STATUS_TO_HTTP) == set(StatusCode)
    assert all(400 <= status < 600 for status in STATUS_TO_HTTP.values())


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (StatusCode.INVALID_ARGUMENT, 400),
        (StatusCode.UNAUTHENTICATED, 401),
        (StatusCode.NOT_FOUND, 404),
        (StatusCode.UNAVAILABLE, 503),
    ],
)
def test_some_of_them(status: StatusCode, expected: int) -> None:
    assert http_status(status) == expected
