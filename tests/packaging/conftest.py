"""A wheel of a clean checkout, and an empty environment that has it: made once, for every test here."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.meta.source import ROOT


@dataclass(frozen=True)
class Elsewhere:
    """An environment outside of the checkout, with the wheel installed as `[all]`."""

    home: Path
    wheels: Path

    def run(self, *command: str, cwd: Path, timeout: float = 300, **more: str) -> subprocess.CompletedProcess[str]:
        """A command in that environment; pip finds our wheel where it is."""
        return subprocess.run(
            command, cwd=cwd, env={**self.environment(), **more}, capture_output=True, text=True, timeout=timeout
        )

    def environment(self) -> dict[str, str]:
        """The variables of that environment, none of this one's Python."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        path = f"{self.home / 'venv/bin'}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "PATH": path, "PIP_FIND_LINKS": str(self.wheels), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files git knows, as they are now, and nothing else."""
    target = tmp_path_factory.mktemp("checkout")
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, names):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(source.read_bytes())
    return target


@pytest.fixture(scope="session")
def installed(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    """The environment."""
    home = tmp_path_factory.mktemp("elsewhere")
    wheels = home / "wheels"
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(checkout)],
        check=True,
    )
    (wheel,) = wheels.glob("*.whl")
    venv.create(home / "venv", with_pip=True)
    subprocess.run([home / "venv/bin/python", "-m", "pip", "install", "--quiet", f"{wheel}[all]"], check=True)
    return Elsewhere(home, wheels)
