"""`iii-bridge schema`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from tests.cli.test_codegen import program
from tests.codegen.support import shop, write_sources


@pytest.fixture
def project(tmp_path: Path) -> Path:
    contract = "message R { int64 line_id = 1; }\nservice OrdersService { rpc Place(R) returns (R); }"
    write_sources(tmp_path / "contracts", shop(contract))
    return tmp_path


def test_a_message_and_a_method(project: Path) -> None:
    done = program("schema", "shop.v1.R", "--proto", "contracts", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["properties"]["lineId"]["type"] == "string"
    (project / "pyproject.toml").write_text("[tool.iii-bridge]\nproto = 'contracts'\nschemas = false\npython = false\n")
    arguments = ["shop.v1.OrdersService/Place", "--response", "--profile", "protojson", "--dialect", "draft-07"]
    done = program("schema", *arguments, cwd=project)
    validator = jsonschema_rs.Draft7Validator(json.loads(done.stdout))
    assert [validator.is_valid(value) for value in ({"line_id": 5}, {"lineId": "5"}, {"lineId": "x"})] == [
        True,
        True,
        False,
    ]


def test_what_cannot_be_shown(project: Path) -> None:
    done = program("schema", "shop.v1.S", "--proto", "contracts", cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: no message, method or function is called shop.v1.S; did you mean shop.v1.R?\n"
    done = program("schema", "shop.v1.R", cwd=project)
    assert (done.returncode, done.stdout) == (1, "")
    assert "proto: no such directory" in done.stderr
    (project / "contracts/shop/v1/shop.proto").write_text('syntax = "proto3"; message')
    done = program("schema", "shop.v1.R", "--proto", "contracts", cwd=project)
    assert done.returncode == 1
    assert "contracts/shop/v1/shop.proto:1:27" in done.stderr
