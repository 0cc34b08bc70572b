"""The way out: deadlines, retries and the contract around the attempts a session makes."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from iii_bridge.aio.invocation import current_invocation
from iii_bridge.bridge.asking import asked_of
from iii_bridge.bridge.checks import checks_of, encode_json
from iii_bridge.bridge.retries import DEFAULT_RETRY, Hedge, Retries, Retry
from iii_bridge.contract.spec import Idempotency, MethodSpec
from iii_bridge.errors import (
    ContractError,
    InvocationError,
    InvocationTimeoutError,
    LocalProtocolError,
    Outcome,
    Side,
    StatusError,
)
from iii_bridge.protocol.builtins import EnqueueResult, is_engine_function
from iii_bridge.protocol.failures import TIMEOUT
from iii_bridge.protocol.sidecar import MEMBER, attach_sidecar
from iii_bridge.types import EnqueueReceipt, Json

__all__ = ["Calls", "Carrier", "CurrentSpan"]

Request = TypeVar("Request")
Response = TypeVar("Response")

_receipt: Final = msgspec.json.Decoder(EnqueueResult)


class _Outgoing(NamedTuple):
    """One call, however many attempts it takes."""

    function_id: str
    data: Raw
    metadata: Raw | UnsetType
    namespace: str | None


CurrentSpan = Callable[[], Mapping[str, str]]
"""`traceparent` and perhaps `baggage`; nothing while no span is recorded."""


class Carrier(Protocol):
    """What takes one attempt to its function and its answer back: a session, or a stand-in for one."""

    async def call(
        self,
        function_id: str,
        data: Raw,
        *,
        timeout: float,
        namespace: str | None = None,
        metadata: Raw | UnsetType = UNSET,
        traceparent: str | None = None,
        baggage: str | None = None,
        queue: str | None = None,
        void: bool = False,
    ) -> Raw:
        """As `Session.call`."""
        ...

    def recovering(self) -> bool:
        """As `Session.recovering`."""
        ...


class Calls:
    """What a bridge's call verbs have in common. Times in seconds."""

    def __init__(
        self,
        carrier: Carrier,
        default_timeout: float,
        retry: Retry = DEFAULT_RETRY,
        current_span: CurrentSpan | None = None,
    ) -> None:
        """`current_span` says what frames carry of the span that is current, where there are spans."""
        self._current_span = current_span
        self._carrier = carrier
        self._default_timeout = default_timeout
        self._retries = Retries(retry, carrier.recovering)
        self._hedge: Hedge | None = None

    def hedged(self, hedge: Hedge) -> Calls:
        """The same, but calls of methods without side effects are sent again while they are under way."""
        view = copy.copy(self)
        view._hedge = hedge
        return view

    async def call(
        self,
        function_id: str,
        data: Raw,
        *,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> Raw:
        """One call, one attempt."""
        budget = self._budget(function_id, timeout)
        encoded = _encode_metadata(metadata, function_id)
        return await self._attempt(_Outgoing(function_id, data, encoded, namespace), budget, 1)

    async def call_checked(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        timeout: float | None,
        metadata: Mapping[str, Json] | None,
        namespace: str | None,
    ) -> Response:
        """A call under its contract, retried where the contract allows it (design decision 7)."""
        checks = checks_of(method)
        data = checks.encode_request(request)
        function_id = method.function_id
        budget = self._budget(function_id, method.timeout if timeout is None else timeout)
        call = _Outgoing(function_id, data, _encode_metadata(metadata, function_id), namespace)
        if method.idempotency is Idempotency.UNKNOWN:
            return checks.decode_response(await self._attempt(call, budget, 1))
        result = await self._retries.run(
            function_id,
            functools.partial(self._attempt, call),
            timeout=budget,
            attempt_timeout=method.attempt_timeout or budget / 3,
            hedge=self._hedge if method.idempotency is Idempotency.NO_SIDE_EFFECTS else None,
        )
        return checks.decode_response(result)

    async def stream(
        self,
        function_id: str,
        data: Raw,
        *,
        budget: float,
        metadata: Mapping[str, Json] | None,
        namespace: str | None,
    ) -> Raw:
        """The invocation of a streaming method: one attempt, within what `stream_budget` allowed."""
        encoded = _encode_metadata(metadata, function_id)
        return await self._attempt(_Outgoing(function_id, data, encoded, namespace), budget, 1)

    def stream_budget(self, function_id: str, timeout: float | None) -> float:
        """The seconds a stream has: infinite where neither the caller, the contract nor a parent call sets a limit."""
        return _within_parent(function_id, math.inf) if timeout is None else self._budget(function_id, timeout)

    async def void(
        self, function_id: str, data: Raw, *, metadata: Mapping[str, Json] | None, namespace: str | None
    ) -> None:
        """Returns once the frame is with the socket."""
        traceparent, baggage = self._trace()
        await self._carrier.call(
            function_id,
            data,
            timeout=self._budget(function_id, None),
            namespace=namespace,
            metadata=_encode_metadata(metadata, function_id),
            void=True,
            traceparent=traceparent,
            baggage=baggage,
        )

    async def enqueue(
        self, function_id: str, data: Raw, *, queue: str, timeout: float | None, namespace: str | None
    ) -> EnqueueReceipt:
        """Through a queue; the engine drops metadata on this path (wire.md 5.5), so none is sent."""
        traceparent, baggage = self._trace()
        result = await self._carrier.call(
            function_id,
            data,
            timeout=self._budget(function_id, timeout),
            namespace=namespace,
            queue=queue,
            traceparent=traceparent,
            baggage=baggage,
        )
        try:
            return EnqueueReceipt(_receipt.decode(result).message_receipt_id)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            problem = "the queue's answer is not a receipt"
            raise ContractError(function_id, Side.RESPONSE, "$.messageReceiptId", problem) from error

    async def _attempt(self, call: _Outgoing, timeout: float, attempt: int) -> Raw:
        metadata = call.metadata
        asked = asked_of(call.function_id)
        if not is_engine_function(call.function_id):
            metadata = attach_sidecar(metadata, timeout, attempt, asks=asked is not None)
        if asked is not None:
            asked.begins()
        traceparent, baggage = self._trace()
        try:
            result = await self._carrier.call(
                call.function_id,
                call.data,
                timeout=timeout,
                namespace=call.namespace,
                metadata=metadata,
                traceparent=traceparent,
                baggage=baggage,
            )
        except InvocationError as error:
            if asked is not None:
                asked.failed(error.stacktrace)
            if error.code == TIMEOUT and not isinstance(error, StatusError):
                # The callee stopped at the deadline we sent it, a moment before our own timer.
                raise InvocationTimeoutError(call.function_id, timeout, Outcome.UNKNOWN) from error
            raise
        return result if asked is None else asked.answered(result)

    def _trace(self) -> tuple[str | None, str | None]:
        """The span that is current; else the trace of the invocation being served goes on (wire.md 5.5)."""
        if self._current_span is not None:
            found = self._current_span()
            if "traceparent" in found:
                return found["traceparent"], found.get("baggage")
        parent = current_invocation.get()
        return (None, None) if parent is None else (parent.traceparent, parent.baggage)

    def _budget(self, function_id: str, timeout: float | None) -> float:
        """The time a call has: what was asked for, but never more than its parent has left."""
        chosen = self._default_timeout if timeout is None else timeout
        if not 0 < chosen < math.inf:
            raise LocalProtocolError(f"the timeout of {function_id} must be positive seconds, not {chosen!r}")
        return _within_parent(function_id, chosen)


def _within_parent(function_id: str, chosen: float) -> float:
    parent = current_invocation.get()
    left = parent.remaining() if parent is not None and not parent.answered else None
    if left is None or left >= chosen:
        return chosen
    if left <= 0:
        raise InvocationTimeoutError(function_id, 0.0, Outcome.NOT_SENT)  # that is what was left for it
    return left


def _encode_metadata(metadata: Mapping[str, Json] | None, function_id: str) -> Raw | UnsetType:
    if not metadata:
        return UNSET
    if MEMBER in metadata:
        raise LocalProtocolError(f"metadata member {MEMBER!r} is reserved; use another name")
    return encode_json(dict(metadata), function_id, Side.REQUEST)
