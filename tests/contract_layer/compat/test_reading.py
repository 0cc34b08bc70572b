"""What a contract prints, widened, takes everything the exact schema of what it reads takes."""

from __future__ import annotations

import pytest

from iii_bridge.contract.compat import compare
from iii_bridge.contract.compat.reading import as_read
from tests.codegen.emit.jsonschema.samples import schema


@pytest.mark.parametrize(("root", "required"), [("All", ()), ("Required", ("text", "node"))])
@pytest.mark.parametrize("response", [False, True])
@pytest.mark.parametrize("dialect", ["2020-12", "draft-07"])
def test_the_widened_schema_takes_all_a_parser_takes(
    root: str, required: tuple[str, ...], response: bool, dialect: str
) -> None:
    widened = as_read(schema(root, dialect, response=response), required)
    assert compare(schema(root, dialect, response=response), widened).findings == ()
    exact = schema(root, dialect, wide=True)
    assert [str(item) for item in compare(exact, widened).findings] == []


def test_members_that_are_required_everywhere_stay_required() -> None:
    widened = as_read(schema("Required", response=True), ("text", "node"))
    assert widened["required"] == ["text", "node"]
    assert widened["properties"]["text"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
