"""A plugin that a person started, or whose libraries are missing, says so in one line."""

from __future__ import annotations

import subprocess
import sys

import pytest

PLUGINS = {
    "protoc-gen-iii-jsonschema": "jsonschema",
    "protoc-gen-iii-python": "python",
    "protoc-gen-iii-rust": "rust",
}


def start(name: str, before: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        f"import sys; {before}\n"
        f"sys.argv = [{name!r}, *{list(arguments)!r}]\n"
        f"from iii_codegen.plugin.{PLUGINS[name]} import main\n"
        "main()"
    )
    return subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("name", PLUGINS)
def test_a_missing_extra_is_named_with_its_cure(name: str) -> None:
    hide = "import iii_codegen.libraries as found; found.package_directory = lambda _: None"
    answer = start(name, hide)
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: croniter is not installed; install it with: pip install")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("name", PLUGINS)
def test_a_person_is_told_how_it_is_run(name: str) -> None:
    answer = start(name, "pass", "--help")
    assert answer.returncode == 1
    assert answer.stderr == f"{name} is a plugin for protoc and buf: protoc --{name[11:]}_out=DIR …\n"
