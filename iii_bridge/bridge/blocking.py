"""A bridge for code without an event loop: the same, blocking, over a background thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, TypeVar

from iii_bridge.abi.stubs import Service, ServiceSync
from iii_bridge.aio.portal import Portal
from iii_bridge.bridge.connecting import connect
from iii_bridge.bridge.settings import DEFAULT_CONNECT_TIMEOUT, DEFAULT_HANDLER_THREADS, DEFAULT_TIMEOUT
from iii_bridge.client import Bridge
from iii_bridge.contract.spec import MethodSpec
from iii_bridge.errors import UnsupportedError
from iii_bridge.triggers import Trigger
from iii_bridge.types import EnqueueReceipt, Json
from iii_bridge.worker import Dialect, OnConflict

__all__ = ["BridgeSync", "connect_sync"]

Request = TypeVar("Request")
Response = TypeVar("Response")
Handler = TypeVar("Handler", bound=Callable[..., Any])


class BridgeSync:
    """As `Bridge`, every verb blocking. May be used from any thread but the background one."""

    def __init__(self, portal: Portal, bridge: Bridge) -> None:
        """Made by `connect_sync`."""
        self._portal = portal
        self._bridge = bridge

    @property
    def bridge(self) -> Bridge:
        """The asynchronous bridge underneath; it belongs to the background loop."""
        return self._bridge

    def call(
        self,
        function_id: str,
        payload: Json = None,
        *,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> Json:
        """As `Bridge.call`."""
        return self._portal.call(
            lambda: self._bridge.call(function_id, payload, timeout=timeout, metadata=metadata, namespace=namespace)
        )

    def void(
        self,
        function_id: str,
        payload: Json = None,
        *,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> None:
        """As `Bridge.void`."""
        self._portal.call(lambda: self._bridge.void(function_id, payload, metadata=metadata, namespace=namespace))

    def enqueue(
        self,
        function_id: str,
        payload: Json = None,
        *,
        queue: str = "default",
        timeout: float | None = None,
        namespace: str | None = None,
    ) -> EnqueueReceipt:
        """As `Bridge.enqueue`."""
        return self._portal.call(
            lambda: self._bridge.enqueue(function_id, payload, queue=queue, timeout=timeout, namespace=namespace)
        )

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
        return self._portal.call(
            lambda: self._bridge.call_method(method, request, timeout=timeout, metadata=metadata, namespace=namespace)
        )

    def void_method(
        self,
        method: MethodSpec[Request, Response],
        request: Request,
        *,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> None:
        """As `SyncCaller.void_method`."""
        self._portal.call(lambda: self._bridge.void_method(method, request, metadata=metadata, namespace=namespace))

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
        return self._portal.call(
            lambda: self._bridge.enqueue_method(method, request, queue=queue, timeout=timeout, namespace=namespace)
        )

    def stream_method(
        self,
        method: MethodSpec[Request, Response],
        requests: Request | Iterable[Request],
        *,
        timeout: float | None = None,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
    ) -> Iterator[Response]:
        """As `SyncCaller.stream_method`; raises UnsupportedError, since streams are not carried yet."""
        raise UnsupportedError(f"{method.full_name}: streams are not carried yet; make the method unary")

    def serve(
        self, service: Service | ServiceSync, *, on_conflict: OnConflict = "raise", dialect: Dialect = "2020-12"
    ) -> None:
        """As `Bridge.serve`: returns once the service is registered; it runs in the background."""
        self._portal.call(lambda: self._bridge.serve(service, on_conflict=on_conflict, dialect=dialect))

    def function(
        self, function_id: str, *, description: str | None = None, metadata: Mapping[str, Json] | None = None
    ) -> Callable[[Handler], Handler]:
        """As `Bridge.function`."""

        def decorate(handler: Handler) -> Handler:
            self._portal.call(lambda: self._register(function_id, handler, description, metadata))
            return handler

        return decorate

    def confirm(self, *function_ids: str) -> None:
        """As `Bridge.confirm`."""
        self._portal.call(lambda: self._bridge.confirm(*function_ids))

    def register_trigger(
        self,
        trigger_type: str,
        function_id: str,
        config: Mapping[str, Json],
        *,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
        trigger_namespace: str | None = None,
    ) -> Trigger:
        """As `Bridge.register_trigger`."""

        async def bind() -> Trigger:
            return self._bridge.register_trigger(
                trigger_type,
                function_id,
                config,
                metadata=metadata,
                namespace=namespace,
                trigger_namespace=trigger_namespace,
            )

        return self._portal.call(bind)

    def unregister_trigger(self, trigger: Trigger) -> None:
        """Takes a binding back; `Trigger.unregister` belongs to the background loop."""

        async def unbind() -> None:
            trigger.unregister()

        self._portal.call(unbind)

    def wait_closed(self) -> None:
        """As `Bridge.wait_closed`."""
        self._portal.call(self._bridge.wait_closed)

    def close(self) -> None:
        """As `Bridge.close`; ends the background thread. Closing twice does nothing, from whichever threads."""
        self._portal.close(self._bridge.close)

    def __enter__(self) -> BridgeSync:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _register(
        self,
        function_id: str,
        handler: Callable[..., Any],
        description: str | None,
        metadata: Mapping[str, Json] | None,
    ) -> None:
        self._bridge.register_function(function_id, handler, description=description, metadata=metadata)


def connect_sync(
    url: str | None = None,
    *,
    worker_name: str | None = None,
    namespace: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    connect_timeout: float = DEFAULT_CONNECT_TIMEOUT,
    handler_threads: int = DEFAULT_HANDLER_THREADS,
) -> BridgeSync:
    """As `connect`, blocking: `with connect_sync() as bridge`. Raises what opening raises there."""
    portal = Portal()

    async def open_bridge() -> Bridge:
        return await connect(
            url,
            worker_name=worker_name,
            namespace=namespace,
            headers=headers,
            timeout=timeout,
            connect_timeout=connect_timeout,
            handler_threads=handler_threads,
        )

    try:
        return BridgeSync(portal, portal.call(open_bridge))
    except BaseException:
        portal.close()
        raise
