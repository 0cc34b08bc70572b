"""Which descriptor stands behind a generated class.

Generated modules register themselves at import; nothing is parsed until a
codec, or reflection, asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["File", "class_of", "file_named", "file_of", "files", "full_name_of", "register"]


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """One generated file: its descriptor, without source info, and its classes by full name."""

    name: str
    """`shop/orders/v1/orders.proto`."""
    descriptor: bytes
    """A serialized google.protobuf.FileDescriptorProto."""
    types: tuple[tuple[str, type], ...]
    """Messages and enums, nested ones included: (`shop.orders.v1.Order.Line`, class)."""


_by_class: dict[type, tuple[File, str]] = {}
_by_name: dict[str, type] = {}
_files: dict[str, File] = {}


def register(file: File) -> File:
    """Makes a generated file known; called once by each generated module. Returns it."""
    _files[file.name] = file
    for full_name, cls in file.types:
        _by_class[cls] = (file, full_name)
        _by_name[full_name] = cls
    return file


def class_of(full_name: str) -> type:
    """The class of a protobuf full name; of several trees, the one imported last. Raises KeyError."""
    try:
        return _by_name[full_name]
    except KeyError:
        raise KeyError(f"{full_name} is not known; import the module generated from its contract") from None


def file_named(name: str) -> File:
    """The file of a name; of several trees, the one imported last. Raises KeyError."""
    return _files[name]


def files() -> Mapping[str, bytes]:
    """The descriptors of all files that are known, by name; of several trees, those imported last."""
    return {name: file.descriptor for name, file in _files.items()}


def file_of(cls: type) -> File:
    """The file a generated class comes from. Raises KeyError for any other class."""
    return _by_class[cls][0]


def full_name_of(cls: type) -> str:
    """The protobuf full name of a generated class. Raises KeyError for any other class."""
    return _by_class[cls][1]
