"""`buf/validate/validate.proto` comes from what is installed."""

from __future__ import annotations

from pathlib import Path

import protovalidate
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from iii_codegen import compile as compiling
from iii_codegen.compile import CompileError, compile_protos
from iii_codegen.validate_file import VALIDATE_FILE, is_installed, validate_proto
from tests.codegen.support import descriptors, shop, write_sources


def test_the_text_gives_the_installed_descriptor() -> None:
    assert is_installed()
    installed = FileDescriptorProto.FromString(protovalidate.ViolationPb.desc().file.proto.to_binary())
    made = FileDescriptorProto.FromString(descriptors({VALIDATE_FILE: validate_proto()})[-1])
    made.ClearField("source_code_info")
    assert made == installed


RULES = shop("message M { string a = 1 [(buf.validate.field).string.min_len = 1]; }")


def test_contracts_find_it(tmp_path: Path) -> None:
    root = tmp_path / "proto"
    write_sources(root, RULES)
    names = [FileDescriptorProto.FromString(data).name for data in compile_protos(root).files]
    assert names[-2:] == [VALIDATE_FILE, "shop/v1/shop.proto"]


def test_a_copy_of_the_user_wins(tmp_path: Path) -> None:
    root = tmp_path / "proto"
    copy = validate_proto() + "message Own {}\n"
    write_sources(root, {**RULES, VALIDATE_FILE: copy})
    found = {file.name: file for file in map(FileDescriptorProto.FromString, compile_protos(root).files)}
    assert found[VALIDATE_FILE].message_type[-1].name == "Own"


def test_without_it_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "proto"
    write_sources(root, RULES)
    monkeypatch.setattr(compiling, "is_installed", lambda: False)
    with pytest.raises(CompileError, match=r"hint: pip install 'iii-bridge\[validate\]', which brings the file$"):
        compile_protos(root)
