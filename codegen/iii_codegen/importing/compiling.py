"""Holds what was written to protoc and to our own checks, and takes back what they refuse."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iii_codegen.compile import CompileError, compile_protos
from iii_codegen.importing.draft import DraftField, Finding
from iii_codegen.importing.text import DraftFile, Printed, print_file
from iii_codegen.model.build import build
from iii_codegen.model.check import check
from iii_codegen.model.check_rules import check_cel
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.library import user_files

__all__ = ["Fault", "ImportingError", "errors_of", "settle_files"]

_PLACE: Final = re.compile(r"(.+?\.proto):(\d+):\d+: (.*)")


class ImportingError(Exception):
    """A contract was written that does not compile: a mistake of this program."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What protoc or our own checks refuse: the file, the line, and the problem."""

    file: str
    line: int
    problem: str


def settle_files(files: Sequence[DraftFile], findings: list[Finding]) -> dict[str, str]:
    """The text of each file by its path, without the rules and bindings that would be refused.

    Raises ImportingError where that is not enough.
    """
    while True:
        printed = {file.path: print_file(file) for file in files}
        texts = {path: item.text for path, item in printed.items()}
        faults = errors_of(texts)
        if not faults:
            return texts
        taken_back = [_take_back(printed[fault.file], fault, findings) for fault in faults if fault.file in printed]
        if not any(taken_back):  # rules and bindings grow fewer, so this ends
            first = faults[0]
            raise ImportingError(
                f"the imported contract is not well-formed: {first.file}:{first.line}: {first.problem}"
            )


def errors_of(texts: dict[str, str]) -> list[Fault]:
    """What is wrong with files that are compiled together."""
    if not texts:
        return []
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for name, text in texts.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        try:
            compiled = compile_protos(root)
        except CompileError as error:
            return list(_told(str(error), root))
    report = Report()
    tree = build(compiled.files, user_files(compiled.to_generate), report, follow=lambda _: True)
    check(tree, report)
    check_cel(tree, report)
    return [Fault(item.place.file, item.place.line or 0, item.problem) for item in report.errors]


def _told(text: str, root: Path) -> Iterator[Fault]:
    """The lines of protoc; one without a place is a fault of no file."""
    for line in text.splitlines():
        found = _PLACE.match(line.removeprefix(f"{root}/"))
        yield Fault(found[1], int(found[2]), found[3]) if found else Fault("", 0, line)


def _take_back(printed: Printed, fault: Fault, findings: list[Finding]) -> bool:
    """Removes the rules of a field, or the bindings of a method; False where neither is left."""
    for first, last, what in printed.places:
        if not first <= fault.line <= last:
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
        what.comment.append(f"Not in this contract: {fault.problem}.")
        findings.append(Finding(function_id, side, path, fault.problem))
        return True
    return False
