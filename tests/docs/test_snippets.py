"""The snippets of the texts are real: Python runs, contracts pass the generator, settings load."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from iii_codegen.compile import compile_protos
from iii_codegen.config import load_config
from iii_codegen.driver import run
from iii_codegen.model.build import build
from iii_codegen.model.check import check
from iii_codegen.model.diagnostics import Report
from tests.docs.contracts import write_contract
from tests.docs.pages import DOCS, ROOT, Block, blocks, pages

BLOCKS = [block for page in pages() for block in blocks(page)]
PYTHON = [block for block in BLOCKS if block.language == "python"]
MARKS = {"python": {"run"}, "proto": {"compile", "contract", "refused"}}


def _selected(language: str, *marks: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language and block.mark in marks]


def test_marks_are_known() -> None:
    used = {(block.language, block.mark) for block in BLOCKS if block.mark}
    known = {(language, mark) for language, marks in MARKS.items() for mark in marks}
    assert used <= known


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.place)
def test_python_compiles(block: Block) -> None:
    compile(block.text, block.place, "exec")


@pytest.mark.parametrize("block", _selected("proto", "compile", "contract", "refused"), ids=lambda block: block.place)
def test_contracts_have_no_findings(block: Block, tmp_path: Path) -> None:
    write_contract(tmp_path, block)
    compiled = compile_protos(tmp_path)
    report = Report()
    tree = build(compiled.files, compiled.to_generate, report, follow=lambda path: not path.startswith("iii_bridge/"))
    check(tree, report)
    # III214 warns of a JSON profile that loses digits, which the page shows on purpose
    assert [str(diagnostic) for diagnostic in report.diagnostics if diagnostic.code != "III214"] == []


def test_a_contract_with_a_fault_has_findings(tmp_path: Path) -> None:
    """Guards the test above: the generator does look at the options."""
    text = 'rpc Place(PlaceRequest) returns (Receipt) { option (iii_bridge.v1.function) = { id: "" }; }\n'
    write_contract(tmp_path, Block(DOCS, 1, "proto", "compile", text))
    compiled = compile_protos(tmp_path)
    report = Report()
    check(build(compiled.files, compiled.to_generate, report), report)
    assert report.errors


@pytest.mark.parametrize("block", _selected("python", "run"), ids=lambda block: block.place)
def test_python_runs(block: Block, tmp_path: Path) -> None:
    """In a process of its own, beside what is generated from the contracts of the same page."""
    contracts = [other for other in _selected("proto", "contract") if other.page == block.page]
    for contract in contracts:
        write_contract(tmp_path / "proto", contract)
    said: list[str] = []
    if contracts:
        assert run(tmp_path, check=False, out=said.append, err=said.append) == 0, said
    script = tmp_path / "snippet.py"
    script.write_text(block.text)
    answer = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=tmp_path,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("III_")}, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "toml"], ids=lambda block: block.place)
def test_settings_shown_are_the_defaults(block: Block, tmp_path: Path) -> None:
    """Those of outputs that are written only where they are asked for, too."""
    (tmp_path / "pyproject.toml").write_text(block.text)
    shown = load_config(tmp_path)
    asked = [name for name in ("rust", "typescript") if f"[tool.iii-bridge.{name}]" in block.text]
    (tmp_path / "pyproject.toml").write_text("".join(f"[tool.iii-bridge.{name}]\n" for name in asked))
    assert shown == load_config(tmp_path)


def test_the_pages_have_snippets() -> None:
    assert {block.page.name for block in PYTHON} >= {"README.md", "concepts.md", "errors.md"}
    assert ROOT / "README.md" in {block.page for block in BLOCKS}
