"""Holds what was written to protoc and to our own checks, and takes back what they refuse."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from iii_codegen.compile import compile_protos
from iii_codegen.importing.draft import DraftField, Finding
from iii_codegen.importing.text import DraftFile, Printed, print_file
from iii_codegen.model.build import build
from iii_codegen.model.check import check
from iii_codegen.model.check_rules import check_cel
from iii_codegen.model.diagnostics import Diagnostic, Report
from iii_codegen.model.library import user_files

__all__ = ["ImportingError", "errors_of", "settle_files"]

_ROUNDS = 5


class ImportingError(Exception):
    """A contract was written that does not compile: a mistake of this program."""


def settle_files(files: Sequence[DraftFile], findings: list[Finding]) -> dict[str, str]:
    """The text of each file by its path, without the rules and bindings that would be refused.

    Raises ImportingError, and CompileError, where that is not enough.
    """
    left: list[Diagnostic] = []
    for _ in range(_ROUNDS):
        printed = {file.path: print_file(file) for file in files}
        left = errors_of({path: item.text for path, item in printed.items()})
        if not left:
            return {path: item.text for path, item in printed.items()}
        for diagnostic in left:
            if not _take_back(printed[diagnostic.place.file], diagnostic, findings):
                raise ImportingError(f"the imported contract is not well-formed: {diagnostic}")
    raise ImportingError(f"the imported contract is not well-formed: {left[0]}")


def errors_of(texts: dict[str, str]) -> list[Diagnostic]:
    """What is wrong with files that are compiled together. Raises CompileError."""
    if not texts:
        return []
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for name, text in texts.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        compiled = compile_protos(root)
    report = Report()
    tree = build(compiled.files, user_files(compiled.to_generate), report, follow=lambda _: True)
    check(tree, report)
    check_cel(tree, report)
    return list(report.errors)


def _take_back(printed: Printed, diagnostic: Diagnostic, findings: list[Finding]) -> bool:
    """Removes the rules of a field, or the bindings of a method; False where neither is left."""
    line = diagnostic.place.line or 0
    for first, last, what in printed.places:
        if not first <= line <= last:
            continue
        if isinstance(what, DraftField):
            if not what.rules:
                return False
            what.rules = {}
            side, path, function_id = "contract", what.path, what.name
        else:
            if not what.bindings:
                return False
            what.bindings = []
            side, path, function_id = "binding", "$", what.function.function_id
        what.comment.append(f"Not in this contract: {diagnostic.problem}.")
        findings.append(Finding(function_id, side, path, diagnostic.problem))
        return True
    return False
