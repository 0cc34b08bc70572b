"""Serialized messages without a descriptor, against the library's own writer."""

from __future__ import annotations

from google.protobuf import descriptor_pb2, wrappers_pb2
from hypothesis import given
from hypothesis import strategies as st

from iii_bridge.contract import binary


def test_fields_of_every_wire_type() -> None:
    data = bytes.fromhex("08ac02 12026869 1d0000803f 2100000000000000c0")
    assert list(binary.wire_fields(data)) == [
        (1, 300),
        (2, b"hi"),
        (3, b"\x00\x00\x80\x3f"),
        (4, b"\x00\x00\x00\x00\x00\x00\x00\xc0"),
    ]
    assert binary.float_of(b"\x00\x00\x80\x3f") == 1.0
    assert binary.double_of(b"\x00\x00\x00\x00\x00\x00\x00\xc0") == -2.0


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_varints_packed_or_not(numbers: list[int]) -> None:
    location = descriptor_pb2.SourceCodeInfo.Location(path=[number % 2**31 for number in numbers])
    packed = [value for number, value in binary.wire_fields(location.SerializeToString()) if number == 1]
    assert binary.varints(packed) == list(location.path)
    single = [
        value
        for number in numbers
        for _, value in binary.wire_fields(wrappers_pb2.Int64Value(value=number).SerializeToString())
    ]
    assert [binary.signed(value, 64) for value in binary.varints(single)] == [number for number in numbers if number]


@given(st.integers(-(2**63), 2**63 - 1))
def test_zigzag(number: int) -> None:
    assert binary.zigzag((number << 1) ^ (number >> 63)) == number


def test_occurrences_of_a_message_are_merged() -> None:
    once = descriptor_pb2.FieldOptions(deprecated=True).SerializeToString()
    again = descriptor_pb2.FieldOptions(lazy=True).SerializeToString()
    merged = descriptor_pb2.FieldOptions.FromString(binary.joined([once, 5, again]))
    assert merged.deprecated
    assert merged.lazy
