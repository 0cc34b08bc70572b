"""Contracts are told to whoever asks, under both names of reflection."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2

from iii_bridge.gateway.reflection import REFLECTION_SERVICES, reflection_files
from tests.gateway.support import Live

Request: Any = reflection_pb2.ServerReflectionRequest


def ask(channel: grpc.Channel, service: str, *requests: Any) -> list[Any]:
    call = channel.stream_stream(
        f"/{service}/ServerReflectionInfo",
        Request.SerializeToString,
        reflection_pb2.ServerReflectionResponse.FromString,  # type: ignore[attr-defined]
    )
    return list(call(iter(requests), timeout=30))


@pytest.mark.parametrize("service", REFLECTION_SERVICES)
def test_services_files_and_symbols_are_found(live: Live, service: str) -> None:
    channel = live.channel()
    listed, symbol, file, unknown, empty = ask(
        channel,
        service,
        Request(list_services=""),
        Request(file_containing_symbol="edge.v1.EdgeService.Chat"),
        Request(file_by_filename="grpc/reflection/v1/reflection.proto"),
        Request(file_containing_symbol="edge.v1.Nothing"),
        Request(),
    )
    names = {found.name for found in listed.list_services_response.service}
    assert names == {
        "edge.v1.EdgeService", "edge.v1.AbsentService", "edge.v1.StrictService", "grpc.health.v1.Health",
        *REFLECTION_SERVICES,
    }  # fmt: skip
    files = [FileDescriptorProto.FromString(data) for data in symbol.file_descriptor_response.file_descriptor_proto]
    assert files[0].name == "edge/v1/edge.proto"
    assert "google/protobuf/timestamp.proto" in {file.name for file in files}
    (newer,) = file.file_descriptor_response.file_descriptor_proto
    assert FileDescriptorProto.FromString(newer).package == "grpc.reflection.v1"
    assert unknown.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert empty.error_response.error_code == grpc.StatusCode.INVALID_ARGUMENT.value[0]


def test_the_newer_name_says_the_same() -> None:
    newer, older = reflection_files()
    assert newer.package == "grpc.reflection.v1"
    assert [message.name for message in newer.message_type] == [message.name for message in older.message_type]
    assert b"v1alpha" not in newer.SerializeToString()
