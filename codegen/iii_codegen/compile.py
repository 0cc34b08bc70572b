"""Runs protoc, from grpcio-tools, in a process of its own so that its messages can be shown."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from iii_codegen.model.library import is_library
from iii_codegen.protos import import_paths
from iii_codegen.validate_file import VALIDATE_FILE, is_installed, validate_proto

__all__ = ["CompileError", "Compiled", "compile_protos", "shown_path", "with_libraries"]


class CompileError(Exception):
    """protoc refused the files; the text is what it said, a line for each problem."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What protoc made of a directory."""

    files: tuple[bytes, ...]
    """Serialized FileDescriptorProtos with source info, dependencies first."""
    to_generate: tuple[str, ...]
    """The files below the directory, by their import names."""


def compile_protos(proto: Path, include: Sequence[Path] = ()) -> Compiled:
    """Compiles every `.proto` below a directory. Raises CompileError."""
    if not proto.is_dir():
        raise CompileError(f"{shown_path(proto)}: no such directory; create it, or set `proto` in [tool.iii-bridge]")
    for directory in include:
        if not directory.is_dir():
            raise CompileError(f"{shown_path(directory)}: no such directory; correct `include` in [tool.iii-bridge]")
    names = sorted(_names_below(proto))
    if not names:
        raise CompileError(f"{shown_path(proto)}: no .proto files below it")
    data = _compiled([proto, *include, *import_paths()], names)
    return Compiled(tuple(item.SerializeToString() for item in FileDescriptorSet.FromString(data).file), tuple(names))


def with_libraries(files: Sequence[bytes]) -> tuple[bytes, ...]:
    """Serialized FileDescriptorProtos with the files of google, buf and ours they depend on, where these are missing.

    A worker's answer about its contract leaves them out. Raises CompileError
    when one of them is not installed.
    """
    protos = [FileDescriptorProto.FromString(data) for data in files]
    known = {proto.name for proto in protos}
    wanted = sorted({name for proto in protos for name in proto.dependency if is_library(name)} - known)
    if not wanted:
        return tuple(files)
    added = FileDescriptorSet.FromString(_compiled(import_paths(), wanted)).file
    return (*(item.SerializeToString() for item in added if item.name not in known), *files)


def _compiled(paths: Sequence[Path], names: Sequence[str]) -> bytes:
    """With the file of validation rules, where it is wanted and the user has no copy: it is in no package as a file."""
    try:
        return _protoc(paths, names)
    except CompileError as error:
        if VALIDATE_FILE not in str(error) or not is_installed():
            raise
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory) / VALIDATE_FILE
        place.parent.mkdir(parents=True)
        place.write_text(validate_proto(), encoding="utf-8")
        return _protoc([*paths, Path(directory)], names)


def _names_below(proto: Path) -> Iterator[str]:
    """Import names of the files below a directory; linked directories count, each real one once."""
    seen: set[str] = set()
    for directory, inner, files in os.walk(proto, followlinks=True):
        real = os.path.realpath(directory)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        inner.sort()
        paths = (Path(directory, name) for name in files if name.endswith(".proto"))
        yield from (path.relative_to(proto).as_posix() for path in paths if path.is_file())


def shown_path(path: Path) -> Path:
    """The path from the current directory when it is below that, as compilers show places, else the whole path."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _protoc(paths: Sequence[Path], names: Sequence[str]) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "descriptors.pb"
        # A response file, because thousands of names do not fit on a command line.
        arguments = Path(directory) / "arguments"
        arguments.write_text(
            "\n".join(
                [
                    *(f"--proto_path={shown_path(path)}" for path in paths),
                    "--include_imports",
                    "--include_source_info",
                    f"--descriptor_set_out={output}",
                    *names,
                ]
            ),
            encoding="utf-8",
        )
        done = subprocess.run(  # noqa: S603 -- our own interpreter, no shell
            [sys.executable, "-P", "-m", "grpc_tools.protoc", f"@{arguments}"],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise CompileError(_readable(done.stderr) or f"protoc ended with exit code {done.returncode}")
        return output.read_bytes()


def _readable(text: str) -> str:
    """protoc's messages without the log lines of its libraries."""
    noise = ("WARNING: All log", "W0000", "I0000", "E0000")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(noise)]
    if any(line.startswith(f"{VALIDATE_FILE}: File not found") for line in lines):
        lines.append("    hint: pip install 'iii-bridge[validate]', which brings the file")
    elif any("File not found" in line for line in lines):
        lines.append("    hint: name the directory it is in under `include` in [tool.iii-bridge] of pyproject.toml")
    return "\n".join(lines)
