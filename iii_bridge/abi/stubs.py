"""The bases of generated clients and services.

One class-level declaration per method types the asynchronous and the blocking
client alike: the descriptor's overloads resolve by the instance it is read
from. RPC names own a client's namespace, so everything else starts with an
underscore.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeVar, overload

from iii_bridge.contract.caller import Caller, ResponseStream, ResponseStreamSync, SyncCaller
from iii_bridge.contract.spec import MethodSpec, ServiceSpec
from iii_bridge.errors import LocalProtocolError
from iii_bridge.types import EnqueueReceipt, Json

__all__ = [
    "AsyncStub",
    "BidiStream",
    "BidiStreamCall",
    "ClientStream",
    "ClientStreamCall",
    "ServerStream",
    "ServerStreamCall",
    "Service",
    "ServiceSync",
    "SyncBidiStreamCall",
    "SyncClientStreamCall",
    "SyncServerStreamCall",
    "SyncStub",
    "SyncUnaryCall",
    "Unary",
    "UnaryCall",
]

Req = TypeVar("Req")
Res = TypeVar("Res")


class AsyncStub:
    """Base of generated asynchronous clients."""

    _methods: ClassVar[ServiceSpec]

    def __init__(self, caller: Caller, /, *, namespace: str | None = None) -> None:
        """`caller` is a bridge; `namespace` is where functions are looked up, default the contract's or caller's."""
        self._caller = caller
        self._namespace = namespace


class SyncStub:
    """Base of generated blocking clients."""

    _methods: ClassVar[ServiceSpec]

    def __init__(self, caller: SyncCaller, /, *, namespace: str | None = None) -> None:
        """`caller` is a blocking bridge; `namespace` as for the asynchronous client.

        Raises LocalProtocolError for an asynchronous bridge, whose calls nobody would await.
        """
        if inspect.iscoroutinefunction(getattr(caller, "call_method", None)):
            raise LocalProtocolError(
                f"{type(self).__name__} needs a bridge of connect_sync; on one of connect use the client without Sync"
            )
        self._caller = caller
        self._namespace = namespace


class Service:
    """Base of generated service bases with asynchronous handlers."""

    _service: ClassVar[ServiceSpec]


class ServiceSync:
    """Base of generated service bases with blocking handlers."""

    _service: ClassVar[ServiceSpec]


class _Bound(Generic[Req, Res]):
    """A method bound to the caller of one client."""

    __slots__ = ("_caller", "_method", "_namespace")

    def __init__(self, method: MethodSpec[Req, Res], caller: Any, namespace: str | None) -> None:
        self._method = method
        self._caller = caller
        self._namespace = namespace

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._method.full_name}>"


class UnaryCall(_Bound[Req, Res]):
    """A method as an asynchronous client offers it."""

    __slots__ = ()

    async def __call__(
        self, request: Req, /, *, timeout: float | None = None, metadata: Mapping[str, Json] | None = None
    ) -> Res:
        """Calls the function and returns its response. `timeout` in seconds, default the contract's."""
        caller: Caller = self._caller
        return await caller.call_method(
            self._method, request, timeout=timeout, metadata=metadata, namespace=self._namespace
        )

    async def void(self, request: Req, /, *, metadata: Mapping[str, Json] | None = None) -> None:
        """Fires and forgets: nothing comes back, not even a failure."""
        caller: Caller = self._caller
        await caller.void_method(self._method, request, metadata=metadata, namespace=self._namespace)

    async def enqueue(
        self, request: Req, /, *, queue: str | None = None, timeout: float | None = None
    ) -> EnqueueReceipt:
        """Puts the request into a queue, default the contract's, else `default`."""
        caller: Caller = self._caller
        return await caller.enqueue_method(
            self._method, request, queue=queue, timeout=timeout, namespace=self._namespace
        )


