"""Binary messages as the official parser understands and writes them.

betterproto2 reads past the end of broken bytes, keeps several fields of one
oneof, does not merge messages, and lets illegal tags pass. What it is given has
therefore been through google's parser first.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from iii_bridge.contract.registry import File, file_named, file_of, full_name_of

__all__ = ["canonical_binary", "keep_dependencies"]


def canonical_binary(message_type: type, data: bytes) -> bytes:
    """The same message of a registered class, written anew. Raises ValueError for bytes that are none, KeyError."""
    try:
        message = _google_class(message_type).FromString(data)
    except DecodeError as error:
        raise ValueError("the bytes are not a message of the type") from error
    written: bytes = message.SerializePartialToString(deterministic=True)  # map entries in one order
    return written


@functools.cache
def _google_class(message_type: type) -> Any:
    pool = _pool(file_of(message_type))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(full_name_of(message_type)))


@functools.cache
def _pool(file: File) -> descriptor_pool.DescriptorPool:
    """One per file, for files of several trees may have one name."""
    pool = descriptor_pool.DescriptorPool()
    added: set[str] = set()

    def add(part: File) -> None:
        added.add(part.name)
        proto = descriptor_pb2.FileDescriptorProto.FromString(part.descriptor)
        keep_dependencies(proto, _is_known)
        for name in proto.dependency:
            if name not in added:
                add(file_named(name))
        pool.Add(proto)

    add(file)
    return pool


def keep_dependencies(proto: descriptor_pb2.FileDescriptorProto, is_known: Callable[[str], bool]) -> None:
    """Takes out the imports that are not known: files that only options come from are not needed."""
    known = [name for name in proto.dependency if is_known(name)]
    public = [proto.dependency[index] for index in proto.public_dependency]
    del proto.dependency[:], proto.public_dependency[:], proto.weak_dependency[:], proto.option_dependency[:]
    proto.dependency.extend(known)
    proto.public_dependency.extend(known.index(name) for name in public if name in known)


def _is_known(name: str) -> bool:
    try:
        file_named(name)
    except KeyError:
        return False
    return True
