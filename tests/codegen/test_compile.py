"""protoc runs in a process of its own, and its words are shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from iii_codegen.compile import CompileError, compile_protos
from tests.codegen.support import shop, write_sources


def test_everything_below_is_compiled(tmp_path: Path) -> None:
    write_sources(tmp_path / "proto", shop("message M { google.protobuf.Timestamp at = 1; }"))
    write_sources(tmp_path / "proto", {"a/v1/a.proto": 'syntax = "proto3"; package a.v1;', "a/notes.txt": "no"})
    compiled = compile_protos(tmp_path / "proto")
    assert compiled.to_generate == ("a/v1/a.proto", "shop/v1/shop.proto")
    names = [FileDescriptorProto.FromString(data).name for data in compiled.files]
    assert names == ["a/v1/a.proto", "google/protobuf/timestamp.proto", "shop/v1/shop.proto"]
    assert FileDescriptorProto.FromString(compiled.files[-1]).HasField("source_code_info")


def test_include(tmp_path: Path) -> None:
    write_sources(tmp_path / "other", {"x/v1/x.proto": 'syntax = "proto3"; package x.v1; message X {}'})
    source = 'syntax = "proto3"; package a.v1; import "x/v1/x.proto"; message A { x.v1.X x = 1; }'
    write_sources(tmp_path / "proto", {"a/v1/a.proto": source})
    assert compile_protos(tmp_path / "proto", [tmp_path / "other"]).to_generate == ("a/v1/a.proto",)
    with pytest.raises(CompileError, match=r"x/v1/x\.proto: File not found[^$]*hint: name the directory .* `include`"):
        compile_protos(tmp_path / "proto")

    with pytest.raises(CompileError, match="no such directory; correct `include`"):
        compile_protos(tmp_path / "proto", [tmp_path / "nowhere"])


def test_linked_directories_are_read_once(tmp_path: Path) -> None:
    write_sources(tmp_path / "shared", {"v1/a.proto": 'syntax = "proto3"; package a.v1; message A {}'})
    write_sources(tmp_path / "proto", {"b/v1/b.proto": 'syntax = "proto3"; package b.v1; message B {}'})
    (tmp_path / "proto/a").symlink_to(tmp_path / "shared", target_is_directory=True)
    (tmp_path / "shared/loop").symlink_to(tmp_path / "proto", target_is_directory=True)
    assert compile_protos(tmp_path / "proto").to_generate == ("a/v1/a.proto", "b/v1/b.proto")


def test_every_problem_is_shown_with_its_place(tmp_path: Path) -> None:
    write_sources(
        tmp_path / "proto", {"a.proto": 'syntax = "proto3";\nmessage A {\n  Nothing a = 1;\n  strin b = 2;\n}'}
    )
    with pytest.raises(CompileError) as caught:
        compile_protos(tmp_path / "proto")
    lines = str(caught.value).split("\n")
    assert [line.split(": ", 1)[0].rpartition("/")[2] for line in lines] == ["a.proto:3:3", "a.proto:4:3"]


def test_files_with_odd_names(tmp_path: Path) -> None:
    write_sources(tmp_path / "my protos", {"a b/c'd.proto": 'syntax = "proto3"; package a.v1;'})
    assert compile_protos(tmp_path / "my protos").to_generate == ("a b/c'd.proto",)


def test_nothing_to_compile(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="no such directory; create it, or set `proto`"):
        compile_protos(tmp_path / "proto")
    (tmp_path / "proto").mkdir()
    with pytest.raises(CompileError, match=r"no \.proto files below it"):
        compile_protos(tmp_path / "proto")
