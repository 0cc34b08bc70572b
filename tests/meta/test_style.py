"""Sizes, error texts and what must never be committed."""

from __future__ import annotations

import ast
import re
import subprocess

import pytest

from iii_bridge import errors
from tests.meta.source import ROOT, Module, written_by_hand

MODULES = written_by_hand()
MAX_LINES = 600
MAX_FUNCTION_LINES = 60
ERRORS = {name for name in errors.__all__ if name.endswith(("Error", "Mismatch"))}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_modules_stay_small(module: Module) -> None:
    assert module.text.count("\n") <= MAX_LINES


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of statements; the signature and the docstring do not count."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_functions_stay_small(module: Module) -> None:
    functions = [n for n in ast.walk(module.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [n.name for n in functions if _body_lines(n) > MAX_FUNCTION_LINES] == []


def _first_text(call: ast.Call) -> str | None:
    """The literal text of an error's message, where it has one."""
    for argument in call.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and " " in argument.value:
            return argument.value
        if isinstance(argument, ast.JoinedStr) and argument.values and isinstance(argument.values[0], ast.Constant):
            return str(argument.values[0].value)
    return None


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_error_texts_are_lower_case_and_end_without_a_full_stop(module: Module) -> None:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            text = _first_text(node.exc) if node.exc.func.id in ERRORS else None
            if text:
                assert not (text[0].isupper() and text[1:2].islower()), f"{module.name}:{node.lineno}: {text}"
                assert not text.endswith("."), f"{module.name}:{node.lineno}: {text}"


def test_every_error_is_one_of_the_tree() -> None:
    for name in ERRORS:
        assert issubclass(getattr(errors, name), errors.BridgeError)
        assert name in (errors.__doc__ or ""), f"{name} is missing from the tree at the top of errors.py"


def committed(*patterns: str) -> list[str]:
    answer = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [line for line in answer.stdout.splitlines() if (ROOT / line).is_file()]


def test_lock_files_hold_no_download_addresses() -> None:
    for name in committed("*package-lock.json"):
        assert '"resolved"' not in (ROOT / name).read_text(), name


def test_no_registry_is_named() -> None:
    hosts = re.compile(r"(pypi\.org|pythonhosted\.org|registry\.npmjs|npmjs\.com|crates\.io|proxy\.golang|maven\.org)")
    for name in committed():
        if name.endswith(("Cargo.lock", ".jsonl")) or name == "tests/meta/test_style.py":
            continue
        text = (ROOT / name).read_text(errors="replace")
        assert not hosts.search(text), name
