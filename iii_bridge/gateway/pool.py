"""The types a gateway knows: those of its contracts, and those that speak of errors, health and reflection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from google.protobuf import descriptor_pool, struct_pb2
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from iii_bridge.errors import LocalProtocolError

__all__ = ["pool_of"]

_ALWAYS: Final[tuple[FileDescriptor, ...]] = (
    error_details_pb2.DESCRIPTOR,
    status_pb2.DESCRIPTOR,
    struct_pb2.DESCRIPTOR,
)


def pool_of(sets: Iterable[bytes], further: Iterable[FileDescriptorProto] = ()) -> DescriptorPool:
    """A pool of serialized FileDescriptorSets, dependencies first, and of `further` files.

    Raises LocalProtocolError for two files of one name that say different things.
    """
    pool = descriptor_pool.DescriptorPool()
    known: dict[str, bytes] = {}
    for data in sets:
        for file in FileDescriptorSet.FromString(data).file:
            _add(pool, file, known)
    for descriptor in _ALWAYS:
        _add_with_dependencies(pool, descriptor, known)
    for file in further:
        _add(pool, file, known)
    return pool


def _add(pool: DescriptorPool, file: FileDescriptorProto, known: dict[str, bytes]) -> None:
    data = file.SerializeToString(deterministic=True)
    before = known.get(file.name)
    if before is None:
        known[file.name] = data
        pool.AddSerializedFile(data)
    elif before != data and not file.name.startswith(("google/", "buf/", "iii_bridge/")):  # of libraries any will do
        raise LocalProtocolError(f"two contracts have a file {file.name}, and they differ; serve one of them")


def _add_with_dependencies(pool: DescriptorPool, file: FileDescriptor, known: dict[str, bytes]) -> None:
    for dependency in file.dependencies:
        _add_with_dependencies(pool, dependency, known)
    _add(pool, FileDescriptorProto.FromString(file.serialized_pb), known)
