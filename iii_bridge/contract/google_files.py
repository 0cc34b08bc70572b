"""Generated files of google's messages: from an embedded descriptor to classes in google's default pool.

The default pool is where google's own generated modules live, so well-known
types, and classes of contracts that protoc generated code for, are the same.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from iii_bridge.contract.canonical_binary import keep_dependencies
from iii_bridge.contract.registry import file_named
from iii_bridge.errors import LocalProtocolError

__all__ = ["google_types"]

_lock: Final = threading.Lock()


def google_types(name: str, descriptor: bytes) -> Mapping[str, Any]:
    """Message classes and wrappers of enums by full name, from a serialized FileDescriptorProto.

    Raises LocalProtocolError when another file of the name, with other types,
    is in google's default pool.
    """
    pool = descriptor_pool.Default()
    with _lock:
        file = _add(pool, name, descriptor)
    types: dict[str, Any] = {enum.full_name: EnumTypeWrapper(enum) for enum in file.enum_types_by_name.values()}
    for message in file.message_types_by_name.values():
        types.update(_classes(message))
    return types


def _classes(message: Descriptor) -> dict[str, Any]:
    found: dict[str, Any] = {message.full_name: message_factory.GetMessageClass(message)}
    for enum in message.enum_types:
        found[enum.full_name] = EnumTypeWrapper(enum)
    for nested in message.nested_types:
        if not nested.GetOptions().map_entry:
            found.update(_classes(nested))
    return found


def _add(pool: descriptor_pool.DescriptorPool, name: str, descriptor: bytes) -> FileDescriptor:
    proto = descriptor_pb2.FileDescriptorProto.FromString(descriptor)
    keep_dependencies(proto, lambda dependency: _is_there(pool, dependency))
    try:
        present = pool.FindFileByName(name)
    except KeyError:
        pool.Add(proto)
        return pool.FindFileByName(name)
    if not _same_types(descriptor_pb2.FileDescriptorProto.FromString(present.serialized_pb), proto):
        raise LocalProtocolError(
            f"{name} is in google's descriptor pool already, with other types; "
            "generate both modules anew from one contract, or run them in two processes"
        )
    return present


def _same_types(left: descriptor_pb2.FileDescriptorProto, right: descriptor_pb2.FileDescriptorProto) -> bool:
    return (left.package, list(left.message_type), list(left.enum_type)) == (
        right.package,
        list(right.message_type),
        list(right.enum_type),
    )


def _is_there(pool: descriptor_pool.DescriptorPool, name: str) -> bool:
    """Whether a file is in the pool, or can be brought: google's own by its module, ours by its descriptor.

    Files that only options come from are not generated, and not needed.
    """
    if name.startswith("google/protobuf/"):
        importlib.import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
        return True
    if name == "iii_bridge/v1/events.proto":
        importlib.import_module("iii_bridge.v1")
        _add(pool, name, file_named(name).descriptor)
        return True
    try:
        pool.FindFileByName(name)
    except KeyError:
        return False
    return True
