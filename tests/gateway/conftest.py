"""The gateway that most tests here share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.support import Live, Rpcs, live_gateway


@pytest.fixture(scope="package")
def live() -> Iterator[Live]:
    with live_gateway() as shared:
        yield shared


@pytest.fixture(scope="package")
def rpcs(live: Live) -> Rpcs:
    return live.rpcs()


@pytest.fixture(autouse=True)
def nothing_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test that used the shared gateway leaves it as it was."""
    yield
    if "live" in request.fixturenames:
        request.getfixturevalue("live").until_nothing_is_left()
