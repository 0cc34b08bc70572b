"""`protoc-gen-iii-typescript`, for `protoc --iii-typescript_out=DIR` and buf, beside `--es_out=DIR`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from iii_codegen.plugin.program import check_start

if TYPE_CHECKING:
    from iii_codegen.emit.file import OutputFile
    from iii_codegen.model.nodes import Tree

__all__ = ["main"]


def main() -> None:
    """Answers the request on the standard input."""
    check_start()
    from iii_codegen.emit.jsonschema.files import method_schemas
    from iii_codegen.emit.typescript.package import emit_typescript
    from iii_codegen.plugin.run import run_plugin

    def emit(tree: Tree, options: Mapping[str, str]) -> Iterable[OutputFile]:
        return emit_typescript(tree, method_schemas(tree), extension=options["import_extension"])

    answer = run_plugin(sys.stdin.buffer.read(), {"import_extension": ("js", "ts", "none")}, emit, sys.stderr)
    sys.stdout.buffer.write(answer)
