"""A gRPC server that knows nothing of iii: grpcio's own, with its health and reflection."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
from google.protobuf import descriptor_pool, json_format
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from tests.gateway.edge import contracts
from tests.gateway.support import message

__all__ = ["EDGE", "BareServer"]

EDGE = "edge.v1.EdgeService"


class BareServer:
    """`edge.v1.EdgeService` on gRPC; `begun` and `ended` count calls, `seen` keeps what `Look` was shown."""

    def __init__(self, *, with_health: bool = True, with_reflection: bool = True, port: int = 0) -> None:
        self.begun: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.taken: list[int] = []
        self.seen: list[dict[str, list[Any]]] = []
        self.yielded = 0
        self.garbage = False
        self.port = port
        self.health = health.aio.HealthServicer()
        self._with = (with_health, with_reflection)
        self._server: grpc.aio.Server | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self, credentials: grpc.ServerCredentials | None = None) -> None:
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(EDGE, self._handlers()),))
        with_health, with_reflection = self._with
        if with_health:
            health_pb2_grpc.add_HealthServicer_to_server(self.health, server)
            await self.says(True)
        if with_reflection:
            pool = descriptor_pool.DescriptorPool()
            for file in FileDescriptorSet.FromString(contracts.descriptors).file:
                pool.AddSerializedFile(file.SerializeToString())
            reflection.enable_server_reflection([EDGE, reflection.SERVICE_NAME], server, pool=pool)
        if credentials is None:
            self.port = server.add_insecure_port(self.address)
        else:
            self.port = server.add_secure_port(self.address, credentials)
        await server.start()
        self._server = server

    async def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.stop(None)

    async def says(self, serving: bool) -> None:
        """What its health says of the service."""
        status: Any = health_pb2.HealthCheckResponse
        await self.health.set(EDGE, status.SERVING if serving else status.NOT_SERVING)

    # --- the methods -----------------------------------------------------------

    async def echo(self, request: Any, context: Any) -> Any:
        await _say(context)
        return request

    async def fail(self, request: Any, context: Any) -> Any:
        said = await _say(context)
        if not request.code:
            raise RuntimeError(request.message)
        status = Status(code=request.code, message=request.message)
        for text in request.details:
            status.details.append(json_format.ParseDict(json.loads(text), AnyMessage()))
        code = next(code for code in grpc.StatusCode if code.value[0] == request.code)
        trailers = said + ((("grpc-status-details-bin", status.SerializeToString()),) if request.details else ())
        await context.abort(code, request.message, trailers)

    async def look(self, request: Any, context: Any) -> Any:
        found: dict[str, list[Any]] = {}
        for name, value in context.invocation_metadata():
            found.setdefault(name, []).append(value)
        self.seen.append(found)
        if self.garbage:
            return b"\xff\xff\xff"
        return message("Seen", traceparent=found.get("traceparent", [""])[0], remaining=context.time_remaining())

    async def wait(self, request: Any, context: Any) -> Any:
        self.begun["wait"] += 1
        try:
            await asyncio.sleep(request.seconds)
            return message("Seen")
        finally:
            self.ended["wait"] += 1

    async def watch(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self.begun["watch"] += 1
        await _say(context)
        try:
            for number in range(request.count):
                self.yielded += 1
                yield message("Item", number=number, text="x" * request.size)
            if request.then == "wait":
                await asyncio.Event().wait()
            if request.then == "fail":
                await context.abort(grpc.StatusCode.ABORTED, "enough")
        finally:
            self.ended["watch"] += 1

    async def add(self, requests: AsyncIterator[Any], context: Any) -> Any:
        await _say(context)
        count = total = 0
        async for item in requests:
            count, total = count + 1, total + item.number
            if item.text == "fail":
                await context.abort(grpc.StatusCode.ABORTED, "enough")
        return message("Sum", count=count, total=total)

    async def chat(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        self.begun["chat"] += 1
        await _say(context)
        try:
            async for item in requests:
                if item.text == "stop":
                    return
                yield message("Item", number=2 * item.number)
        finally:
            self.ended["chat"] += 1

    def _handlers(self) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
        kinds: dict[str, Any] = {
            "Watch": grpc.unary_stream_rpc_method_handler,
            "Add": grpc.stream_unary_rpc_method_handler,
            "Chat": grpc.stream_stream_rpc_method_handler,
        }
        found: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        for method in contracts.services[EDGE].methods:
            name = method.full_name.partition("/")[2]
            if hasattr(self, name.lower()):
                make = kinds.get(name, grpc.unary_unary_rpc_method_handler)
                found[name] = make(getattr(self, name.lower()), method.request.FromString, _written)
        return found


async def _say(context: Any) -> tuple[tuple[str, str | bytes], ...]:
    """Sends the metadata that the call wishes: `x-say` has lists of pairs in JSON. Returns the trailers."""
    wished = json.loads(dict(context.invocation_metadata()).get("x-say", "{}"))

    def pairs(kind: str) -> tuple[tuple[str, str | bytes], ...]:
        found = wished.get(kind, ())
        return tuple((name, base64.b64decode(value) if name.endswith("-bin") else value) for name, value in found)

    headers, trailers = pairs("headers"), pairs("trailers")
    if headers:
        await context.send_initial_metadata(headers)
    context.set_trailing_metadata(trailers)
    return trailers


def _written(response: Any) -> bytes:
    return response if isinstance(response, bytes) else response.SerializeToString()
