"""Embedded descriptors to classes in google's default pool."""

from __future__ import annotations

import pytest
from google.protobuf import descriptor_pb2, struct_pb2

from iii_bridge.abi.v1 import google_types
from iii_bridge.errors import LocalProtocolError


def descriptor(name: str, *fields: tuple[str, str]) -> bytes:
    """A file `pool_test/NAME.proto` with a message `M`; each field is a name and the type of a message."""
    file = descriptor_pb2.FileDescriptorProto(name=f"pool_test/{name}.proto", package=f"pool_test.{name}")
    file.syntax = "proto3"
    file.dependency.extend(["google/protobuf/struct.proto", "google/api/nobody_needs.proto"])
    file.dependency.append("iii_bridge/v1/events.proto")
    message = file.message_type.add(name="M")
    for number, (field, type_name) in enumerate(fields, 1):
        message.field.add(name=field, number=number, type=11, label=1, type_name=type_name)
    message.enum_type.add(name="E").value.add(name="ZERO", number=0)
    message.nested_type.add(name="Inner")
    return file.SerializeToString()


def test_types_are_found_by_full_name_and_imports_of_options_are_not_needed() -> None:
    data = descriptor("first", ("value", ".google.protobuf.Value"), ("by", ".iii_bridge.v1.HttpRequest"))
    types = google_types(name="pool_test/first.proto", descriptor=data)
    assert set(types) == {"pool_test.first.M", "pool_test.first.M.E", "pool_test.first.M.Inner"}
    message = types["pool_test.first.M"](value=struct_pb2.Value(bool_value=True), by={"path": "/x"})
    assert (message.value.bool_value, message.by.path) == (True, "/x")
    assert types["pool_test.first.M.E"].Name(0) == "ZERO"
    again = google_types(name="pool_test/first.proto", descriptor=data)
    assert again["pool_test.first.M"] is types["pool_test.first.M"]


def test_another_contract_under_the_same_name_is_refused() -> None:
    google_types(name="pool_test/second.proto", descriptor=descriptor("second"))
    other = descriptor("second", ("value", ".google.protobuf.Value"))
    with pytest.raises(LocalProtocolError, match="generate both modules anew from one contract"):
        google_types(name="pool_test/second.proto", descriptor=other)
