"""The TypeScript and the Rust project as they are committed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from iii_codegen.driver import run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_what_is_generated_is_fresh() -> None:
    problems: list[str] = []
    assert run(EXAMPLES.parent, check=True, out=print, err=problems.append) == 0, problems


def test_the_demo_s_typescript_worker_is_short() -> None:
    """What a user writes for the service of the demo: its logic and its start."""
    lines = (EXAMPLES / "typescript" / "src" / "pricing.ts").read_text().splitlines()
    assert len(lines) < 60


def test_the_demo_s_rust_worker_is_short() -> None:
    """The same in Rust; the catalogue is read elsewhere."""
    lines = (EXAMPLES / "rust" / "src" / "inventory.rs").read_text().splitlines()
    assert len(lines) < 60


def test_the_lock_file_names_versions_and_no_host() -> None:
    lock = json.loads((EXAMPLES / "typescript" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages["node_modules/iii-sdk"]["version"] == "0.22.1"
    assert all("resolved" not in package and package["integrity"] for package in packages.values())


def test_the_order_data_are_what_the_script_writes(tmp_path: Path) -> None:
    """A fixed seed gives the same bytes every time."""
    script = tmp_path / "generate.py"
    script.write_text((EXAMPLES / "data" / "generate.py").read_text())
    subprocess.run([sys.executable, str(script)], check=True)
    for name in ("catalogue.json", "orders.csv"):
        assert (tmp_path / name).read_bytes() == (EXAMPLES / "data" / name).read_bytes(), name
