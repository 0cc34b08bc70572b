"""Serialized messages read without a descriptor: numbers and raw values, merged as protobuf merges them.

Options are read this way: whether their extensions are known to the protobuf
runtime depends on what else the process has imported.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final

__all__ = ["Raw", "double_of", "float_of", "joined", "signed", "varints", "wire_fields", "zigzag"]

Raw = int | bytes
"""A varint as a number, everything else as its bytes."""

_VARINT: Final = 0
_FIXED64: Final = 1
_LENGTH: Final = 2


def wire_fields(data: bytes) -> Iterator[tuple[int, Raw]]:
    """The top-level fields of a valid serialized message, in order."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        number, wire_type = key >> 3, key & 7
        if wire_type == _VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        if wire_type == _LENGTH:
            size, position = _varint(data, position)
        else:
            size = 8 if wire_type == _FIXED64 else 4
        yield number, data[position : position + size]
        position += size


def joined(values: Sequence[Raw]) -> bytes:
    """Every occurrence of one message field as one message: what is merged is written one behind the other."""
    return b"".join(value for value in values if isinstance(value, bytes))


def varints(values: Sequence[Raw]) -> list[int]:
    """A repeated field of varints, packed or not."""
    found: list[int] = []
    for value in values:
        if isinstance(value, int):
            found.append(value)
            continue
        position = 0
        while position < len(value):
            number, position = _varint(value, position)
            found.append(number)
    return found


def signed(value: int, bits: int) -> int:
    """A varint or fixed number of this width as a signed integer."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def zigzag(value: int) -> int:
    """A varint of a sint32 or sint64."""
    return (value >> 1) ^ -(value & 1)


def float_of(data: bytes) -> float:
    """The four bytes of a float."""
    (value,) = struct.unpack("<f", data)
    return float(value)


def double_of(data: bytes) -> float:
    """The eight bytes of a double."""
    (value,) = struct.unpack("<d", data)
    return float(value)


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value, position
        shift += 7
