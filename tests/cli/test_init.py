"""`iii-bridge init`: what it writes, without installing anything; tests/packaging does what its README says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from iii_bridge.cli.main import app


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("languages", [(), ("--rust",), ("--typescript", "--rust")])
def test_contracts_are_generated_right_away_and_nothing_is_unwise(languages: tuple[str, ...]) -> None:
    done = run("init", "order-desk", *languages)
    assert (done.exit_code, done.stderr) == (0, "")
    project = Path("order-desk")
    written = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    assert {
        "Makefile",
        ".gitignore",
        ".github/workflows/ci.yml",
        "contracts/order_desk/greeter/v1/greeter_pb.py",
    } <= written
    assert ("rust/src/contracts/mod.rs" in written) == ("--rust" in languages)
    assert ("typescript/src/main.ts" in written) == ("--typescript" in languages)
    for name in written:
        if not name.startswith(("contracts/", "schemas/", "rust/src/contracts/")):
            assert not re.search(r"@[a-z_]+@", (project / name).read_text()), name
    assert run("lint", "--project", str(project)).exit_code == 0
    if "--typescript" not in languages:  # whose messages protoc-gen-es makes, once npm has installed it
        assert run("codegen", "--check", "--project", str(project)).exit_code == 0
    for test in (project / "tests").iterdir():
        compile(test.read_text(), str(test), "exec")


def test_the_directory_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop/.git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "shop")
    assert run("init", ".").exit_code == 0
    assert 'name = "shop"' in Path("pyproject.toml").read_text()
    done = run("init", ".")
    assert (done.exit_code, done.stderr) == (
        1, "error: . has .github in it; name a directory that is new or empty\n"
    )  # fmt: skip


@pytest.mark.parametrize("name", ["Shop", "class", "contracts", "9lives", "a b", "tests"])
def test_names_that_cannot_be_packages(name: str) -> None:
    done = run("init", name)
    assert done.exit_code == 2
    assert "cannot be a project" in done.stderr
    assert not Path(name).exists()
