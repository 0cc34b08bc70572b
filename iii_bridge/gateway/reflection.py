"""Server reflection, v1 and v1alpha: the same messages under two names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha import reflection, reflection_pb2

from iii_bridge.gateway.auxiliary import Auxiliary
from iii_bridge.gateway.rpc import Rpc, RpcContext
from iii_bridge.gateway.status import Operation

__all__ = ["REFLECTION_SERVICES", "reflection_files", "reflection_handlers"]

_V1ALPHA: Final = "grpc.reflection.v1alpha"
_V1: Final = "grpc.reflection.v1"

REFLECTION_SERVICES: Final = (f"{_V1}.ServerReflection", f"{_V1ALPHA}.ServerReflection")
"""Full names, newest first."""

_ASKED: Final = Operation(f"{REFLECTION_SERVICES[0]}/ServerReflectionInfo")


def reflection_files() -> tuple[FileDescriptorProto, FileDescriptorProto]:
    """The descriptors of both; v1 differs from v1alpha in its name only."""
    older = FileDescriptorProto.FromString(reflection_pb2.DESCRIPTOR.serialized_pb)
    newer = FileDescriptorProto.FromString(older.SerializeToString(deterministic=True))
    newer.ClearField("options")  # they call it deprecated
    newer.name, newer.package = "grpc/reflection/v1/reflection.proto", _V1
    for message in newer.message_type:
        for field in message.field:
            if field.type_name:
                field.type_name = _renamed(field.type_name)
    for service in newer.service:
        for method in service.method:
            method.input_type, method.output_type = _renamed(method.input_type), _renamed(method.output_type)
    return newer, older


def _renamed(type_name: str) -> str:
    return type_name.replace(f".{_V1ALPHA}.", f".{_V1}.")


def _asked(request: Any, pool: DescriptorPool) -> Any:
    """The request, for a symbol that pools find: a method, a field or a value is in the file of what holds it."""
    symbol: str = request.file_containing_symbol
    while symbol and not _knows(pool, symbol):
        symbol = symbol.rpartition(".")[0]
    if symbol in ("", request.file_containing_symbol):
        return request
    changed: Any = type(request)()
    changed.CopyFrom(request)
    changed.file_containing_symbol = symbol
    return changed


def _knows(pool: DescriptorPool, symbol: str) -> bool:
    try:
        pool.FindFileContainingSymbol(symbol)
    except KeyError:
        return False
    return True


async def _one(request: Any) -> AsyncIterator[Any]:
    yield request


def reflection_handlers(
    services: Iterable[str], pool: DescriptorPool, rpc: Rpc, auxiliary: Auxiliary
) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    """Handlers by the path of their method, which tell of these services those who may call."""
    servicer: Any = reflection.aio.ReflectionServicer([*services, *REFLECTION_SERVICES], pool)

    async def tell(requests: Any, context: RpcContext) -> None:
        await rpc.permit(_ASKED, context)

        async def body() -> None:
            async for request in requests:
                async for answer in servicer.ServerReflectionInfo(_one(_asked(request, pool)), context):
                    answer.original_request.CopyFrom(request)
                    await context.write(answer)

        await auxiliary.run(context, body)

    make: Any = grpc.stream_stream_rpc_method_handler
    handler = make(
        tell,
        reflection_pb2.ServerReflectionRequest.FromString,
        reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    return {f"/{name}/ServerReflectionInfo": handler for name in REFLECTION_SERVICES}
