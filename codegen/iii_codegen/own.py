"""`python -m iii_codegen.own [--check]`: generates iii_bridge/v1, the package of our own contracts, in a checkout."""

from __future__ import annotations

import sys
from pathlib import Path

import iii_bridge
from iii_codegen.compile import compile_protos
from iii_codegen.emit.file import OutputFile
from iii_codegen.emit.jsonschema.files import method_schemas
from iii_codegen.emit.python.package import emit_python
from iii_codegen.model.build import build
from iii_codegen.model.check import check
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.nodes import Tree
from iii_codegen.protos import own_protos
from iii_codegen.write import Changes, plan, write

__all__ = ["main", "own_changes"]

_PACKAGE = "iii_bridge/v1/"
_OPTIONS = "iii_bridge/v1/contract.proto"
_NO_OBJECT = "III204"
"""Of a response: the engine's functions answer with whatever is stored, and nobody serves them through us."""


def own_changes() -> Changes:
    """What iii_bridge/v1 needs to agree with proto/iii_bridge/v1; the options are no payloads and get no classes."""
    compiled = compile_protos(own_protos())
    wanted = [name for name in compiled.to_generate if name.startswith(_PACKAGE) and name != _OPTIONS]
    report = Report()
    tree = build(compiled.files, wanted, report)
    check(tree, report)
    errors = [diagnostic for diagnostic in report.errors if diagnostic.code != _NO_OBJECT]
    if errors:
        raise SystemExit("\n".join(str(diagnostic) for diagnostic in errors))
    package = Path(iii_bridge.__file__).parent
    return plan(package / "v1", _inside(tree), ".py")


def _inside(tree: Tree) -> list[OutputFile]:
    files = emit_python(tree, method_schemas(tree), own_package=True)
    return [
        OutputFile(file.path.removeprefix(_PACKAGE), file.content) for file in files if file.path.startswith(_PACKAGE)
    ]


def main() -> int:
    """Writes the package, or with `--check` says what differs; returns the exit code."""
    changes = own_changes()
    lines = list(changes.lines(Path.cwd()))
    if "--check" not in sys.argv[1:]:
        write(changes)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if lines and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