class SyncUnaryCall(_Bound[Req, Res]):
    """A method as a blocking client offers it."""

    __slots__ = ()

    def __call__(
        self, request: Req, /, *, timeout: float | None = None, metadata: Mapping[str, Json] | None = None
    ) -> Res:
        """Calls the function and returns its response. `timeout` in seconds, default the contract's."""
        caller: SyncCaller = self._caller
        return caller.call_method(self._method, request, timeout=timeout, metadata=metadata, namespace=self._namespace)

    def void(self, request: Req, /, *, metadata: Mapping[str, Json] | None = None) -> None:
        """Fires and forgets: nothing comes back, not even a failure."""
        caller: SyncCaller = self._caller
        caller.void_method(self._method, request, metadata=metadata, namespace=self._namespace)

    def enqueue(self, request: Req, /, *, queue: str | None = None, timeout: float | None = None) -> EnqueueReceipt:
        """Puts the request into a queue, default the contract's, else `default`."""
        caller: SyncCaller = self._caller
        return caller.enqueue_method(self._method, request, queue=queue, timeout=timeout, namespace=self._namespace)


class ServerStreamCall(_Bound[Req, Res]):
    """A method that answers with a stream."""

    __slots__ = ()

    def __call__(
        self, request: Req, /, *, timeout: float | None = None, metadata: Mapping[str, Json] | None = None
    ) -> ResponseStream[Res]:
        """Iterate over the responses with `async for`, inside `async with` to end the call at once on leaving."""
        caller: Caller = self._caller
        return caller.stream_method(
            self._method, request, timeout=timeout, metadata=metadata, namespace=self._namespace
        )


class SyncServerStreamCall(_Bound[Req, Res]):
    """A method that answers with a stream, blocking."""

    __slots__ = ()

    def __call__(
        self, request: Req, /, *, timeout: float | None = None, metadata: Mapping[str, Json] | None = None
    ) -> ResponseStreamSync[Res]:
        """Iterate over the responses with `for`, inside `with` to end the call at once on leaving."""
        caller: SyncCaller = self._caller
        return caller.stream_method(
            self._method, request, timeout=timeout, metadata=metadata, namespace=self._namespace
        )


class ClientStreamCall(_Bound[Req, Res]):
    """A method that takes a stream and answers once."""

    __slots__ = ()

    async def __call__(
        self,
        requests: AsyncIterable[Req],
        /,
        *,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
    ) -> Res:
        """Sends every request and returns the one response."""
        caller: Caller = self._caller
        responses = caller.stream_method(
            self._method, requests, timeout=timeout, metadata=metadata, namespace=self._namespace
        )
        async with responses:
            return await anext(responses)


class SyncClientStreamCall(_Bound[Req, Res]):
    """A method that takes a stream and answers once, blocking."""

    __slots__ = ()

    def __call__(
        self, requests: Iterable[Req], /, *, timeout: float | None = None, metadata: Mapping[str, Json] | None = None
    ) -> Res:
        """Sends every request and returns the one response."""
        caller: SyncCaller = self._caller
        responses = caller.stream_method(
            self._method, requests, timeout=timeout, metadata=metadata, namespace=self._namespace
        )
        with responses:
            return next(responses)


class BidiStreamCall(_Bound[Req, Res]):
    """A method with a stream both ways."""

    __slots__ = ()

    def __call__(
        self,
        requests: AsyncIterable[Req],
        /,
        *,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
    ) -> ResponseStream[Res]:
        """Sends the requests while iterating over the responses."""
        caller: Caller = self._caller
        return caller.stream_method(
            self._method, requests, timeout=timeout, metadata=metadata, namespace=self._namespace
        )


class SyncBidiStreamCall(_Bound[Req, Res]):
    """A method with a stream both ways, blocking."""

    __slots__ = ()

    def __call__(
        self, requests: Iterable[Req], /, *, timeout: float | None = None, metadata: Mapping[str, Json] | None = None
    ) -> ResponseStreamSync[Res]:
        """Sends the requests while iterating over the responses."""
        caller: SyncCaller = self._caller
        return caller.stream_method(
            self._method, requests, timeout=timeout, metadata=metadata, namespace=self._namespace
        )


