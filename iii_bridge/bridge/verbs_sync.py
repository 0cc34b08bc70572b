"""`Verbs` for code without an event loop: the same, blocking, over a background thread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from iii_bridge.aio.portal import Portal
from iii_bridge.bridge.interceptors import ClientCall, ClientInterceptorSync, chain, check_client_interceptors
from iii_bridge.bridge.stream_sync import InterceptedResponsesSync, ResponsesSync
from iii_bridge.bridge.verbs import Verbs
from iii_bridge.contract.caller import ResponseStreamSync
from iii_bridge.contract.spec import Delivery, MethodKind, MethodSpec
from iii_bridge.types import EnqueueReceipt, Json

__all__ = ["VerbsSync"]

Request = TypeVar("Request")
Response = TypeVar("Response")


class VerbsSync:
    """As `Verbs`, every verb blocking. May be used from any thread but the background one."""

    def __init__(self, portal: Portal, verbs: Verbs, interceptors: Sequence[ClientInterceptorSync] = ()) -> None:
        """`interceptors` go around every call, in the caller's thread. Raises LocalProtocolError for an async one."""
        check_client_interceptors(interceptors, blocking=True)
        self._interceptors = tuple(interceptors)
        self._portal = portal
        self._verbs = verbs
        self._interceptors = tuple(interceptors)
        self._perform = chain(self._interceptors, self._perform_last)

    # --- untyped -------------------------------------------------------------

    def call(
        self,
        function_id: str,
        payload: Json = None,
        *,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> Json:
        """As `Verbs.call`."""
        return self._perform(
            ClientCall.untyped(function_id, payload, timeout=timeout, metadata=metadata, namespace=namespace)
        )

    def void(
        self,
        function_id: str,
        payload: Json = None,
        *,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> None:
        """As `Verbs.void`."""
        self._perform(
            ClientCall.untyped(function_id, payload, delivery=Delivery.VOID, metadata=metadata, namespace=namespace)
        )

    def enqueue(
        self,
        function_id: str,
        payload: Json = None,
        *,
        queue: str = "default",
        timeout: float | None = None,
        namespace: str | None = None,
    ) -> EnqueueReceipt:
        """As `Verbs.enqueue`."""
        delivery = Delivery.ENQUEUE
        receipt: EnqueueReceipt = self._perform(
            ClientCall.untyped(
                function_id, payload, delivery=delivery, timeout=timeout, namespace=namespace, queue=queue
            )
        )
        return receipt

    # --- typed: what generated clients use -----------------------------------

    def call_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> Response:
        """As `SyncCaller.call_method`."""
        delivery = method.delivery
        answer: Response = self._perform(
            ClientCall.typed(
                method, request, delivery=delivery, timeout=timeout, metadata=metadata, namespace=namespace
            )
        )
        return answer if delivery is Delivery.SYNC else method.response()  # the contract allows only Empty then

    def void_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> None:
        """As `SyncCaller.void_method`."""
        self._perform(ClientCall.typed(method, request, delivery=Delivery.VOID, metadata=metadata, namespace=namespace))

    def enqueue_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        queue: str | None = None,
        timeout: float | None = None,
        namespace: str | None = None,
    ) -> EnqueueReceipt:
        """As `SyncCaller.enqueue_method`."""
        delivery = Delivery.ENQUEUE
        receipt: EnqueueReceipt = self._perform(
            ClientCall.typed(method, request, delivery=delivery, timeout=timeout, namespace=namespace, queue=queue)
        )
        return receipt

    def stream_method(
        self,
        method: MethodSpec[Request, Response],
        requests: Request | Iterable[Request],
        *,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> ResponseStreamSync[Response]:
        """As `SyncCaller.stream_method`; interceptors are run when the call starts, in the thread that starts it."""
        call = ClientCall.typed(
            method, requests, delivery=Delivery.SYNC, timeout=timeout, metadata=metadata, namespace=namespace
        )
        if not self._interceptors:
            return self._stream(call)
        return InterceptedResponsesSync(lambda: self._perform(call))

    def _stream(self, call: ClientCall) -> ResponsesSync[Any]:
        """`call` is that of a streaming method; the requests of one that takes many are read in a thread."""
        return ResponsesSync(self._portal, lambda: self._verbs.stream_call(call))

    def hedged(self, *, after: float, copies: int = 1) -> VerbsSync:
        """As `Verbs.hedged`."""
        return VerbsSync(self._portal, self._verbs.hedged(after=after, copies=copies), self._interceptors)

    def _perform_last(self, call: ClientCall) -> Any:
        """What the last interceptor goes on to."""
        if call.method is not None and call.method.kind is MethodKind.CLIENT_STREAM:
            with self._stream(call) as responses:
                return next(responses)
        if call.method is not None and call.method.kind is not MethodKind.UNARY:
            return self._stream(call).__enter__()
        return self._portal.call(lambda: self._verbs.perform(call))
