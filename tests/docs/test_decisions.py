"""Decisions are numbered without gaps, have one form, and are listed in DESIGN.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, committed, headings

DECISIONS = sorted((DOCS / "adr").glob("*.md"))
_CITATION = re.compile(r"design\s+(?:#\s+)?decisions?\s+(\d+)(?:\s+(?:to|and)\s+(\d+))?")


def test_numbers_have_no_gaps() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_one_short_page(page: Path) -> None:
    title, *parts = headings(page)
    assert title.startswith(f"{int(page.name[:4])}. ")
    assert parts == ["Context", "Decision", "Consequences"]
    assert page.read_text().count("\n") <= 60


def test_the_design_lists_every_decision_by_its_title() -> None:
    rows = re.findall(r"^\| \[(\d+)\]\(docs/adr/([^)]+)\) \| (.+) \|$", (ROOT / "DESIGN.md").read_text(), re.MULTILINE)
    listed = [(int(number), name, title) for number, name, title in rows]
    expected = [(int(p.name[:4]), p.name, headings(p)[0].partition(". ")[2]) for p in DECISIONS]
    # a title opens with a capital, its row does not; names such as ProtoJSON keep theirs
    assert [(n, name, title.lower()) for n, name, title in listed] == [
        (n, name, title.lower()) for n, name, title in expected
    ]


def test_cited_decisions_exist() -> None:
    cited = {
        int(number)
        for path in committed("*.py", "*.proto", "*.ts", "*.rs")
        for pair in _CITATION.findall(path.read_text())
        for number in pair
        if number
    }
    assert cited
    assert cited <= set(range(1, len(DECISIONS) + 1))
