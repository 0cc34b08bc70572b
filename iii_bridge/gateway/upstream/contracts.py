"""What a gRPC server tells of its services by reflection, v1 or v1alpha."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha import reflection_pb2

from iii_bridge.errors import BridgeError
from iii_bridge.gateway.reflection import REFLECTION_SERVICES

__all__ = ["ToldContracts", "told_contracts"]

_OPERATION: Final = "grpc."
"""Services of gRPC's own, health and reflection among them, are not exposed."""


@dataclass(frozen=True, slots=True)
class ToldContracts:
    """What a server has told."""

    services: tuple[str, ...]
    """Full names, those of gRPC's own left out."""
    descriptors: bytes
    """A serialized FileDescriptorSet of them, dependencies first."""


async def told_contracts(channel: grpc.aio.Channel, wanted: Iterable[str] = (), *, timeout: float) -> ToldContracts:
    """The services of a server, or of them the `wanted` ones. Waits `timeout` seconds for it to be there.

    Raises BridgeError for a server without reflection, one that stays away, and services it does not have.
    """
    try:
        async with asyncio.timeout(timeout):
            for name in REFLECTION_SERVICES:
                try:
                    return await _told(_Reflection(channel, name), tuple(wanted))
                except grpc.aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                        raise BridgeError(f"the server does not tell its contracts: {_said(error)}") from None
    except TimeoutError:
        raise BridgeError(f"the server was not there within {timeout:g} s; start it, or name --proto") from None
    raise BridgeError("the server has no reflection; name --proto or --descriptor-set")


def _said(error: grpc.aio.AioRpcError) -> str:
    return f"{error.details() or 'no reason given'} [{error.code().name}]"


class _Reflection:
    """Asks one version of the service; a question at a time."""

    def __init__(self, channel: grpc.aio.Channel, service: str) -> None:
        make: Any = channel.stream_stream
        self._call = make(
            f"/{service}/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )

    async def ask(self, **question: str) -> Any:
        """The response. Raises AioRpcError, and BridgeError where the server has no answer."""
        request: Any = reflection_pb2.ServerReflectionRequest
        responses = self._call(_one(request(**question)), wait_for_ready=True)
        async for response in responses:
            if response.HasField("error_response"):
                (about,) = question.values()
                raise BridgeError(f"the server tells nothing of {about}: {response.error_response.error_message}")
            return response
        raise BridgeError("the server's reflection ended without an answer; name --proto or --descriptor-set")


async def _one(request: Any) -> AsyncIterator[Any]:
    yield request


async def _told(reflection: _Reflection, wanted: tuple[str, ...]) -> ToldContracts:
    listed = (await reflection.ask(list_services="*")).list_services_response.service
    known = tuple(each.name for each in listed if not each.name.startswith(_OPERATION))
    missing = [name for name in wanted if name not in known]
    if missing:
        raise BridgeError(f"the server has no service {', '.join(missing)}; it has {', '.join(known) or 'none'}")
    services = wanted or known
    files: dict[str, FileDescriptorProto] = {}
    for service in services:
        _take(await reflection.ask(file_containing_symbol=service), files)
    while needed := {name for file in files.values() for name in file.dependency} - files.keys():
        for name in sorted(needed):
            _take(await reflection.ask(file_by_filename=name), files)
    return ToldContracts(services, FileDescriptorSet(file=_in_order(files)).SerializeToString())


def _take(response: Any, files: dict[str, FileDescriptorProto]) -> None:
    for data in response.file_descriptor_response.file_descriptor_proto:
        try:
            file = FileDescriptorProto.FromString(data)
        except DecodeError:
            raise BridgeError("the server's reflection sent a file that is no descriptor; name --proto") from None
        files.setdefault(file.name, file)


def _in_order(files: dict[str, FileDescriptorProto]) -> list[FileDescriptorProto]:
    """Dependencies first."""
    done: dict[str, FileDescriptorProto] = {}

    def add(name: str) -> None:
        if name in done or name not in files:
            return
        for dependency in files[name].dependency:
            add(dependency)
        done[name] = files[name]

    for name in files:
        add(name)
    return list(done.values())
