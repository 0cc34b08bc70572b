"""`iii-bridge breaking`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from iii_bridge.cli.main import app
from tests.cli.test_codegen import program
from tests.codegen.support import shop, write_sources
from tests.codegen.test_against import git


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_sources(tmp_path / "proto", shop("message R { string sku = 1; }"))
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    write_sources(tmp_path / "proto", shop("message R { int64 sku = 1; }"))
    return tmp_path


def test_against_a_branch(project: Path) -> None:
    done = program("breaking", "--against", "main", cwd=project)
    assert done.returncode == 1
    assert done.stdout.startswith("proto/shop/v1/shop.proto:14:19: breaking BRK205: field shop.v1.R.sku")
    assert done.stderr == "1 breaking changes and 0 notes since main\n"


def test_options(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    run = CliRunner()
    assert run.invoke(app, ["breaking", "--against", "main", "--accept", "BRK205"]).exit_code == 0
    done = run.invoke(app, ["breaking", "--against", "main", "--json", "--proto", "proto"])
    assert (done.exit_code, json.loads(done.stdout)[0]["code"]) == (1, "BRK205")
    for arguments, environment in ((["--github"], {}), ([], {"GITHUB_ACTIONS": "true"})):
        done = run.invoke(app, ["breaking", "--against", "main", *arguments], env=environment)
        assert done.stdout.startswith("::error file=proto/shop/v1/shop.proto,line=14,")
    assert "git revision" in run.invoke(app, ["breaking", "--help"]).stdout
