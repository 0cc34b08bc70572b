"""The types a gateway knows."""

from __future__ import annotations

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from iii_bridge.errors import LocalProtocolError
from iii_bridge.gateway.pool import pool_of
from tests.gateway.edge import contracts


def test_it_holds_contracts_and_what_statuses_are_made_of() -> None:
    pool = pool_of(
        [contracts.descriptors, contracts.descriptors], [FileDescriptorProto(name="more.proto", package="m")]
    )
    for name in ("edge.v1.Everything", "google.rpc.BadRequest", "google.rpc.Status", "google.protobuf.Struct"):
        assert pool.FindMessageTypeByName(name).full_name == name
    assert pool.FindFileByName("more.proto").package == "m"
    assert pool_of([]).FindMessageTypeByName("google.rpc.ErrorInfo")


def test_two_files_of_one_name_must_agree() -> None:
    other = FileDescriptorSet(file=[FileDescriptorProto(name="edge/v1/edge.proto", package="edge.v1")])
    with pytest.raises(LocalProtocolError, match=r"edge/v1/edge\.proto"):
        pool_of([contracts.descriptors, other.SerializeToString()])
