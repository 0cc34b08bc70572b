"""Messages in TypeScript, by protobuf-es' own generator from the user's `node_modules`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from iii_codegen.config import ConfigError
from iii_codegen.emit.file import OutputFile, header

__all__ = ["PROTOC_GEN_ES", "emit_messages"]

PROTOC_GEN_ES: Final = "2.13.0"
"""The version the glue is tested with."""

_PACKAGE: Final = Path("node_modules", "@bufbuild", "protoc-gen-es")
_INSTALL: Final = f"npm install --save-dev @bufbuild/protoc-gen-es@{PROTOC_GEN_ES}"


def emit_messages(files: Sequence[bytes], out: Path, *, extension: str = "js") -> Iterator[OutputFile]:
    """The modules of serialized FileDescriptorProtos, given dependencies first; google's own come with the package.

    The generator is that of the nearest `node_modules` above `out`. Raises
    ConfigError when node or the generator is missing, or fails.
    """
    program = _generator(out)
    request = CodeGeneratorRequest(
        parameter=f"target=ts,import_extension={extension}",
        proto_file=(FileDescriptorProto.FromString(data) for data in files),
    )
    names = [proto.name for proto in request.proto_file if not proto.name.startswith("google/protobuf/")]
    request.file_to_generate.extend(names)
    response = CodeGeneratorResponse.FromString(_run(program, request.SerializeToString()))
    if response.error:
        raise ConfigError(f"protoc-gen-es failed: {response.error}")
    for file in response.file:
        source = file.name.removesuffix("_pb.ts") + ".proto"
        yield OutputFile(file.name, f"// {header(source)}\n{file.content}")


def _generator(out: Path) -> Path:
    place = next((above for above in (out, *out.parents) if (above / _PACKAGE).is_dir()), None)
    if place is None:
        raise ConfigError(f"protoc-gen-es is not installed above {out}; run `{_INSTALL}` where your package.json is")
    package: Any = json.loads((place / _PACKAGE / "package.json").read_text(encoding="utf-8"))
    version = str(package.get("version", ""))
    if not version.startswith("2."):
        raise ConfigError(f"protoc-gen-es {version} in {place} is not supported; run `{_INSTALL}` there")
    return place / _PACKAGE / "bin" / "protoc-gen-es"


def _run(program: Path, request: bytes) -> bytes:
    node = shutil.which("node")
    if node is None:
        raise ConfigError("node was not found, which protoc-gen-es needs; install Node 20 or newer")
    done = subprocess.run([node, str(program)], input=request, capture_output=True, check=False)  # noqa: S603 -- no shell
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise ConfigError(f"protoc-gen-es ended with exit code {done.returncode}: {said[-1] if said else 'no message'}")
    return done.stdout
