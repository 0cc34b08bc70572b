"""docs/reference/diagnostics.md shows the table of codes as it is."""

from __future__ import annotations

import re
from pathlib import Path

from iii_codegen.model.codes import CODES

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "diagnostics.md"


def test_the_page_holds_the_table() -> None:
    rows = re.findall(r"^\| (III\d{3}) \| (\w+) \| (.*) \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    assert rows == [
        (name, "warning" if code.warning else "error", code.title, code.hint) for name, code in CODES.items()
    ]


def test_codes_are_in_order_and_hints_are_lower_case() -> None:
    assert list(CODES) == sorted(CODES)
    assert all(code.title[0].islower() or code.title[:4] == "JSON" for code in CODES.values())
    assert all(code.hint and code.hint[0].islower() for code in CODES.values())
