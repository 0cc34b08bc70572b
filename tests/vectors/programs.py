"""The parties that are programs: one process reads all documents, and writes an answer for each."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.typescript.project import compile_typescript, generate, write_project
from tests.vectors.contracts import PACKAGE, PROTO
from tests.vectors.documents import Answer, Document

__all__ = ["RUST_COMMAND", "build_node", "node", "node_command", "rust"]

_HERE: Final = Path(__file__).parent
_WITHIN: Final = 110.0
RUST_COMMAND: Final = (str(_HERE.parents[1] / "target" / "debug" / "iii-bridge-vectors"),)
"""How the program is started; `direct` or `serve` follows."""


def build_node(project: Path) -> None:
    """Generates and compiles the program for node in a directory; fails with what the compiler says."""
    write_project(project, PROTO)
    (project / "src").mkdir()
    shutil.copy(_HERE / "node" / "vectors.ts", project / "src")
    generate(project)
    assert compile_typescript(project) == ""


def node(project: Path, documents: list[Document]) -> list[Answer]:
    """Of protobuf-es."""
    return _run([*node_command(project), "direct"], documents)


def node_command(project: Path) -> tuple[str, ...]:
    """How the program is started; `direct` or `serve` follows."""
    return ("node", str(project / "dist" / "vectors.js"))


def rust(documents: list[Document]) -> list[Answer]:
    """Of prost and prost-reflect."""
    return _run([*RUST_COMMAND, "direct"], documents)


def _run(command: list[str], documents: list[Document]) -> list[Answer]:
    lines = "".join(f"{json.dumps(_written(document))}\n" for document in documents)
    done = subprocess.run(command, input=lines, capture_output=True, encoding="utf-8", timeout=_WITHIN, check=False)
    assert not done.returncode, done.stderr[-2000:]
    answers = list(_read(done.stdout))
    assert len(answers) == len(documents), f"{len(answers)} answers to {len(documents)} documents"
    return answers


def _written(document: Document) -> dict[str, str]:
    line = {"type": f"{PACKAGE}.{document.type}"}
    if document.binary is not None:
        return {**line, "binary": base64.b64encode(document.binary).decode()}
    assert document.json is not None
    return {**line, "json": document.json}


def _read(output: str) -> Iterator[Answer]:
    for line in output.split("\n")[:-1]:
        fields: dict[str, Any] = json.loads(line)
        if "error" in fields:
            yield Answer(error=fields["error"])
        else:
            yield Answer(binary=base64.b64decode(fields["binary"]), json=fields["json"])
