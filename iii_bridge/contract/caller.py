"""What a typed client needs from the thing that carries its calls."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from iii_bridge.contract.spec import MethodSpec
from iii_bridge.types import EnqueueReceipt, Json

__all__ = ["Caller", "SyncCaller"]

Request = TypeVar("Request")
Response = TypeVar("Response")


class Caller(Protocol):
    """Carries the calls of asynchronous clients; a bridge is one. Times in seconds.

    Every method may raise ContractError, InvocationError, InvocationTimeoutError,
    ConnectionLostError, BacklogFullError, ClosedError and UnsupportedError.
    """

    async def call_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        timeout: float | None,
        metadata: Mapping[str, Json] | None,
        namespace: str | None,
    ) -> Response:
        """Delivers as the contract says (by default: waits for the response)."""
        ...

    async def void_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        metadata: Mapping[str, Json] | None,
        namespace: str | None,
    ) -> None:
        """Sends without waiting for anything; returns once the frame is handed to the socket."""
        ...

    async def enqueue_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        queue: str | None,
        timeout: float | None,
        namespace: str | None,
    ) -> EnqueueReceipt:
        """Puts the request into a queue and returns its receipt."""
        ...

    def stream_method(
        self,
        method: MethodSpec[Request, Response],
        requests: Request | AsyncIterable[Request],
        *,
        timeout: float | None,
        metadata: Mapping[str, Json] | None,
        namespace: str | None,
    ) -> AsyncIterator[Response]:
        """Calls a method with a stream on either side; a single response is a stream of one."""
        ...


class SyncCaller(Protocol):
    """Carries the calls of blocking clients; a blocking bridge is one."""

    def call_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        timeout: float | None,
        metadata: Mapping[str, Json] | None,
        namespace: str | None,
    ) -> Response:
        """As `Caller.call_method`, blocking."""
        ...

    def void_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        metadata: Mapping[str, Json] | None,
        namespace: str | None,
    ) -> None:
        """As `Caller.void_method`, blocking."""
        ...

    def enqueue_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        queue: str | None,
        timeout: float | None,
        namespace: str | None,
    ) -> EnqueueReceipt:
        """As `Caller.enqueue_method`, blocking."""
        ...

    def stream_method(
        self,
        method: MethodSpec[Request, Response],
        requests: Request | Iterable[Request],
        *,
        timeout: float | None,
        metadata: Mapping[str, Json] | None,
        namespace: str | None,
    ) -> Iterator[Response]:
        """As `Caller.stream_method`, blocking."""
        ...
