"""The project's texts, and how to find sections and code blocks in them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_HEADING = re.compile(r"^(#+) (.*)$")
_NUMBERED = re.compile(r"^(\d+(?:\.\d+)?)\.? ")
_ITEM = re.compile(r"^(\d+)\. ")
_FENCE = re.compile(r"^```(\w*)$")
_MARK = re.compile(r"^<!-- (\w+) -->$")


@dataclass(frozen=True)
class Block:
    """A fenced code block: where it starts, its language, the mark above it, its text."""

    page: Path
    line: int
    language: str
    mark: str | None
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def committed(*patterns: str) -> list[Path]:
    """Files that are tracked, or would be by the next commit."""
    answer = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = {ROOT / line for line in answer.stdout.splitlines()}
    return sorted(path for path in found if path.is_file())


def pages() -> list[Path]:
    """Every text of the project."""
    return committed("*.md")


def outside_code(page: Path) -> list[tuple[int, str]]:
    """The lines that are prose, with their numbers."""
    lines, fenced = [], False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced:
            lines.append((number, line))
    return lines


def headings(page: Path) -> list[str]:
    """The titles of a page, without their hashes."""
    return [match.group(2) for _, line in outside_code(page) if (match := _HEADING.match(line))]


def anchors(page: Path) -> set[str]:
    """The fragments a link into the page may name, as renderers make them from titles."""
    found = set()
    for title in headings(page):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "").lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


def sections(page: Path) -> set[str]:
    """The numbers a citation may name: of headings, and of list items right below a chapter (`13.12`)."""
    found: set[str] = set()
    chapter = ""
    for _, line in outside_code(page):
        if heading := _HEADING.match(line):
            number = _NUMBERED.match(heading.group(2))
            chapter = number.group(1) if number else ""
            found.update({chapter} - {""})
        elif (item := _ITEM.match(line)) and chapter and "." not in chapter:
            found.add(f"{chapter}.{item.group(1)}")
    return found


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page."""
    found, lines = [], page.read_text().splitlines()
    start: int | None = None
    language, mark = "", None
    for number, line in enumerate(lines):
        if start is None and (fence := _FENCE.match(line)):
            above = [text for text in lines[max(0, number - 2) : number] if text]
            marked = _MARK.match(above[-1]) if above else None
            start, language, mark = number, fence.group(1), marked.group(1) if marked else None
        elif start is not None and line == "```":
            found.append(Block(page, start + 1, language, mark, "\n".join(lines[start + 1 : number]) + "\n"))
            start = None
    return found
