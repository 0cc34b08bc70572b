"""The verbs a bridge and its views have for calling: untyped by id, typed for generated clients."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping, Sequence
from typing import Any, TypeVar

from iii_bridge.bridge.calls import Calls
from iii_bridge.bridge.checks import checks_of, decode_json, encode_json
from iii_bridge.bridge.interceptors import ClientCall, ClientInterceptor, chain, check_client_interceptors
from iii_bridge.bridge.retries import Hedge
from iii_bridge.bridge.stream_calls import InterceptedResponses, Responses, StreamCalls
from iii_bridge.contract.spec import Delivery, MethodKind, MethodSpec
from iii_bridge.errors import LocalProtocolError, Side
from iii_bridge.types import EnqueueReceipt, Json

__all__ = ["Verbs"]

Request = TypeVar("Request")
Response = TypeVar("Response")


class Verbs:
    """Calls functions. Belongs to one event loop; a typed client takes it as its caller. Times in seconds.

    Every verb may raise ContractError, InvocationError and its kinds,
    InvocationTimeoutError, ConnectionLostError, BacklogFullError, ClosedError,
    LocalProtocolError, and RegistrationRejectedError once the engine has
    refused this worker.
    """

    def __init__(self, calls: Calls, interceptors: Sequence[ClientInterceptor], streams: StreamCalls) -> None:
        """`interceptors` go around every call. Raises LocalProtocolError for one that blocks."""
        check_client_interceptors(interceptors, blocking=False)
        self._calls = calls
        self._streams = streams
        self._interceptors = tuple(interceptors)
        self._perform = chain(self._interceptors, self._perform_last)

    # --- untyped -------------------------------------------------------------

    async def call(
        self,
        function_id: str,
        payload: Json = None,
        *,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> Json:
        """Calls any function with any JSON and returns its decoded result. `timeout` in seconds, default 30."""
        return await self._perform(
            ClientCall.untyped(function_id, payload, timeout=timeout, metadata=metadata, namespace=namespace)
        )

    async def void(
        self,
        function_id: str,
        payload: Json = None,
        *,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> None:
        """Fires and forgets; returns once the frame is with the socket. Not even a failure comes back."""
        await self._perform(
            ClientCall.untyped(function_id, payload, delivery=Delivery.VOID, metadata=metadata, namespace=namespace)
        )

    async def enqueue(
        self,
        function_id: str,
        payload: Json = None,
        *,
        queue: str = "default",
        timeout: float | None = None,
        namespace: str | None = None,
    ) -> EnqueueReceipt:
        """Puts a call into a queue and returns its receipt (wire.md 5.3)."""
        delivery = Delivery.ENQUEUE
        receipt: EnqueueReceipt = await self._perform(
            ClientCall.untyped(
                function_id, payload, delivery=delivery, timeout=timeout, namespace=namespace, queue=queue
            )
        )
        return receipt

    # --- typed: what generated clients use -----------------------------------

    async def call_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> Response:
        """As `Caller.call_method`."""
        delivery = method.delivery
        if delivery is Delivery.SYNC and not self._interceptors:  # the usual call takes the short way
            return await self._calls.call_checked(
                method, request, timeout=timeout, metadata=metadata, namespace=namespace
            )
        answer: Response = await self._perform(
            ClientCall.typed(
                method, request, delivery=delivery, timeout=timeout, metadata=metadata, namespace=namespace
            )
        )
        return answer if delivery is Delivery.SYNC else method.response()  # the contract allows only Empty then

    async def void_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> None:
        """As `Caller.void_method`."""
        await self._perform(
            ClientCall.typed(method, request, delivery=Delivery.VOID, metadata=metadata, namespace=namespace)
        )

    async def enqueue_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        queue: str | None = None,
        timeout: float | None = None,
        namespace: str | None = None,
    ) -> EnqueueReceipt:
        """As `Caller.enqueue_method`."""
        delivery = Delivery.ENQUEUE
        receipt: EnqueueReceipt = await self._perform(
            ClientCall.typed(method, request, delivery=delivery, timeout=timeout, namespace=namespace, queue=queue)
        )
        return receipt

    def stream_method(
        self,
        method: MethodSpec[Request, Response],
        requests: Request | AsyncIterable[Request],
        *,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> Responses[Response] | InterceptedResponses[Response]:
        """As `Caller.stream_method`; interceptors are run when the call starts."""
        if not self._interceptors:
            return self._streams.start(method, requests, timeout=timeout, metadata=metadata, namespace=namespace)
        call = ClientCall.typed(
            method, requests, delivery=Delivery.SYNC, timeout=timeout, metadata=metadata, namespace=namespace
        )
        return InterceptedResponses(lambda: self._perform(call))

    # --- views ---------------------------------------------------------------

    def hedged(self, *, after: float, copies: int = 1) -> Verbs:
        """A view for clients: calls without an answer `after` seconds are sent again while they are under way.

        Up to `copies` times, and only where the contract says NO_SIDE_EFFECTS;
        the first answer counts. For a callee that is quick as a rule and slow
        at times; copies count against the budget of retries. Raises
        LocalProtocolError for numbers that are not positive.
        """
        return Verbs(self._calls.hedged(Hedge(after=after, copies=copies)), self._interceptors, self._streams)

    # --- any: what the blocking twin uses --------------------------------------

    async def perform(self, call: ClientCall) -> Any:
        """Makes a call, with the interceptors around it."""
        return await self._perform(call)

    def stream_call(self, call: ClientCall) -> Responses[Any] | InterceptedResponses[Any]:
        """As `stream_method`, for an iterable of requests that blocks."""
        method = call.method
        if method is None:
            raise LocalProtocolError(f"{call.function_id} has no contract, so it is no stream; use call")
        requests = call.request
        if method.kind in (MethodKind.CLIENT_STREAM, MethodKind.BIDI_STREAM):
            requests = self._streams.in_threads(requests)
        return self.stream_method(
            method, requests, timeout=call.timeout, metadata=call.metadata, namespace=call.namespace
        )

    async def _perform_last(self, call: ClientCall) -> Any:
        """What the last interceptor goes on to."""
        if call.method is not None and call.method.kind is not MethodKind.UNARY:
            return await self._streams.perform(call.method, call.request, call.timeout, call.metadata, call.namespace)
        if call.method is not None and call.delivery is Delivery.SYNC:
            return await self._calls.call_checked(
                call.method, call.request, timeout=call.timeout, metadata=call.metadata, namespace=call.namespace
            )
        function_id = call.function_id
        if call.method is None:
            data = encode_json(call.request, function_id, Side.REQUEST)
        else:
            data = checks_of(call.method).encode_request(call.request)
        if call.delivery is Delivery.VOID:
            return await self._calls.void(function_id, data, metadata=call.metadata, namespace=call.namespace)
        if call.delivery is Delivery.ENQUEUE:
            queue = call.queue or (call.method.queue if call.method else None) or "default"
            return await self._calls.enqueue(
                function_id, data, queue=queue, timeout=call.timeout, namespace=call.namespace
            )
        result = await self._calls.call(
            function_id, data, timeout=call.timeout, metadata=call.metadata, namespace=call.namespace
        )
        return decode_json(result, function_id, Side.RESPONSE)
