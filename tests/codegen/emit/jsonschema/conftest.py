"""What the tests of schemas share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.codegen.emit.jsonschema.validators import Ajv


@pytest.fixture(scope="session")
def ajv() -> Iterator[Ajv]:
    """One process of Node for all tests."""
    process = Ajv()
    yield process
    process.close()
