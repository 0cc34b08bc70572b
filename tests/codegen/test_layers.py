"""The generator's own layers: the model knows no language, and no emitter knows another."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import iii_codegen

ROOT = Path(iii_codegen.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

MAY_IMPORT = {  # from low to high: a part, and the parts it may import besides itself
    "model": set[str](),
    "emit": {"model"},
    "emit.python": {"model", "emit"},
    "emit.jsonschema": {"model", "emit"},
    "emit.typescript": {"model", "emit"},
    "importing": {"compile", "emit.jsonschema", "model", "proto_text", "validate_file"},
    "plugin": {"libraries", "model", "emit", "emit.python", "emit.jsonschema", "emit.typescript"},
}


# What of the runtime a contract is read by; the generator may not import more.
_CONTRACT = (
    "compat.document",
    "http_template",
    "re2",
    "re2_match",
    "re2_text",
    "rule_fit",
    "rule_options",
    "rules",
    "scalars",
    "spec",
)
SHARED = {"iii_bridge", "iii_bridge.cron", "iii_bridge.types", *(f"iii_bridge.contract.{name}" for name in _CONTRACT)}


def part_of(name: str) -> str:
    """The part a module belongs to; the modules at the top are parts of their own."""
    inside = name.removeprefix("iii_codegen.")
    return next((part for part in sorted(MAY_IMPORT, key=len, reverse=True) if inside.startswith(f"{part}.")), inside)


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports(path: Path) -> None:
    part = part_of(".".join(["iii_codegen", *path.relative_to(ROOT).with_suffix("").parts]))
    names = imported(path)
    if part in MAY_IMPORT:
        own = {part_of(name) for name in names if name.startswith("iii_codegen.")}
        assert own <= MAY_IMPORT[part] | {part}
    if part.startswith("emit"):
        assert not any(name.startswith("google") for name in names), "emitters see the model only"
    runtime = {name for name in names if name.startswith("iii_bridge")}
    assert runtime <= SHARED


@pytest.mark.parametrize("name", ["python", "jsonschema", "typescript"])
def test_entry_points_are_short(name: str) -> None:
    assert len((ROOT / "plugin" / f"{name}.py").read_text().splitlines()) <= 40
    tree = ast.parse((ROOT / "plugin" / f"{name}.py").read_text())
    (main,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"]
    assert (main.end_lineno or 0) - main.lineno < 25
