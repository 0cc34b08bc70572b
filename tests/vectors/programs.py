"""The parties that are programs: one process reads all documents, and writes an answer for each."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from iii_codegen.protos import import_paths
from tests.vectors.contracts import PACKAGE, PROTO
from tests.vectors.documents import Answer, Document

__all__ = ["build_node", "node", "rust"]

_HERE: Final = Path(__file__).parent
_ROOT: Final = _HERE.parents[1]
_NODE_MODULES: Final = _ROOT / "examples" / "typescript" / "node_modules"
_RUST: Final = _ROOT / "target" / "debug" / "iii-bridge-vectors"
_WITHIN: Final = 110.0


def build_node(directory: Path) -> None:
    """Puts the program, and the messages protoc-gen-es makes for it, into a directory."""
    (directory / "node_modules").symlink_to(_NODE_MODULES)
    (directory / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (directory / "vectors.mjs").write_bytes((_HERE / "node" / "vectors.mjs").read_bytes())
    out = directory / "gen"
    out.mkdir()
    files = [path.relative_to(PROTO).as_posix() for path in PROTO.rglob("*.proto")]
    command = [
        *(sys.executable, "-m", "grpc_tools.protoc"),
        *(f"-I{path}" for path in (PROTO, *import_paths())),
        f"--plugin=protoc-gen-es={_NODE_MODULES / '.bin' / 'protoc-gen-es'}",
        f"--es_out={out}",
        "--es_opt=target=js,import_extension=js",
        *files,
    ]
    subprocess.run(command, check=True, timeout=_WITHIN)


def node(directory: Path, documents: list[Document]) -> list[Answer]:
    """Of protobuf-es."""
    return _run(["node", "vectors.mjs"], documents, directory)


def rust(documents: list[Document]) -> list[Answer]:
    """Of prost and prost-reflect."""
    return _run([str(_RUST)], documents, _HERE)


def _run(command: list[str], documents: list[Document], directory: Path) -> list[Answer]:
    lines = "".join(f"{json.dumps(_written(document))}\n" for document in documents)
    done = subprocess.run(
        command, input=lines, capture_output=True, encoding="utf-8", cwd=directory, timeout=_WITHIN, check=False
    )
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
