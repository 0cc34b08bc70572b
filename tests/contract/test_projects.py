"""The TypeScript and the Rust project as they are committed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_the_typescript_messages_are_fresh() -> None:
    script = EXAMPLES / "typescript" / "generate.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


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
