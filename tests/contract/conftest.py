"""The bus that most tests here share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.processes import DemoError, python_worker
from demo.team import assemble, rust_worker, typescript_worker
from tests.contract.bus import Bus, bus_with


@pytest.fixture(scope="session")
def bus() -> Iterator[Bus]:
    """The three workers; fails, rather than skips, when one cannot be run."""
    if missing := assemble().missing:
        pytest.fail(f"{' and '.join(missing)} not found: the contract tests need node and cargo", pytrace=False)
    try:
        commands = (python_worker("the Python worker", "types"), typescript_worker(), rust_worker())
        with bus_with(*commands) as shared:
            yield shared
    except DemoError as error:
        pytest.fail(str(error), pytrace=False)
