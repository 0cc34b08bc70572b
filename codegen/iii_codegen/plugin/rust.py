"""`protoc-gen-iii-rust`, for `protoc --iii-rust_out=DIR` and buf. DIR becomes a module of a crate."""

from __future__ import annotations

import sys

from iii_codegen.plugin.program import check_start

__all__ = ["main"]


def main() -> None:
    """Answers the request on the standard input."""
    check_start()
    from iii_codegen.emit.jsonschema.files import method_schemas
    from iii_codegen.emit.rust.package import emit_rust
    from iii_codegen.plugin.run import run_plugin

    answer = run_plugin(sys.stdin.buffer.read(), {}, lambda tree, _: emit_rust(tree, method_schemas(tree)), sys.stderr)
    sys.stdout.buffer.write(answer)
