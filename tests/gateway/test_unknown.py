"""Fields that a contract does not know are found wherever they are."""

from __future__ import annotations

import pytest

from iii_bridge.gateway.unknown import unknown_fields
from tests.gateway.support import message

EXTRA = b"\xfa\x07\x01x"  # field 127, one byte
PART = b"\x0a\x01p" + EXTRA


def framed(number: int, data: bytes) -> bytes:
    """A field that holds a message."""
    key = number << 3 | 2
    return (bytes([key]) if key < 128 else bytes([key & 127 | 128, key >> 7])) + bytes([len(data)]) + data


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"", None),
        (framed(10, b"\x0a\x01k" + framed(2, b"\x0a\x01p")), None),
        (EXTRA, '$["127"]'),
        (b"\x0a\x01t" + EXTRA, '$["127"]'),
        (framed(17, b"\x0a\x01p") + framed(17, PART), '$.list[1]["127"]'),
        (framed(10, b"\x0a\x01k" + framed(2, PART)), '$.parts["k"]["127"]'),
        (framed(11, EXTRA), '$.at["127"]'),
    ],
)
def test_each_is_named(data: bytes, path: str | None) -> None:
    found = type(message("Everything")).FromString(data)
    assert [str(each) for each in unknown_fields(found)] == ([] if path is None else [path])


def test_messages_of_another_library_are_taken_as_they_are() -> None:
    assert list(unknown_fields(object())) == []
