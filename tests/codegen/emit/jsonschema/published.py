"""What docs/reference/schemas.md says no schema can say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.docs.pages import DOCS, blocks

__all__ = ["PAGE", "PUBLISHED", "SAMPLE", "Published"]

PAGE = DOCS / "reference" / "schemas.md"
_ROW = re.compile(r"^\| `(\{.*)`(?: (\d+) times)? \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)

SAMPLE = next(block.text for block in blocks(PAGE) if block.language == "proto")
"""The contract of the table."""


@dataclass(frozen=True)
class Published:
    """A row: a document that is valid, and why the codec refuses it."""

    document: str
    problem: str


def _row(document: str, times: str, problem: str) -> Published:
    count = int(times or 0)
    return Published(document * count + "{}" + "}" * count if count else document, problem)


PUBLISHED = [_row(*match.groups()) for match in _ROW.finditer(PAGE.read_text())]
