"""The four kinds of methods as gRPC handlers: binary messages at the edge, calls of the contract behind it."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Any, Final, TypeAlias, cast

import grpc
import grpc.aio

from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.caller import Caller
from iii_bridge.contract.spec import Delivery, MethodKind, MethodSpec, UnknownMembers
from iii_bridge.contract.unknown import UnknownLog
from iii_bridge.errors import ContractError, Side
from iii_bridge.gateway.responses import initial, trailing
from iii_bridge.gateway.rpc import Admitted, Rpc, RpcContext
from iii_bridge.gateway.unknown import unknown_fields

__all__ = ["DELIVERY", "RECEIPT", "handler_of"]

DELIVERY: Final = "iii-delivery"
"""Response metadata of a method whose contract delivers in another way than sync: `void` or `enqueue`."""
RECEIPT: Final = "iii-message-receipt-id"
"""Response metadata of a queued call: the queue's receipt."""

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


def handler_of(
    method: MethodSpec[Any, Any], caller: Caller, rpc: Rpc, namespace: str | None
) -> grpc.RpcMethodHandler[Any, Any]:
    """Serves a method through `caller`; `namespace` is where its function is looked up."""
    served = _Served(method, caller, rpc, namespace)
    if method.kind is MethodKind.SERVER_STREAM:
        return _handler(grpc.stream_stream_rpc_method_handler, served.server_stream)
    if method.kind is MethodKind.CLIENT_STREAM:
        return _handler(grpc.stream_unary_rpc_method_handler, served.client_stream)
    if method.kind is MethodKind.BIDI_STREAM:
        return _handler(grpc.stream_stream_rpc_method_handler, served.bidi_stream)
    if method.delivery is Delivery.SYNC:
        return _handler(grpc.stream_unary_rpc_method_handler, served.unary)
    return _handler(grpc.stream_unary_rpc_method_handler, served.delivered)


def _handler(make: Callable[..., Any], behaviour: Callable[..., Any]) -> Handler:
    """Without a deserializer: what it raises would be UNKNOWN, and a malformed message is the client's mistake.

    A single request is read here as well: grpcio never answers a call that ends without one.
    """
    return cast("Handler", make(behaviour))


class _Served:
    """One method."""

    def __init__(self, method: MethodSpec[Any, Any], caller: Caller, rpc: Rpc, namespace: str | None) -> None:
        self._method = method
        self._caller = caller
        self._rpc = rpc
        self._namespace = namespace
        request, response = cast("type", method.request), cast("type", method.response)
        self._requests = backend_of(request)
        self._serialize = backend_of(response).serialize
        self._unknown = UnknownLog(self._requests.schema(request).full_name, method.unknown_members)

    async def unary(self, _: Any, context: RpcContext) -> bytes:
        data = await context.read()

        async def body(call: Admitted) -> bytes:
            response = await self._caller.call_method(
                self._method,
                self._parse(data),
                timeout=call.timeout,
                metadata=call.metadata,
                namespace=self._namespace,
            )
            await _tell(call, context)
            return self._serialize(response)

        return await self._rpc.run(self._method, context, body)

    async def delivered(self, _: Any, context: RpcContext) -> bytes:
        """Void or through a queue: the answer is empty, and the receipt is response metadata."""
        data = await context.read()

        async def body(call: Admitted) -> bytes:
            method, request = self._method, self._parse(data)
            told: list[tuple[str, str]] = [(DELIVERY, method.delivery.value)]
            if method.delivery is Delivery.ENQUEUE:
                receipt = await self._caller.enqueue_method(
                    method, request, queue=None, timeout=call.timeout, namespace=self._namespace
                )
                told.append((RECEIPT, receipt.message_receipt_id))
            else:
                await self._caller.void_method(method, request, metadata=call.metadata, namespace=self._namespace)
            await context.send_initial_metadata(tuple(told))
            return self._serialize(method.response())  # the contract allows only Empty then

        return await self._rpc.run(self._method, context, body)

    async def server_stream(self, _: Any, context: RpcContext) -> None:
        data = await context.read()

        async def body(call: Admitted) -> None:
            await self._answer(self._parse(data), call, context)

        await self._rpc.run(self._method, context, body)

    async def client_stream(self, requests: AsyncIterable[bytes], context: RpcContext) -> bytes:
        async def body(call: Admitted) -> bytes:
            responses = self._start(self._messages(requests), call)
            async with responses:
                response = await anext(responses)
            await _tell(call, context)
            return self._serialize(response)

        return await self._rpc.run(self._method, context, body)

    async def bidi_stream(self, requests: AsyncIterable[bytes], context: RpcContext) -> None:
        async def body(call: Admitted) -> None:
            await self._answer(self._messages(requests), call, context)

        await self._rpc.run(self._method, context, body)

    async def _answer(self, requests: Any, call: Admitted, context: RpcContext) -> None:
        """Each response waits until its client has room for it, and so does whoever sends it."""
        responses = self._start(requests, call)
        async with responses:
            await context.send_initial_metadata(())  # the call stands, though no response may come for long
            async for response in responses:
                await context.write(self._serialize(response))
        context.set_trailing_metadata(tuple(trailing(call.asked.metadata, late=True)))

    def _start(self, requests: Any, call: Admitted) -> Any:
        return self._caller.stream_method(
            self._method, requests, timeout=call.timeout, metadata=call.metadata, namespace=self._namespace
        )

    async def _messages(self, requests: AsyncIterable[bytes]) -> AsyncIterator[Any]:
        index = 0
        async for data in requests:
            yield self._parse(data, f"$[{index}]")
            index += 1

    def _parse(self, data: Any, path: str = "$") -> Any:
        """A message, from bytes or from the end of a call that has none."""
        method = self._method
        if data is grpc.aio.EOF:
            raise ContractError(method.function_id, Side.REQUEST, path, "the call has no message, or half of one")
        try:
            message = self._requests.parse(method.request, data)
        except ValueError:
            problem = f"the bytes are no {self._requests.schema(method.request).full_name}"
            raise ContractError(method.function_id, Side.REQUEST, path, problem) from None
        if method.unknown_members is not UnknownMembers.IGNORE:
            self._look_for_unknown(message, path)
        return message

    def _look_for_unknown(self, message: Any, path: str) -> None:
        """Fields that the contract does not know have no place in JSON: its word on members holds for them."""
        for place in unknown_fields(message):
            if self._unknown.refuses:
                problem = "the contract does not know the field"
                raise ContractError(self._method.function_id, Side.REQUEST, f"{path}{str(place)[1:]}", problem)
            self._unknown.note(place)


async def _tell(call: Admitted, context: RpcContext) -> None:
    """What the handler said beside its one response."""
    said = call.asked.metadata
    if said.headers:
        await context.send_initial_metadata(tuple(initial(said)))
    if said.trailers:
        context.set_trailing_metadata(tuple(trailing(said)))
