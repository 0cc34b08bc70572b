"""`buf/validate/validate.proto`, which no Python package has as a file: made from what protovalidate has installed."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from iii_codegen.libraries import package_directory
from iii_codegen.proto_text import proto_text

__all__ = ["VALIDATE_FILE", "is_installed", "validate_proto"]

VALIDATE_FILE = "buf/validate/validate.proto"
_IMPORTED = (descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2)


def is_installed() -> bool:
    """Whether the extra `validate` is."""
    return package_directory("protovalidate") is not None


@cache
def validate_proto() -> str:
    """The text of the file. Raises ModuleNotFoundError without protovalidate."""
    protovalidate: Any = importlib.import_module("protovalidate")
    installed = FileDescriptorProto.FromString(protovalidate.ViolationPb.desc().file.proto.to_binary())
    imported: list[FileDescriptorProto] = []
    for module in _IMPORTED:
        file = FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        imported.append(file)
    return proto_text(installed, tuple(imported), "Made from the descriptor that the package protovalidate installs.")
