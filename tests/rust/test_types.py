"""What the compiler refuses: wrong types of generated Rust, each with the error expected on its line.

Snippets are compiled against what `make setup-rust` has built; nothing is built again.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from demo.processes import ROOT

BUILT = ROOT / "target" / "debug"
WRONG = sorted((Path(__file__).parent / "wrong").glob("*.rs"))
_EXPECTED = re.compile(r"//~ (\w+)$")


def expected(source: str) -> set[tuple[int, str]]:
    found = ((number, _EXPECTED.search(line)) for number, line in enumerate(source.splitlines(), 1))
    return {(number, match[1]) for number, match in found if match}


def compiled(path: Path, out: Path) -> set[tuple[int, str]]:
    """Line and code of every error."""
    library = BUILT / "libiii_bridge_test_worker.rlib"
    linked = ["--extern", f"iii_bridge_test_worker={library}", "-L", f"dependency={BUILT / 'deps'}"]
    asked = ["--crate-type=lib", "--emit=metadata", "--error-format=json", f"--out-dir={out}"]
    done = subprocess.run(
        ["rustc", "--edition=2021", *asked, *linked, str(path)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    messages = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    errors = [message for message in messages if message["level"] == "error" and message["spans"]]
    assert done.returncode == (1 if errors else 0), done.stderr
    return {
        (min(span["line_start"] for span in error["spans"] if span["is_primary"]), error["code"]["code"])
        for error in errors
    }


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_the_compiler_refuses_what_is_wrong_and_nothing_else(path: Path, tmp_path: Path) -> None:
    marked = expected(path.read_text(encoding="utf-8"))
    assert marked
    assert compiled(path, tmp_path) == marked
