"""What a typed client needs from the thing that carries its calls."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Protocol, TypeVar

from iii_bridge.contract.spec import MethodSpec
from iii_bridge.types import EnqueueReceipt, Json

__all__ = ["Caller", "ResponseStream", "ResponseStreamSync", "SyncCaller"]

Request = TypeVar("Request")
Response = TypeVar("Response")
Response_co = TypeVar("Response_co", covariant=True)


class ResponseStream(Protocol[Response_co]):
    """The responses of a streaming call: iterate, or enter it with `async with` and iterate.

    The call starts with the first of either. Leaving the `async with`, or
    `aclose`, ends it at both sides; so does dropping it. An error comes after
    the messages that arrived before it.
    """

    def __aiter__(self) -> AsyncIterator[Response_co]:
        """Itself."""
        ...

    async def __anext__(self) -> Response_co:
        """The next response. Raises as `Caller` says, and StreamTruncatedError."""
        ...

    async def aclose(self) -> None:
        """Cancels the call unless it has ended."""
        ...

    async def __aenter__(self) -> ResponseStream[Response_co]:
        """Starts the call."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `aclose`."""
        ...


class ResponseStreamSync(Protocol[Response_co]):
    """As `ResponseStream`, blocking."""

    def __iter__(self) -> Iterator[Response_co]:
        """Itself."""
        ...

    def __next__(self) -> Response_co:
        """The next response."""
        ...

    def close(self) -> None:
        """Cancels the call unless it has ended."""
        ...

    def __enter__(self) -> ResponseStreamSync[Response_co]:
        """Starts the call."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `close`."""
        ...


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
    ) -> ResponseStream[Response]:
        """Calls a method with a stream on either side; a single response is a stream of one.

        No time limit unless `timeout`, the contract or a parent call sets one.
        """
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
    ) -> ResponseStreamSync[Response]:
        """As `Caller.stream_method`, blocking."""
        ...
