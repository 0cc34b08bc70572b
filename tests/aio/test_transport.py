"""The end of a connection as a value."""

from __future__ import annotations

import pytest

from iii_bridge.aio.transport import TransportClosed


@pytest.mark.parametrize(
    ("closed", "text"),
    [
        (TransportClosed(), "the connection is closed [1006]"),
        (TransportClosed(1011, "broken"), "the connection is closed [1011]: broken"),
    ],
)
def test_it_says_code_and_reason(closed: TransportClosed, text: str) -> None:
    assert str(closed) == text
