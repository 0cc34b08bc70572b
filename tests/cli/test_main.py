"""The program itself: run as a user runs it."""

from __future__ import annotations

import subprocess
import sys

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


def test_version() -> None:
    assert run("--version").stdout.startswith("iii-bridge ")


def test_an_unknown_verb_is_named() -> None:
    answer = run("engin")
    assert answer.returncode == 2
    assert "engin" in answer.stderr


def test_a_missing_extra_is_named_with_its_cure() -> None:
    hidden = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from iii_bridge.cli.main import main\n"
        "sys.argv = ['iii-bridge', 'engine']\n"
        "main()"
    )
    answer = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 2
    assert "pip install 'iii-bridge[engine]'" in answer.stderr
    assert "Traceback" not in answer.stderr
