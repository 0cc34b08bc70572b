"""The descriptors we carry are those of the installed library."""

from __future__ import annotations

import importlib

import pytest
from google.protobuf import descriptor_pb2

from iii_bridge.contract.well_known_files import descriptor_of


@pytest.mark.parametrize("name", ["any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"])
def test_a_carried_descriptor_is_the_installed_one(name: str) -> None:
    path = f"google/protobuf/{name}.proto"
    installed = descriptor_pb2.FileDescriptorProto()
    importlib.import_module(f"google.protobuf.{name}_pb2").DESCRIPTOR.CopyToProto(installed)
    carried = descriptor_pb2.FileDescriptorProto.FromString(descriptor_of(path))
    for file in (carried, installed):
        file.ClearField("options")  # package names in other languages
    assert carried == installed


def test_any_other_file_is_unknown() -> None:
    with pytest.raises(KeyError):
        descriptor_of("google/protobuf/nothing.proto")
