"""Links inside the project lead somewhere, and no text names what must stay out of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, anchors, outside_code, pages

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|tmp|home|root)/")

PAGES = pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for number, line in outside_code(page):
        for target in _LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if "://" in target or target.startswith("mailto:"):
                continue
            path, _, fragment = target.partition("#")
            there = (page.parent / path).resolve() if path else page
            if not there.exists() or (fragment and there.suffix == ".md" and fragment not in anchors(there)):
                lost.append(f"{number}: {target}")
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_machine_paths(page: Path) -> None:
    assert not _MACHINE_PATH.search(page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_fences_are_closed(page: Path) -> None:
    assert sum(line.startswith("```") for line in page.read_text().splitlines()) % 2 == 0
