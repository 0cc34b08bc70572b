"""A gRPC server whose methods are functions of iii."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final

import grpc
import grpc.aio

from iii_bridge.bridge.catalogue import catalogue_of
from iii_bridge.client import Bridge
from iii_bridge.contract.spec import MethodSpec, ServiceSpec
from iii_bridge.errors import LocalProtocolError
from iii_bridge.gateway.admission import Admission
from iii_bridge.gateway.auth import Authenticator
from iii_bridge.gateway.auxiliary import Auxiliary
from iii_bridge.gateway.health import HEALTH_SERVICE, Health, HealthMonitor, health_file, health_handlers
from iii_bridge.gateway.metadata import Forwarding
from iii_bridge.gateway.methods import handler_of
from iii_bridge.gateway.options import GatewayOptions
from iii_bridge.gateway.pool import pool_of
from iii_bridge.gateway.reflection import reflection_files, reflection_handlers
from iii_bridge.gateway.rpc import Rpc, Tracing
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["DEFAULT_GRACE", "Gateway"]

_log: Final = logging.getLogger("iii_bridge.gateway")

DEFAULT_GRACE: Final = 10.0
"""Seconds that calls have to finish when a gateway stops."""


_CUT_OFF_SECONDS: Final = 2.0  # for the last answers


class _Routes(grpc.GenericRpcHandler):
    """Finds the handler of a method by its path; without one gRPC answers UNIMPLEMENTED."""

    def __init__(self, handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]) -> None:
        self._handlers = handlers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        return self._handlers.get(handler_call_details.method)


class Gateway:
    """Serves methods on gRPC and calls them through a bridge; belongs to the bridge's event loop.

    `async with Gateway(bridge, services, descriptors)` starts it and stops it
    with the default grace. The bridge stays open.
    """

    def __init__(
        self,
        bridge: Bridge,
        services: Iterable[ServiceSpec],
        descriptors: Sequence[bytes] = (),
        options: GatewayOptions | None = None,
        *,
        authenticate: Authenticator | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        """`descriptors` are serialized FileDescriptorSets of the services: what reflection tells.

        Raises LocalProtocolError for no services, and for two of one name.
        """
        self._bridge = bridge
        self._options = options or GatewayOptions()
        self._services = _by_name(services)
        self.admission = Admission(self._options.max_calls)
        """Calls under way, and calls that were too many."""
        self.health = Health(self._services)
        """What health checks say."""
        self._pool = pool_of(descriptors, (health_file(), *reflection_files()))
        self._auxiliary = Auxiliary()
        self._monitor = HealthMonitor(
            self.health,
            {service.full_name: self._functions(service) for service in self._services.values()},
            catalogue_of(bridge._calls),  # pyright: ignore[reportPrivateUsage] -- past interceptors, as bridges ask
            lambda: bridge.connected,
            self._options.health_interval,
        )
        tls = self._options.tls
        self._rpc = Rpc(
            self._pool,
            self.admission,
            Forwarding(self._options.forward_metadata),
            authenticate=authenticate,
            identities=tls is not None and tls.client_ca is not None,
            tracing=tracing,
            connected=lambda: bridge.connected,
            on_missing=self._monitor.poke,
        )
        self._server: grpc.aio.Server | None = None
        self._stopping: asyncio.Task[None] | None = None
        self.port = 0
        """Where it listens, once it has started; 0 for a socket of the file system."""

    @property
    def address(self) -> str:
        """`host:port` for clients, once it has started."""
        listen = self._options.listen
        return listen if listen.startswith("unix:") else f"{listen.rpartition(':')[0]}:{self.port}"

    async def start(self) -> None:
        """Listens. Raises LocalProtocolError where the address is taken or no address."""
        options = self._options
        compression = grpc.Compression.Gzip if options.compress else None
        server = grpc.aio.server(options=options.channel_arguments(), compression=compression)
        server.add_generic_rpc_handlers((_Routes(self._handlers()),))
        try:
            if options.tls is None:
                self.port = server.add_insecure_port(options.listen)
            else:
                self.port = server.add_secure_port(options.listen, options.tls.credentials())
        except (RuntimeError, ValueError) as error:
            await server.stop(None)
            problem = f"cannot listen at {options.listen}; is the address free, and the certificate whole?"
            raise LocalProtocolError(problem) from error
        await server.start()
        self._server = server
        self._unlisten = self._bridge.on_state(lambda _: self._monitor.poke())
        self._monitor.start()

    async def stop(self, grace: float = DEFAULT_GRACE) -> None:
        """Ends in order: says NOT_SERVING, takes nothing new, lets calls finish within `grace` seconds, goes away."""
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._stop(grace), name="iii-bridge gateway stop")
        await asyncio.shield(self._stopping)

    async def _stop(self, grace: float) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        self._unlisten()
        self.health.drain()
        await self._monitor.stop()
        if self._options.lame_duck > 0:
            await asyncio.sleep(self._options.lame_duck)
        self._auxiliary.stop()
        _log.info("stopping: %d calls have %g s to finish", self.admission.active, grace)
        ending = asyncio.get_running_loop().create_task(server.stop(grace + _CUT_OFF_SECONDS))
        await asyncio.wait((ending,), timeout=grace)
        self._rpc.cut_off()
        await ending

    async def __aenter__(self) -> Gateway:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _handlers(self) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
        """By path, `/shop.orders.v1.OrdersService/Place`."""
        found = health_handlers(self.health, self._auxiliary)
        if self._options.reflection:
            found.update(reflection_handlers((*self._services, HEALTH_SERVICE), self._pool, self._rpc, self._auxiliary))
        for service in self._services.values():
            for method in service.methods:
                namespace = self._namespace(service, method)
                found[f"/{method.full_name}"] = handler_of(method, self._bridge, self._rpc, namespace)
        return found

    def _functions(self, service: ServiceSpec) -> frozenset[tuple[str, str]]:
        own = self._bridge.namespace or DEFAULT_NAMESPACE
        return frozenset((self._namespace(service, method) or own, method.function_id) for method in service.methods)

    def _namespace(self, service: ServiceSpec, method: MethodSpec[Any, Any]) -> str | None:
        return self._options.namespace or method.namespace or service.namespace


def _by_name(services: Iterable[ServiceSpec]) -> dict[str, ServiceSpec]:
    found: dict[str, ServiceSpec] = {}
    for service in services:
        if service.full_name in found:
            raise LocalProtocolError(f"a gateway serves {service.full_name} once; leave the other contract out")
        found[service.full_name] = service
    if not found:
        raise LocalProtocolError("a gateway needs a service; its contracts have none")
    return found
