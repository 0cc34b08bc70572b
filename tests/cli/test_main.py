"""The program itself: run as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from iii_bridge.cli import main as cli


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "iii_bridge", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_help_lists_every_verb() -> None:
    answer = run("--help")
    assert answer.returncode == 0
    for verb in cli.VERBS:
        assert verb in answer.stdout


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_has_help(verb: str) -> None:
    answer = run(verb, "--help")
    assert answer.returncode == 0, answer.stderr
    assert "Usage" in answer.stdout
    text = " ".join(answer.stdout.partition("Usage")[2].split("\n", 1)[1].split())
    assert f"iii-bridge {verb}" in text, "an example"
    assert "Exit codes: 0" in text


def test_version() -> None:
    assert run("--version").stdout.startswith("iii-bridge ")


def test_an_unknown_verb_is_named() -> None:
    answer = run("engin")
    assert answer.returncode == 2
    assert "engin" in answer.stderr


@pytest.mark.parametrize("arguments", [[], ["--port", "0"], ["path"]])
def test_a_missing_extra_is_named_with_its_cure_whatever_the_verb_is_given(arguments: list[str]) -> None:
    hidden = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from iii_bridge.cli.main import main\n"
        f"sys.argv = ['iii-bridge', 'engine', *{arguments!r}]\n"
        "main()"
    )
    answer = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 2
    assert "pip install 'iii-bridge[engine]'" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_importing_the_engine_without_its_extra_names_the_cure() -> None:
    hidden = "import sys; sys.modules['uvicorn'] = None; import iii_bridge.engine"
    answer = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, timeout=60, check=False)
    assert answer.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: iii_bridge.engine needs uvicorn; install it with: pip install 'iii-bridge[engine]'"
    )


def test_a_file_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    answer = run("protos", "vendor", str(blocked))
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: cannot use ")
    assert str(blocked) in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_project_that_does_not_exist_is_named(tmp_path: Path) -> None:
    answer = run("codegen", "--project", str(tmp_path / "nowhere"))
    assert answer.returncode == 2
    assert "Invalid value for '--project'" in answer.stderr
