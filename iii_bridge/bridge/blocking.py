"""A bridge for code without an event loop: the same, blocking, over a background thread."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar, Unpack

from iii_bridge.abi.stubs import AsyncStub, Service, ServiceSync, SyncStub
from iii_bridge.aio.portal import Portal
from iii_bridge.aio.states import StateListener
from iii_bridge.bridge.connecting import connect
from iii_bridge.bridge.interceptors import AnyServerInterceptor, ClientInterceptorSync
from iii_bridge.bridge.settings import ConnectOptions
from iii_bridge.bridge.trigger_types import OnBinding, TriggerType
from iii_bridge.bridge.trigger_types_sync import TriggerTypeSync, told_in_a_thread
from iii_bridge.bridge.verbs_sync import VerbsSync
from iii_bridge.client import Bridge
from iii_bridge.contract.spec import ServiceSpec
from iii_bridge.errors import ClosedError
from iii_bridge.triggers import Trigger
from iii_bridge.types import ConnectionState, Json
from iii_bridge.worker import ServeOptions

__all__ = ["BridgeSync", "connect_sync"]

Handler = TypeVar("Handler", bound=Callable[..., Any])


class BridgeSync(VerbsSync):
    """As `Bridge`, every verb blocking. May be used from any thread but the background one."""

    def __init__(self, portal: Portal, bridge: Bridge, interceptors: Sequence[ClientInterceptorSync] = ()) -> None:
        """Made by `connect_sync`."""
        super().__init__(portal, bridge, interceptors)
        self._bridge = bridge

    @property
    def bridge(self) -> Bridge:
        """The asynchronous bridge underneath; it belongs to the background loop."""
        return self._bridge

    def serve(self, service: Service | ServiceSync, **options: Unpack[ServeOptions]) -> None:
        """As `Bridge.serve`: returns once the service is registered; it runs in the background."""
        self._portal.call(lambda: self._bridge.serve(service, **options))

    def withdraw(self, service: Service | ServiceSync) -> None:
        """As `Bridge.withdraw`."""

        async def withdraw() -> None:
            self._bridge.withdraw(service)

        self._portal.call(withdraw)

    def function(
        self, function_id: str, *, description: str | None = None, metadata: Mapping[str, Json] | None = None
    ) -> Callable[[Handler], Handler]:
        """As `Bridge.function`."""

        def decorate(handler: Handler) -> Handler:
            self.register_function(function_id, handler, description=description, metadata=metadata)
            return handler

        return decorate

    def serve_http(self, service: type[AsyncStub | SyncStub] | ServiceSpec, *, namespace: str | None = None) -> None:
        """As `Bridge.serve_http`; either generated client class will do."""
        spec = service if isinstance(service, ServiceSpec) else service._methods  # pyright: ignore[reportPrivateUsage]
        self._portal.call(lambda: self._bridge.serve_http(spec, namespace=namespace))

    def register_function(
        self,
        function_id: str,
        handler: Callable[..., Any],
        *,
        description: str | None = None,
        metadata: Mapping[str, Json] | None = None,
        request_format: Mapping[str, Json] | None = None,
        response_format: Mapping[str, Json] | None = None,
        concurrency: int | None = None,
    ) -> None:
        """As `Bridge.register_function`."""

        async def register() -> None:
            self._bridge.register_function(
                function_id,
                handler,
                description=description,
                metadata=metadata,
                request_format=request_format,
                response_format=response_format,
                concurrency=concurrency,
            )

        self._portal.call(register)

    def unregister_function(self, function_id: str) -> None:
        """As `Bridge.unregister_function`."""

        async def unregister() -> None:
            self._bridge.unregister_function(function_id)

        self._portal.call(unregister)

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

    def register_trigger_type(
        self,
        type_id: str,
        *,
        description: str = "",
        config: type[Any] | None = None,
        payload: type[Any] | None = None,
        config_format: Mapping[str, Json] | None = None,
        payload_format: Mapping[str, Json] | None = None,
        on_bind: OnBinding | None = None,
        on_unbind: OnBinding | None = None,
    ) -> TriggerTypeSync[Any]:
        """As `Bridge.register_trigger_type`; `on_bind` and `on_unbind` run in threads and may use this bridge."""

        async def register() -> TriggerType[Any]:
            return self._bridge.register_trigger_type(
                type_id,
                description=description,
                config=config,
                payload=payload,
                config_format=config_format,
                payload_format=payload_format,
                on_bind=told_in_a_thread(on_bind),
                on_unbind=told_in_a_thread(on_unbind),
            )

        return TriggerTypeSync(self._portal, self._portal.call(register))

    @property
    def state(self) -> ConnectionState:
        """As `Bridge.state`."""
        return self._bridge.state

    def on_state(self, listener: StateListener) -> Callable[[], None]:
        """As `Bridge.on_state`; the listener runs in the background thread, and so must not call this bridge."""

        async def listen() -> Callable[[], None]:
            return self._bridge.on_state(listener)

        forget = self._portal.call(listen)

        async def unlisten() -> None:
            forget()

        def leave() -> None:
            with contextlib.suppress(ClosedError):  # a closed bridge tells nobody anything
                self._portal.call(unlisten)

        return leave

    def wait_closed(self) -> None:
        """As `Bridge.wait_closed`."""
        self._portal.call(self._bridge.wait_closed)

    def close(self, *, grace: float = 0.0) -> None:
        """As `Bridge.close`; ends the background thread. Closing twice does nothing, from whichever threads."""
        self._portal.close(lambda: self._bridge.close(grace=grace))

    def __enter__(self) -> BridgeSync:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect_sync(
    url: str | None = None,
    *,
    client_interceptors: Sequence[ClientInterceptorSync] = (),
    server_interceptors: Sequence[AnyServerInterceptor] = (),
    **options: Unpack[ConnectOptions],
) -> BridgeSync:
    """As `connect`, blocking: `with connect_sync() as bridge`. Raises what opening raises there."""
    portal = Portal()

    async def open_bridge() -> Bridge:
        return await connect(url, server_interceptors=server_interceptors, **options)

    try:
        return BridgeSync(portal, portal.call(open_bridge), client_interceptors)
    except BaseException:
        portal.close()
        raise
