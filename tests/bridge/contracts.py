"""`shop`, `profiles` and `peers`: the stubs of proto/, generated once for a test run."""

from __future__ import annotations

import atexit
import importlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from iii_codegen.driver import run

__all__ = ["generate", "peers", "profiles", "shop"]


def generate(proto: Path, package: str) -> None:
    """Makes the stubs of the contracts in a directory importable from `package`, until the end of the process."""
    project = Path(tempfile.mkdtemp(prefix="bridge-contracts-"))
    atexit.register(shutil.rmtree, project, ignore_errors=True)
    shutil.copytree(proto, project / "proto")
    settings = f'[tool.iii-bridge]\npython = {{ out = "{package}" }}\n'
    (project / "pyproject.toml").write_text(settings, encoding="utf-8")
    problems: list[str] = []
    code = run(project, check=False, out=lambda line: None, err=problems.append)
    if code:
        raise RuntimeError("\n".join(problems))
    sys.path.insert(0, str(project))


generate(Path(__file__).parent / "proto", "bridge_test_contracts")
shop: Any = importlib.import_module("bridge_test_contracts.shop.v1")
profiles: Any = importlib.import_module("bridge_test_contracts.profiles.v1")
peers: Any = importlib.import_module("bridge_test_contracts.peers.v1")
