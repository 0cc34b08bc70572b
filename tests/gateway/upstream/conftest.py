"""The exposed server that most tests here share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.upstream.server import BareServer
from tests.gateway.upstream.support import Exposed, exposed


@pytest.fixture(scope="package")
def shared() -> Iterator[Exposed]:
    with exposed(BareServer()) as live:
        yield live


@pytest.fixture(autouse=True)
def nothing_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test that used the shared server leaves it as it was."""
    yield
    if "shared" in request.fixturenames:
        live: Exposed = request.getfixturevalue("shared")
        live.run(live.until_nothing_is_left)
