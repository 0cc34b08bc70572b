"""Names are those of protobuf-es: what its generator writes for hostile ones is found under ours."""

from __future__ import annotations

import re
from pathlib import Path

from iii_codegen.emit.typescript.names import file_constant, import_path, method_name, service_constant, stem
from iii_codegen.protobuf_es import emit_messages
from tests.codegen.support import descriptors

MODULES = Path(__file__).parents[3] / "node"
SERVICES = ("Object", "let", "Partial", "Plain", "typeof", "string")
METHODS = ("Constructor", "ToString", "GetHTTPInfo", "lower", "Delete", "ValueOf", "_Odd")


def test_generated_names(tmp_path: Path) -> None:
    methods = " ".join(f"rpc {name}(M) returns (M);" for name in METHODS)
    services = " ".join(f"service {name} {{ {methods} }}" for name in SERVICES)
    path = "my-dir/v1/odd.name.proto"
    sources = {path: f'syntax = "proto3"; package odd.v1; message M {{}} {services}'}
    (found,) = emit_messages(descriptors(sources), MODULES)
    assert found.path == f"{stem(path)}_pb.ts"
    assert f"export const {file_constant(path)}:" in found.content
    for name in SERVICES:
        assert f"export const {service_constant(name)}: GenService<{{" in found.content
    written = set(re.findall(r"^  ([\w$]+): \{$", found.content, re.MULTILINE))
    assert written == {method_name(name) for name in METHODS}


def test_paths_between_files() -> None:
    assert import_path("a/b/x_iii", "a/b/x_pb", "js") == "./x_pb.js"
    assert import_path("a/b/x_iii", "iii_bridge/runtime/index", "none") == "../../iii_bridge/runtime/index"
    assert import_path("x_iii", "x_pb", "ts") == "./x_pb.ts"
