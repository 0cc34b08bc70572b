"""The project compiled once, and the bus most tests here share: the TypeScript worker and a Python one."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.contract.bus import Bus, bus_with
from tests.typescript.bench import Lab, Mirror, lab_worker
from tests.typescript.project import HERE, compile_typescript, generate, write_project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated and compiled; fails, rather than skips, where node is missing."""
    root = tmp_path_factory.mktemp("typescript")
    write_project(root, HERE / "proto")
    (root / "src").mkdir()
    for source in (HERE / "src").glob("*.ts"):
        shutil.copy(source, root / "src")
    generate(root)
    assert compile_typescript(root, 7) == ""
    return root


@pytest.fixture(scope="session")
def stubs(project: Path) -> ModuleType:
    """The Python side of the contract."""
    sys.path.insert(0, str(project))
    try:
        return importlib.import_module("stubs.lab.v1")
    finally:
        sys.path.remove(str(project))


@pytest.fixture(scope="module")
def bus(project: Path, stubs: ModuleType) -> Iterator[Bus]:
    with bus_with(lab_worker(project)) as shared:
        shared.run(shared.bridge.serve(Mirror.of(stubs)))
        yield shared


@pytest.fixture
def lab(bus: Bus, stubs: ModuleType) -> Lab:
    return Lab(bus, stubs)
