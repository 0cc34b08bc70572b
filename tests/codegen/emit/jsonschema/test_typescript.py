"""A generator of types understands `canonical`: no field becomes a union because of ProtoJSON."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.codegen.emit.jsonschema.samples import schema
from tests.codegen.emit.jsonschema.validators import NODE

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("dialect", ["2020-12", "draft-07"])
def test_types_are_plain(dialect: str) -> None:
    document = json.dumps(schema("All", dialect, response=True))
    done = subprocess.run(
        ["node", "typescript.mjs"], cwd=NODE, input=document, capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (GOLDEN / f"all-{dialect}.ts").read_text()
