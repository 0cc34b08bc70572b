"""The older version of a contract: from git, from a directory, or from a descriptor set."""

from __future__ import annotations

import dataclasses
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message import DecodeError

from iii_codegen.compile import Compiled, CompileError, compile_protos
from iii_codegen.config import Config

__all__ = ["AgainstError", "older_version"]


class AgainstError(Exception):
    """There is no such older version; the text says what was looked for and what to write."""


def older_version(against: str, config: Config) -> Compiled:
    """What `--against` names: a directory, a descriptor set, or else a git revision of the repository of `config`.

    `git:NAME` is a revision whatever lies in the directory. Raises
    AgainstError, and CompileError when protoc refuses the older files.
    """
    path = Path(against)
    if against.startswith("git:"):
        return _from_git(against.removeprefix("git:"), config)
    if path.is_dir():
        return compile_protos(path.resolve(), config.include)
    if path.is_file():
        return from_descriptor_set(path.read_bytes(), against)
    return _from_git(against, config)


def from_descriptor_set(data: bytes, name: str) -> Compiled:
    """The files of a serialized FileDescriptorSet. Raises AgainstError."""
    try:
        files = FileDescriptorSet.FromString(data).file
    except DecodeError as error:
        raise AgainstError(f"{name} is no descriptor set; write one with protoc --descriptor_set_out") from error
    if not files or any(not item.name for item in files):
        raise AgainstError(f"{name} is no descriptor set, or an empty one; write one with protoc --descriptor_set_out")
    known = {item.name for item in files}
    missing = sorted({name for item in files for name in item.dependency} - known)
    if missing:
        raise AgainstError(f"{name} lacks {missing[0]}; write it with protoc --include_imports")
    return Compiled(tuple(item.SerializeToString() for item in files), tuple(item.name for item in files))


def _from_git(revision: str, config: Config) -> Compiled:
    top = _top(config, revision)
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory).resolve()
        places = [config.proto, *(path for path in config.include if path.is_relative_to(top))]
        for place in places:
            _extract(top, revision, place, root)
        moved = [root / path.relative_to(top) if path in places else path for path in config.include]
        older = dataclasses.replace(config, proto=root / config.proto.relative_to(top), include=tuple(moved))
        try:
            return compile_protos(older.proto, [path for path in older.include if path.is_dir()])
        except CompileError as error:
            raise CompileError(f"{revision}: {str(error).replace(f'{root}/', '')}") from error


def _top(config: Config, revision: str) -> Path:
    where = config.proto if config.proto.is_dir() else config.project
    found = _git(where, "rev-parse", "--show-toplevel")
    if found is None:
        raise AgainstError(
            f"{revision} is no directory and no file, and {where} is in no git repository; "
            "name a directory of .proto files, a descriptor set, or a revision"
        )
    return Path(found.decode().strip()).resolve()


def _extract(top: Path, revision: str, place: Path, root: Path) -> None:
    """Writes one directory as it was at a revision below `root`."""
    if _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}") is None:
        raise AgainstError(f"{revision} is no directory, no file, and no git revision; see `git branch` and `git tag`")
    inside = place.relative_to(top).as_posix()
    wanted = [] if inside == "." else [inside]
    archive = _git(top, "archive", "--format=tar", revision, "--", *wanted)
    if archive is None:
        raise AgainstError(f"{revision} has no {inside}; name a newer revision, or the directory of that time")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(root, filter="data")


def _git(directory: Path, *arguments: str) -> bytes | None:
    """What git prints; None when it fails. Raises AgainstError when there is no git."""
    command: Sequence[str] = ["git", "-C", str(directory), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 -- git as the user has it, no shell
    except FileNotFoundError as error:
        raise AgainstError("git was not found; install it, or name a directory or a descriptor set") from error
    return done.stdout if done.returncode == 0 else None
