"""The four kinds of methods as handlers that call a gRPC server: messages of the contract in, binary out, and back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final, cast

import grpc.aio
from google.protobuf.descriptor_pool import DescriptorPool

from iii_bridge.abi.stubs import Service
from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.spec import MethodKind, MethodSpec, ServiceSpec
from iii_bridge.errors import ContractError, LocalProtocolError, Side, StatusError
from iii_bridge.gateway.metadata import Forwarding
from iii_bridge.gateway.upstream.failures import status_error
from iii_bridge.types import Context

__all__ = ["Upstream"]

_log: Final = logging.getLogger("iii_bridge.gateway")
_RESPONSES: Final = Forwarding()


class Upstream:
    """Calls the methods of one server."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        pool: DescriptorPool,
        forwarding: Forwarding,
        headers: tuple[tuple[str, str | bytes], ...] = (),
    ) -> None:
        """`forwarding` chooses the metadata that is sent on, `headers` are sent with every call."""
        self._channel = channel
        self._pool = pool
        self._forwarding = forwarding
        self._headers = headers

    def service(self, spec: ServiceSpec) -> Service:
        """A service whose methods are the server's: what `Bridge.serve` takes."""
        made: Any = type(spec.full_name.rpartition(".")[2], (Service,), {"_service": spec})()
        for method in spec.methods:
            setattr(made, method.name, self._handler(method))
        return cast("Service", made)

    def metadata(self, context: Context) -> list[tuple[str, str | bytes]]:
        """What is sent with a call: the invocation's metadata, its trace, and the headers of every call."""
        pairs = self._forwarding.to_rpc(context.metadata)
        if context.traceparent:
            pairs.append(("traceparent", context.traceparent))
        if context.baggage:
            pairs.append(("baggage", context.baggage))
        return [*pairs, *self._headers]

    def _handler(self, method: MethodSpec[Any, Any]) -> Any:
        exposed = _Exposed(self, method, self._channel, self._pool)
        return {
            MethodKind.UNARY: exposed.unary,
            MethodKind.SERVER_STREAM: exposed.server_stream,
            MethodKind.CLIENT_STREAM: exposed.client_stream,
            MethodKind.BIDI_STREAM: exposed.bidi_stream,
        }[method.kind]


_EOF: Final[Any] = cast("Any", grpc.aio).EOF
_MAKE: Final = {
    MethodKind.UNARY: "unary_unary",
    MethodKind.SERVER_STREAM: "unary_stream",
    MethodKind.CLIENT_STREAM: "stream_unary",
    MethodKind.BIDI_STREAM: "stream_stream",
}


class _Exposed:
    """One method."""

    def __init__(
        self, upstream: Upstream, method: MethodSpec[Any, Any], channel: grpc.aio.Channel, pool: DescriptorPool
    ) -> None:
        self._upstream = upstream
        self._method = method
        self._pool = pool
        request, response = cast("type", method.request), cast("type", method.response)
        self._serialize = backend_of(request).serialize
        self._responses = backend_of(response)
        # Without serializers: what one raises would be a status of gRPC's own, and would name neither side nor place.
        self._call: Any = getattr(channel, _MAKE[method.kind])(f"/{method.full_name}")

    async def unary(self, request: Any, context: Context) -> Any:
        call = self._call(self._serialize(request), **self._options(context))
        try:
            return await self._one(call, context)
        except grpc.aio.AioRpcError as error:
            raise self._failure(error, context) from None

    async def server_stream(self, request: Any, context: Context) -> AsyncIterator[Any]:
        call = self._call(self._serialize(request), **self._options(context))
        async with contextlib.aclosing(self._read(call, context, None)) as responses:
            async for response in responses:
                yield response

    async def client_stream(self, requests: AsyncIterator[Any], context: Context) -> Any:
        call = self._call(**self._options(context))
        async with _Sending(call, requests, self._serialize) as sending:
            try:
                return await self._one(call, context)
            except asyncio.CancelledError:
                sending.raise_failure()
                raise
            except grpc.aio.AioRpcError as error:
                sending.raise_failure()
                raise self._failure(error, context) from None

    async def bidi_stream(self, requests: AsyncIterator[Any], context: Context) -> AsyncIterator[Any]:
        call = self._call(**self._options(context))
        async with (
            _Sending(call, requests, self._serialize) as sending,
            contextlib.aclosing(self._read(call, context, sending)) as responses,
        ):
            async for response in responses:
                yield response

    def _options(self, context: Context) -> dict[str, Any]:
        left = context.remaining()
        return {"timeout": None if left is None else max(left, 0.0), "metadata": self._upstream.metadata(context)}

    async def _one(self, call: Any, context: Context) -> Any:
        response = self._parse(await call)
        _pass_on(context, await call.initial_metadata(), await call.trailing_metadata())
        return response

    def _failure(self, error: grpc.aio.AioRpcError, context: Context) -> StatusError:
        _pass_on(context, error.initial_metadata(), error.trailing_metadata())
        return status_error(error, self._pool)

    async def _read(self, call: Any, context: Context, sending: _Sending | None) -> AsyncGenerator[Any, None]:
        """Each response when there is room for it; leaving cancels the call."""
        index = 0
        try:
            while (data := await call.read()) is not _EOF:
                yield self._parse(data, f"$[{index}]")
                index += 1
            _pass_on(context, await call.initial_metadata(), await call.trailing_metadata())
        except asyncio.CancelledError:
            if sending is not None:
                sending.raise_failure()
            raise
        except grpc.aio.AioRpcError as error:
            if sending is not None:
                sending.raise_failure()
            raise self._failure(error, context) from None
        finally:
            call.cancel()

    def _parse(self, data: Any, path: str = "$") -> Any:
        method = self._method
        try:
            return self._responses.parse(method.response, data)
        except ValueError:
            problem = f"the server's bytes are no {self._responses.schema(method.response).full_name}"
            raise ContractError(method.function_id, Side.RESPONSE, path, problem) from None


def _pass_on(context: Context, initial: Any, trailing: Any) -> None:
    """What the server says beside its answer, for a caller that asks."""
    for kind, pairs in (("headers", initial), ("trailers", trailing)):
        for name, value in _RESPONSES.to_invocation(tuple(pairs or ())).items():
            try:
                context.respond_with(**{kind: {name: value}})
            except LocalProtocolError as error:
                _log.warning("%s", error)


class _Sending:
    """Sends requests beside whatever else is done with a call; what fails there cancels the call."""

    def __init__(self, call: Any, requests: AsyncIterator[Any], serialize: Any) -> None:
        self._call = call
        self._requests = requests
        self._serialize = serialize
        self._failure: BaseException | None = None

    async def __aenter__(self) -> _Sending:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="iii-bridge expose requests")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait((self._task,))
        self._call.cancel()

    def raise_failure(self) -> None:
        """Raises what the requests raised: it is why the call was cancelled."""
        if self._failure is not None:
            raise self._failure

    async def _run(self) -> None:
        try:
            async for request in self._requests:
                await self._call.write(self._serialize(request))
            await self._call.done_writing()
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            pass  # the call is over, and whoever reads it hears why
        except Exception as error:
            self._failure = error
            self._call.cancel()
