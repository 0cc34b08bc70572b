"""Code around calls: around every call a client makes, and around every invocation a handler serves.

An interceptor sees values that were checked: messages where there is a
contract, JSON where there is none. It goes on with `proceed`, once, several
times or not at all, and returns what the caller is to get. The first of a list
is the outermost.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar, cast

from iii_bridge.contract.spec import Delivery, MethodSpec
from iii_bridge.errors import LocalProtocolError
from iii_bridge.types import Context, Json

__all__ = [
    "AnyServerInterceptor",
    "ClientCall",
    "ClientInterceptor",
    "ClientInterceptorSync",
    "ServerCall",
    "ServerInterceptor",
    "ServerInterceptorSync",
    "chain",
    "check_client_interceptors",
    "is_async",
    "only_async",
    "only_blocking",
]

Call = TypeVar("Call")
Result = TypeVar("Result")

_NOTHING: Final[Mapping[str, Json]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCall:
    """One call on its way out; `dataclasses.replace` makes a changed one. Times in seconds."""

    function_id: str
    request: Any
    """The message, an iterable of them for a stream of requests, or JSON where `method` is None."""
    method: MethodSpec[Any, Any] | None = None
    delivery: Delivery = Delivery.SYNC
    timeout: float | None = None
    """What the caller asked for; None leaves it to the contract and the connection."""
    metadata: Mapping[str, Json] = field(default_factory=lambda: _NOTHING)
    namespace: str | None = None
    queue: str | None = None
    """For Delivery.ENQUEUE; None leaves it to the contract, which has `default`."""

    @classmethod
    def untyped(
        cls,
        function_id: str,
        request: Json,
        *,
        delivery: Delivery = Delivery.SYNC,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
        queue: str | None = None,
    ) -> ClientCall:
        """A call of a function by its id."""
        return cls(
            function_id=function_id,
            request=request,
            delivery=delivery,
            timeout=timeout,
            metadata=metadata or _NOTHING,
            namespace=namespace,
            queue=queue,
        )

    @classmethod
    def typed(
        cls,
        method: MethodSpec[Any, Any],
        request: Any,
        *,
        delivery: Delivery,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
        queue: str | None = None,
    ) -> ClientCall:
        """A call of a method."""
        return cls(
            function_id=method.function_id,
            request=request,
            method=method,
            delivery=delivery,
            timeout=timeout,
            metadata=metadata or _NOTHING,
            namespace=namespace,
            queue=queue,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCall:
    """One invocation on its way to a handler; `dataclasses.replace` makes a changed one."""

    request: Any
    """The message, an iterator of them for a stream of requests, or JSON where `method` is None."""
    context: Context
    method: MethodSpec[Any, Any] | None = None


class ClientInterceptor(Protocol):
    """Around the calls of a bridge: given to `connect(client_interceptors=…)`. Retries happen inside."""

    async def __call__(self, call: ClientCall, proceed: Callable[[ClientCall], Awaitable[Any]], /) -> Any:
        """Returns the response message, a stream of them, or JSON; None for a void call, a receipt for a queued one."""
        ...


class ClientInterceptorSync(Protocol):
    """Around the calls of a blocking bridge: given to `connect_sync(client_interceptors=…)`; in the caller's thread."""

    def __call__(self, call: ClientCall, proceed: Callable[[ClientCall], Any], /) -> Any:
        """As `ClientInterceptor`, blocking."""
        ...


class ServerInterceptor(Protocol):
    """Around every handler of a bridge: given to `connect(server_interceptors=…)`.

    Runs between the decoding of the request and the encoding of the response;
    what it raises is the answer.
    """

    async def __call__(self, call: ServerCall, proceed: Callable[[ServerCall], Awaitable[Any]], /) -> Any:
        """Returns the response message, an iterator of them, or JSON."""
        ...


class ServerInterceptorSync(Protocol):
    """As `ServerInterceptor`, around blocking handlers only, in their thread and inside the asynchronous ones."""

    def __call__(self, call: ServerCall, proceed: Callable[[ServerCall], Any], /) -> Any:
        """Returns the response message, an iterator of them, or JSON."""
        ...


AnyServerInterceptor = ServerInterceptor | ServerInterceptorSync
"""Either kind; `async def` tells them apart."""


def chain(
    interceptors: Sequence[Callable[[Call, Callable[[Call], Result]], Result]], last: Callable[[Call], Result]
) -> Callable[[Call], Result]:
    """One function out of many: the first is called first, `last` at the end."""
    for interceptor in reversed(interceptors):
        last = functools.partial(_step, interceptor, last)
    return last


def is_async(function: Callable[..., Any]) -> bool:
    """Whether a function, or an object with `__call__`, is written with `async def`."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 -- an object whose __call__ is async counts as async
    )


def only_async(interceptors: Sequence[AnyServerInterceptor]) -> list[ServerInterceptor]:
    """The asynchronous ones, in order."""
    return [cast("ServerInterceptor", each) for each in interceptors if is_async(each)]


def only_blocking(interceptors: Sequence[AnyServerInterceptor]) -> list[ServerInterceptorSync]:
    """The blocking ones, in order."""
    return [cast("ServerInterceptorSync", each) for each in interceptors if not is_async(each)]


def check_client_interceptors(interceptors: Sequence[Callable[..., Any]], *, blocking: bool) -> None:
    """Raises LocalProtocolError for one of the wrong kind: its calls would never run, or never end."""
    for each in interceptors:
        if is_async(each) is blocking:
            name = getattr(each, "__qualname__", type(each).__name__)
            kind, cure = ("asynchronous", "def") if blocking else ("blocking", "async def")
            raise LocalProtocolError(f"client interceptor {name} is {kind} on this bridge; write `{cure}`")


def _step(
    interceptor: Callable[[Call, Callable[[Call], Result]], Result], proceed: Callable[[Call], Result], call: Call
) -> Result:
    return interceptor(call, proceed)
