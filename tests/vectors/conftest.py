"""The vectors, and the program for node, compiled once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vectors.golden import Golden, goldens
from tests.vectors.programs import build_node


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fails, rather than skips, where node is missing."""
    directory = tmp_path_factory.mktemp("vectors")
    build_node(directory)
    return directory


@pytest.fixture(scope="session")
def vectors() -> list[Golden]:
    return goldens()
