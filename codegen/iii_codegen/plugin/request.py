"""What protoc or buf sends a plugin, and what it takes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import Edition

from iii_codegen.emit.file import OutputFile

__all__ = ["Request", "failure", "parse_request", "success"]


@dataclass(frozen=True, slots=True)
class Request:
    """A run of a plugin."""

    files: tuple[bytes, ...]
    """Serialized FileDescriptorProtos, dependencies first."""
    to_generate: tuple[str, ...]
    parameter: str


def parse_request(data: bytes) -> Request:
    """Reads a serialized CodeGeneratorRequest."""
    request = CodeGeneratorRequest.FromString(data)
    files = tuple(file.SerializeToString() for file in request.proto_file)
    return Request(files, tuple(request.file_to_generate), request.parameter)


def success(files: Iterable[OutputFile]) -> bytes:
    """A serialized CodeGeneratorResponse with files."""
    response = _response()
    for file in files:
        response.file.add(name=file.path, content=file.content)
    return response.SerializeToString()


def failure(text: str) -> bytes:
    """A serialized CodeGeneratorResponse that makes protoc print `text` and fail."""
    response = _response()
    response.error = text
    return response.SerializeToString()


def _response() -> CodeGeneratorResponse:
    features = CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL | CodeGeneratorResponse.FEATURE_SUPPORTS_EDITIONS
    return CodeGeneratorResponse(
        supported_features=features,
        minimum_edition=Edition.EDITION_PROTO2,
        maximum_edition=Edition.EDITION_2023,
    )
