"""docs/errors.md says what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from iii_bridge import errors
from iii_bridge.bridge.http_status import STATUS_TO_HTTP
from iii_bridge.status import ERROR_CODE_TO_STATUS, STATUS_LINE_PREFIX, StatusCode
from tests.docs.pages import DOCS, blocks

PAGE = DOCS / "errors.md"
TEXT = PAGE.read_text()


def _section(title: str) -> str:
    return TEXT.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_status_table_is_the_one_in_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|$", _section("Statuses of error codes"), re.MULTILINE)
    written = {code: StatusCode[status] for code, status in rows}
    assert len(rows) == len(written)
    assert written | {code.name: code for code in StatusCode} == dict(ERROR_CODE_TO_STATUS)


def test_the_http_table_is_the_one_in_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|$", _section("Statuses over http"), re.MULTILINE)
    assert {StatusCode[status]: int(number) for status, number in rows} == dict(STATUS_TO_HTTP)
    assert len(rows) == len(StatusCode)


def _tree(text: str) -> Iterator[tuple[str, str | None]]:
    """Pairs of error and parent, from the drawing."""
    path: list[str] = []
    for line in text.splitlines():
        depth = len(re.match(r"[│├└─ ]*", line)[0]) // 3  # type: ignore[index]  # the pattern matches the empty text
        name = re.search(r"\w+", line[3 * depth :])[0]  # type: ignore[index]
        path[depth:] = [name]
        yield name, path[depth - 1] if depth else None


def test_the_tree_is_the_one_in_the_code() -> None:
    drawing = next(block for block in blocks(PAGE) if block.text.startswith("BridgeError"))
    drawn = dict(_tree(drawing.text))
    names = {name for name in errors.__all__ if issubclass(getattr(errors, name), Exception)}
    assert drawn.keys() == names
    for name, parent in drawn.items():
        base = getattr(errors, name).__mro__[1]
        assert base.__name__ == (parent or "Exception"), name


def test_every_error_is_explained() -> None:
    explained = set(re.findall(r"^\| `(\w+)` \|", _section("The tree"), re.MULTILINE))
    names = {name for name in errors.__all__ if issubclass(getattr(errors, name), errors.BridgeError)}
    assert explained == names - {"BridgeError"}


def test_outcomes_are_explained() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", _section("Outcomes"), re.MULTILINE)) - {"outcome"} == {
        outcome.value for outcome in errors.Outcome
    }


def test_the_status_line_begins_as_written() -> None:
    assert any(block.text.startswith(STATUS_LINE_PREFIX) for block in blocks(PAGE))