class _Method(Generic[Req, Res]):
    """One method, declared once on the class both clients inherit from.

    A non-data descriptor: the bound call is kept in the instance's `__dict__`,
    so `__get__` runs once per client and method.
    """

    _call: ClassVar[type[_Bound[Any, Any]]]
    _sync_call: ClassVar[type[_Bound[Any, Any]]]

    def __init__(self, method: MethodSpec[Req, Res]) -> None:
        self.method = method

    def _bind(self, instance: AsyncStub | SyncStub) -> Any:
        call = self._call if isinstance(instance, AsyncStub) else self._sync_call
        own = instance._namespace  # pyright: ignore[reportPrivateUsage] -- same module
        namespace = self.method.namespace if own is None else own
        bound = call(self.method, instance._caller, namespace)  # pyright: ignore[reportPrivateUsage] -- same module
        instance.__dict__[self.method.name] = bound
        return bound


class Unary(_Method[Req, Res]):
    """Declares a method with one request and one response."""

    _call = UnaryCall
    _sync_call = SyncUnaryCall

    @overload
    def __get__(self, instance: None, owner: type[Any], /) -> Unary[Req, Res]: ...
    @overload
    def __get__(self, instance: AsyncStub, owner: type[Any], /) -> UnaryCall[Req, Res]: ...
    @overload
    def __get__(self, instance: SyncStub, owner: type[Any], /) -> SyncUnaryCall[Req, Res]: ...
    def __get__(self, instance: AsyncStub | SyncStub | None, owner: type[Any], /) -> Any:
        return self if instance is None else self._bind(instance)


class ServerStream(_Method[Req, Res]):
    """Declares a method with one request and a stream of responses."""

    _call = ServerStreamCall
    _sync_call = SyncServerStreamCall

    @overload
    def __get__(self, instance: None, owner: type[Any], /) -> ServerStream[Req, Res]: ...
    @overload
    def __get__(self, instance: AsyncStub, owner: type[Any], /) -> ServerStreamCall[Req, Res]: ...
    @overload
    def __get__(self, instance: SyncStub, owner: type[Any], /) -> SyncServerStreamCall[Req, Res]: ...
    def __get__(self, instance: AsyncStub | SyncStub | None, owner: type[Any], /) -> Any:
        return self if instance is None else self._bind(instance)


class ClientStream(_Method[Req, Res]):
    """Declares a method with a stream of requests and one response."""

    _call = ClientStreamCall
    _sync_call = SyncClientStreamCall

    @overload
    def __get__(self, instance: None, owner: type[Any], /) -> ClientStream[Req, Res]: ...
    @overload
    def __get__(self, instance: AsyncStub, owner: type[Any], /) -> ClientStreamCall[Req, Res]: ...
    @overload
    def __get__(self, instance: SyncStub, owner: type[Any], /) -> SyncClientStreamCall[Req, Res]: ...
    def __get__(self, instance: AsyncStub | SyncStub | None, owner: type[Any], /) -> Any:
        return self if instance is None else self._bind(instance)


class BidiStream(_Method[Req, Res]):
    """Declares a method with a stream both ways."""

    _call = BidiStreamCall
    _sync_call = SyncBidiStreamCall

    @overload
    def __get__(self, instance: None, owner: type[Any], /) -> BidiStream[Req, Res]: ...
    @overload
    def __get__(self, instance: AsyncStub, owner: type[Any], /) -> BidiStreamCall[Req, Res]: ...
    @overload
    def __get__(self, instance: SyncStub, owner: type[Any], /) -> SyncBidiStreamCall[Req, Res]: ...
    def __get__(self, instance: AsyncStub | SyncStub | None, owner: type[Any], /) -> Any:
        return self if instance is None else self._bind(instance)
