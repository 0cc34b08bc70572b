"""`protoc-gen-iii-jsonschema`, for `protoc --iii-jsonschema_out=DIR` and buf."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from iii_codegen.plugin.program import check_start

if TYPE_CHECKING:
    from iii_codegen.emit.file import OutputFile
    from iii_codegen.model.nodes import Tree

__all__ = ["main"]

_OPTIONS = {
    "dialect": ("all", "2020-12", "draft-07"),
    "of": ("functions", "messages", "all"),
    "profile": ("canonical", "protojson"),
}


def main() -> None:
    """Answers the request on the standard input."""
    check_start()
    from iii_codegen.plugin.run import run_plugin

    sys.stdout.buffer.write(run_plugin(sys.stdin.buffer.read(), _OPTIONS, _emit, sys.stderr))


def _emit(tree: Tree, options: Mapping[str, str]) -> Iterator[OutputFile]:
    from iii_codegen.emit.jsonschema.dialects import DIALECTS
    from iii_codegen.emit.jsonschema.files import emit_schemas

    dialects = tuple(DIALECTS) if options["dialect"] == "all" else (options["dialect"],)
    return emit_schemas(tree, dialects=dialects, profile=options["profile"], of=options["of"])
