"""What every call of a gateway has around it: admission, identity, metadata, deadline, trace and status."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Final, NamedTuple, Never, Protocol, TypeAlias, TypeVar
from urllib.parse import quote

import grpc.aio
from google.protobuf.descriptor_pool import DescriptorPool

from iii_bridge.aio.invocation import Detached, current_invocation
from iii_bridge.bridge.asking import Asked, asking
from iii_bridge.contract.spec import Idempotency, MethodSpec
from iii_bridge.errors import (
    ClosedError,
    ConnectionLostError,
    FunctionNotFoundError,
    InvocationTimeoutError,
    LocalProtocolError,
    Outcome,
)
from iii_bridge.gateway.admission import Admission
from iii_bridge.gateway.auth import Authenticator, IncomingCall, identity_of
from iii_bridge.gateway.metadata import UNTRACED, Forwarding, Pairs, Trace, trace_of
from iii_bridge.gateway.responses import metadata_size, trailing
from iii_bridge.gateway.status import Called, grpc_code, status_of
from iii_bridge.types import Json

__all__ = ["Admitted", "Rpc", "RpcContext", "Tracing"]

T = TypeVar("T")
RpcContext: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
"""What gRPC hands over of a call."""

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


class Admitted(NamedTuple):
    """What is passed on of a call that was let in."""

    metadata: dict[str, Json]
    timeout: float | None
    """Seconds that its client still waits; None leaves it to the contract and the connection."""
    asked: Asked
    """Takes what the handler says beside its answer."""


class Tracing(Protocol):
    """A span around a call, as a child of the one its client sent; `iii_bridge.otel.OpenTelemetry` is one."""

    async def rpc(self, method: MethodSpec[Any, Any], carrier: dict[str, str], work: Callable[[], Awaitable[T]]) -> T:
        """Awaits `work` inside the span; `carrier` is the trace context that arrived."""
        ...


class Rpc:
    """Runs calls; one for a gateway."""

    def __init__(
        self,
        pool: DescriptorPool,
        admission: Admission,
        forwarding: Forwarding,
        *,
        authenticate: Authenticator | None = None,
        identities: bool = False,
        tracing: Tracing | None = None,
        connected: Callable[[], bool] = lambda: True,
        on_missing: Callable[[], None] = lambda: None,
    ) -> None:
        """`identities`: whether clients show certificates; `connected`: whether the engine is there.

        `on_missing` hears of functions that nobody serves.
        """
        self._pool = pool
        self._admission = admission
        self._forwarding = forwarding
        self._authenticate = authenticate
        self._identities = identities
        self._tracing = tracing
        self._connected = connected
        self._on_missing = on_missing
        self._running: set[asyncio.Task[Any]] = set()
        self._over = False

    async def run(
        self, method: MethodSpec[Any, Any], context: RpcContext, body: Callable[[Admitted], Awaitable[T]]
    ) -> T:
        """Lets the call in and awaits its body; ends it with a status for whatever is raised."""
        task = asyncio.current_task()
        asked = Asked(method.function_id)
        try:
            with self._admission, self._cut_off(task):
                pairs: Pairs = tuple(context.invocation_metadata() or ())
                metadata, left = await self._admit(method, context, pairs)
                admitted = Admitted(metadata, left, asked)
                trace = trace_of(pairs)
                with asking(asked):
                    if trace is UNTRACED and self._tracing is None:  # the usual call takes the short way
                        return await body(admitted)
                    return await self._traced(method, trace, lambda: body(admitted))
        except Exception as error:
            if isinstance(error, FunctionNotFoundError):
                self._on_missing()
            await self._end(error, method, context, asked)

    def cut_off(self) -> None:
        """Ends the calls under way with UNAVAILABLE: the gateway waits for them no longer."""
        self._over = True
        for task in self._running:
            task.cancel()

    @contextlib.contextmanager
    def _cut_off(self, task: asyncio.Task[Any] | None) -> Generator[None]:
        """Tells the cancellation by `cut_off` from that by a client, whom nobody can answer any more."""
        if task is None:
            raise LocalProtocolError("a call of a gateway is a task of its own")
        self._running.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self._over:
                raise
            task.uncancel()
            raise ClosedError("the gateway stopped before the call ended", Outcome.UNKNOWN) from None
        finally:
            self._running.discard(task)

    async def permit(self, called: Called, context: RpcContext) -> None:
        """Asks the hook, for a call that is no method of a contract; ends one that it refuses."""
        try:
            await self._asked(called, context, tuple(context.invocation_metadata() or ()))
        except Exception as error:
            await self._end(error, called, context)

    async def _end(self, error: Exception, called: Called, context: RpcContext, asked: Asked | None = None) -> Never:
        status = status_of(error, called, self._pool)
        trailers = status.trailers()
        if asked is not None:
            taken = len(quote(status.text)) + metadata_size(trailers)
            trailers = (*trailers, *trailing(asked.metadata, late=True, taken=taken))
        await context.abort(grpc_code(status.code), status.text, trailers)

    async def _admit(
        self, method: MethodSpec[Any, Any], context: RpcContext, pairs: Pairs
    ) -> tuple[dict[str, Json], float | None]:
        metadata = self._forwarding.to_invocation(pairs)
        metadata.update(await self._asked(method, context, pairs))
        left: Any = context.time_remaining()  # None without a deadline, whatever its stub says
        if left is not None and left <= 0:
            raise InvocationTimeoutError(method.function_id, 0.0, Outcome.NOT_SENT)
        if method.idempotency is Idempotency.UNKNOWN and not self._connected():  # others are repeated: they wait
            raise ConnectionLostError(method.function_id, Outcome.NOT_SENT, "the gateway has no engine at the moment")
        return metadata, left

    async def _asked(self, called: Called, context: RpcContext, pairs: Pairs) -> dict[str, Json]:
        """What certificate and hook say of the caller. Raises what the hook raises."""
        identity = identity_of(context.auth_context()) if self._identities else None
        found = {} if identity is None else identity.as_metadata()
        if self._authenticate is not None:
            found.update(
                await self._authenticate(IncomingCall(called.full_name, pairs, context.peer(), identity)) or {}
            )
        return found

    async def _traced(self, method: MethodSpec[Any, Any], trace: Trace, work: Callable[[], Awaitable[T]]) -> T:
        """The call's frames carry the trace that arrived, or the span that is a child of it."""
        good = trace.traceparent is not None and _TRACEPARENT.fullmatch(trace.traceparent) is not None
        with contextlib.ExitStack() as stack:
            if good or trace.baggage:
                token = current_invocation.set(Detached(trace.traceparent if good else None, trace.baggage))
                stack.callback(current_invocation.reset, token)
            if self._tracing is None:
                return await work()
            carrier = {name: value for name, value in trace._asdict().items() if value and (good or name == "baggage")}
            return await self._tracing.rpc(method, carrier, work)
