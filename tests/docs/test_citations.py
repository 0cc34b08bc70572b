"""Every `wire.md 5.2` in the code leads to a section of our own reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, committed, sections

_SOURCES = (".py", ".proto", ".ts", ".rs", ".md", ".toml")
_SECTION = r"§?\d+(?:\.\d+)?(?![\d.]*\w)"
# `wire.md 5.2`, `wire.md 3.1, 5.1`, `wire.md 1.2 and 10`, `wire.md 2 to 6`
_CITATION = re.compile(rf"(wire|sdks)\.md( {_SECTION}(?:(?:,| and| to) {_SECTION})*)")


def citations_in(text: str) -> list[tuple[str, str]]:
    """Pairs of page and section; line breaks and comment signs between them do not matter."""
    flat = re.sub(r"\s*\n\s*(?:#|//|\*)?\s*", " ", text)
    return [
        (page, number) for page, numbers in _CITATION.findall(flat) for number in re.findall(r"\d+(?:\.\d+)?", numbers)
    ]


def sources() -> list[Path]:
    return [path for path in committed() if path.suffix in _SOURCES and path != Path(__file__)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("as wire.md 5.2 says", [("wire", "5.2")]),
        ("(wire.md 3.1, 5.1).", [("wire", "3.1"), ("wire", "5.1")]),
        ("(wire.md 1.2 and 10, sdks.md 1.7)", [("wire", "1.2"), ("wire", "10"), ("sdks", "1.7")]),
        ("wire.md 2 to 6", [("wire", "2"), ("wire", "6")]),
        ("# see wire.md\n# 13.12.", [("wire", "13.12")]),
        ("wire.md, which has 5 pages", []),
        ("the page wire.md", []),
    ],
)
def test_citations_are_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert citations_in(text) == expected


@pytest.mark.parametrize("page", ["wire", "sdks"])
def test_every_cited_section_exists(page: str) -> None:
    known = sections(DOCS / "reference" / f"{page}.md")
    lost = [
        f"{path.relative_to(ROOT)}: {name}.md {section}"
        for path in sources()
        for name, section in citations_in(path.read_text())
        if name == page and section not in known
    ]
    assert lost == []


def test_the_code_does_cite() -> None:
    """Guards the test above against finding nothing at all."""
    count = sum(len(citations_in(path.read_text())) for path in sources() if path.suffix == ".py")
    assert count > 100


def test_the_reference_has_the_sections_the_code_was_written_by() -> None:
    known = sections(DOCS / "reference" / "wire.md")
    chapters = {"1": 4, "2": 7, "3": 11, "4": 6, "5": 5, "6": 2, "7": 9, "12": 3, "13": 40, "15": 5}
    assert {f"{chapter}.{part}" for chapter, last in chapters.items() for part in range(1, last + 1)} <= known
