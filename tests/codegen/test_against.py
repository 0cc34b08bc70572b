"""An older version is found where it is named, and what is not there is said with a cure."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from iii_codegen.against import AgainstError, older_version
from iii_codegen.compile import CompileError
from iii_codegen.config import load_config
from tests.codegen.support import descriptors, shop, write_sources

OLD = shop("message R { string old = 1; google.protobuf.Empty e = 2; }")
NEW = shop("message R { string new = 1; google.protobuf.Empty e = 2; }")
FILE = "shop/v1/shop.proto"


def git(directory: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@a.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True, timeout=60)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a directory of a repository; `first` is the old version."""
    inside = tmp_path / "repository" / "service"
    write_sources(inside / "proto", OLD)
    git(inside, "init", "-q", "-b", "main", "..")
    git(inside, "add", "-A")
    git(inside, "commit", "-qm", "first")
    git(inside, "tag", "first")
    write_sources(inside / "proto", NEW)
    return inside


def field_of(files: tuple[bytes, ...]) -> str:
    (file,) = [item for item in map(FileDescriptorProto.FromString, files) if item.name == FILE]
    return file.message_type[0].field[0].name


@pytest.mark.parametrize("name", ["first", "git:main", "HEAD"])
def test_a_revision_of_git(project: Path, name: str) -> None:
    compiled = older_version(name, load_config(project))
    assert field_of(compiled.files) == "old"
    assert compiled.to_generate == (FILE,)


def test_a_directory(project: Path, tmp_path: Path) -> None:
    write_sources(tmp_path / "first", OLD)
    assert field_of(older_version(str(tmp_path / "first"), load_config(project)).files) == "old"


def test_a_descriptor_set(project: Path, tmp_path: Path) -> None:
    image = FileDescriptorSet(file=[FileDescriptorProto.FromString(data) for data in descriptors(OLD)])
    path = tmp_path / "old.binpb"
    path.write_bytes(image.SerializeToString())
    assert field_of(older_version(str(path), load_config(project)).files) == "old"
    path.write_bytes(FileDescriptorSet(file=image.file[-1:]).SerializeToString())
    with pytest.raises(AgainstError, match=r"lacks google/protobuf/empty\.proto; .*--include_imports"):
        older_version(str(path), load_config(project))
    for data in (b"\xff\xff", b"", FileDescriptorSet(file=[FileDescriptorProto()]).SerializeToString()):
        path.write_bytes(data)
        with pytest.raises(AgainstError, match="is no descriptor set"):
            older_version(str(path), load_config(project))


@pytest.mark.parametrize("name", ["nosuch", "--output=x", "git:nosuch", "git:proto"])
def test_a_revision_that_is_not_there(project: Path, name: str) -> None:
    with pytest.raises(AgainstError, match="is no directory, no file, and no git revision"):
        older_version(name, load_config(project))


def test_a_revision_without_the_contracts(project: Path) -> None:
    (project / "proto").rename(project / "api")
    (project / "pyproject.toml").write_text('[tool.iii-bridge]\nproto = "api"\n')
    with pytest.raises(AgainstError, match="first has no service/api; name a newer revision"):
        older_version("first", load_config(project))


def test_no_repository(tmp_path: Path) -> None:
    write_sources(tmp_path / "proto", NEW)
    with pytest.raises(AgainstError, match="is in no git repository"):
        older_version("main", load_config(tmp_path))


def test_an_older_version_that_protoc_refuses_is_named(project: Path) -> None:
    write_sources(project / "proto", {FILE: "message"})
    git(project, "commit", "-qam", "broken")
    with pytest.raises(CompileError, match=r"^HEAD: service/proto/shop/v1/shop.proto:1:8"):
        older_version("HEAD", load_config(project))
