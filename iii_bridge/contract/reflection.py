"""The descriptors behind a service, for others to read: what a worker answers when its contract is asked for.

A set holds the file of the service and the files it depends on, as far as
they were generated. Files of libraries (google's, buf's, our options) are left
out: whoever reads the set has them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Final

from iii_bridge.contract.binary import wire_fields
from iii_bridge.contract.registry import files

__all__ = ["CONTRACT_PREFIX", "contract_function_id", "descriptor_set", "service_of_function_id"]

CONTRACT_PREFIX: Final = "iii-bridge::contract::"

_LIBRARIES: Final = ("google/", "buf/", "iii_bridge/")

_FILE_PACKAGE: Final = 2
_FILE_DEPENDENCY: Final = 3
_FILE_SERVICE: Final = 6
_SERVICE_NAME: Final = 1
_SET_FILE: Final = 1
_LENGTH_DELIMITED: Final = 2


def contract_function_id(service: str) -> str:
    """The id of the internal function that answers with the contract of a service, given its full name."""
    return CONTRACT_PREFIX + service


def service_of_function_id(function_id: str) -> str | None:
    """The full name of the service whose contract a function answers with; None for any other function."""
    return function_id.removeprefix(CONTRACT_PREFIX) if function_id.startswith(CONTRACT_PREFIX) else None


def descriptor_set(service: str) -> bytes:
    """A serialized FileDescriptorSet: the file of a service, dependencies first. Raises KeyError for an unknown one."""
    known = files()
    for name, descriptor in known.items():
        if service in _services(descriptor):
            ordered: dict[str, bytes] = {}
            _collect(name, known, ordered)
            return b"".join(_field(data) for data in ordered.values())
    raise KeyError(f"{service} is not known; import the module generated from its contract")


def _collect(name: str, known: Mapping[str, bytes], found: dict[str, bytes]) -> None:
    """Adds a file after what it depends on; protoc refuses circles."""
    for dependency in _texts(known[name], _FILE_DEPENDENCY):
        if dependency in known and dependency not in found and not dependency.startswith(_LIBRARIES):
            _collect(dependency, known, found)
    found[name] = known[name]


@functools.cache
def _services(descriptor: bytes) -> frozenset[str]:
    package = next(_texts(descriptor, _FILE_PACKAGE), "")
    names = (
        name
        for number, value in wire_fields(descriptor)
        if number == _FILE_SERVICE and isinstance(value, bytes)
        for name in _texts(value, _SERVICE_NAME)
    )
    return frozenset(f"{package}.{name}".removeprefix(".") for name in names)


def _texts(data: bytes, wanted: int) -> Iterator[str]:
    for number, value in wire_fields(data):
        if number == wanted and isinstance(value, bytes):
            yield value.decode()


def _field(data: bytes) -> bytes:
    """One file of a FileDescriptorSet, as protobuf writes it."""
    length, left = bytearray(), len(data)
    while left > 0x7F:
        length.append(left & 0x7F | 0x80)
        left >>= 7
    length.append(left)
    return bytes([_SET_FILE << 3 | _LENGTH_DELIMITED]) + bytes(length) + data
