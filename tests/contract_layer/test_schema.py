"""The numbers of kinds are those of descriptors."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from iii_bridge.contract.schema import Kind


def test_kinds_are_the_types_of_descriptors() -> None:
    assert {kind.name: kind.value for kind in Kind} == {
        name.removeprefix("TYPE_"): number for name, number in FieldDescriptorProto.Type.items()
    }
