"""What CONTRIBUTING.md and SECURITY.md name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iii_bridge.cli.main import VERBS
from tests.docs.pages import DOCS, ROOT

TEXTS = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "DESIGN.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
_FILE = re.compile(r"`((?:iii_bridge|codegen|tests|proto|docs|\.ci)/[\w./-]*\w/?)`")


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_files_targets_and_verbs_exist(page: Path) -> None:
    text = page.read_text()
    # contract.proto is named by its import path too: it stands below proto/ here
    assert [
        name for name in _FILE.findall(text) if not ((ROOT / name).exists() or (ROOT / "proto" / name).exists())
    ] == []
    assert set(re.findall(r"`make ([a-z][a-z-]*)`", text)) <= TARGETS
    assert set(re.findall(r"`iii-bridge ([a-z][a-z-]*)", text)) <= set(VERBS)


def test_every_target_of_the_contributing_page_is_found() -> None:
    """Guards the test above against finding nothing."""
    named = set(re.findall(r"`make ([a-z][a-z-]*)`", (ROOT / "CONTRIBUTING.md").read_text()))
    assert {"setup", "test", "lint", "types", "codegen"} <= named


def test_the_design_places_every_part_in_a_layer() -> None:
    text = (ROOT / "DESIGN.md").read_text()
    table = text.split("## Layers\n", 1)[1].split("The generator is", 1)[0]
    placed = set(re.findall(r"`(\w+)/?`", table))
    parts = {
        path.stem for path in (ROOT / "iii_bridge").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert {part for part in parts if not part.startswith("__")} - placed == set()
    assert placed - parts == {"iii_bridge"}
