"""Services of a gRPC server, registered while it serves them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Final, TypeAlias

from iii_bridge.abi.stubs import Service
from iii_bridge.client import Bridge
from iii_bridge.contract.spec import ServiceSpec
from iii_bridge.errors import BridgeError, ConnectionLostError, InvocationTimeoutError, LocalProtocolError
from iii_bridge.gateway.metadata import Forwarding
from iii_bridge.gateway.pool import pool_of
from iii_bridge.gateway.upstream.calls import Upstream
from iii_bridge.gateway.upstream.health import serving
from iii_bridge.gateway.upstream.target import Target
from iii_bridge.worker import OnConflict

__all__ = ["Exposure", "Presence"]

_log: Final = logging.getLogger("iii_bridge.gateway")

_ENGINE_AWAY: Final = 1.0

Presence: TypeAlias = Callable[[str, bool], None]
"""Hears of a service, by its full name, that it is registered from now on, or no more."""


class Exposure:
    """Serves what a gRPC server serves through a bridge; belongs to the bridge's event loop.

    `async with Exposure(…)` begins to watch the server and stops in the end; the bridge stays open. A service is
    registered while the server's health says SERVING, and taken back when it does not or cannot be asked.
    """

    def __init__(
        self,
        bridge: Bridge,
        services: Iterable[ServiceSpec],
        target: Target,
        descriptors: Sequence[bytes] = (),
        *,
        metadata: Iterable[str] = ("*",),
        headers: Sequence[tuple[str, str | bytes]] = (),
        on_conflict: OnConflict = "raise",
        on_change: Presence = lambda service, present: None,
    ) -> None:
        """`descriptors` are serialized FileDescriptorSets, for details of statuses; `metadata` are patterns of names
        that are sent on, `headers` go with every call.

        Raises LocalProtocolError for no services.
        """
        self._bridge = bridge
        self._services = [_callable(spec) for spec in services]
        if not self._services:
            raise LocalProtocolError("there is nothing to expose; name a service")
        self._target = target
        self._pool = pool_of(descriptors)
        self._forwarding = Forwarding(metadata)
        self._headers = tuple(headers)
        self._on_conflict: OnConflict = on_conflict
        self._on_change = on_change
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = contextlib.AsyncExitStack()

    def start(self) -> None:
        """Connects to the server and begins to watch it."""
        channel = self._target.channel()
        self._closing.push_async_callback(channel.close)
        upstream = Upstream(channel, self._pool, self._forwarding, self._headers)
        loop = asyncio.get_running_loop()

        async def follow(spec: ServiceSpec) -> None:
            service = upstream.service(spec)
            present = False
            async for now in serving(channel, spec.full_name):
                if now:
                    await self._serve(service)
                elif present:
                    self._bridge.withdraw(service)
                if now != present:
                    present = now
                    self._on_change(spec.full_name, now)

        for spec in self._services:
            self._tasks.append(loop.create_task(follow(spec), name=f"iii-bridge expose {spec.full_name}"))

    async def _serve(self, service: Service) -> None:
        """Once the engine is there. Raises RegistrationRejectedError for functions of another worker."""
        while True:
            try:
                return await self._bridge.serve(service, on_conflict=self._on_conflict)
            except (ConnectionLostError, InvocationTimeoutError) as error:
                _log.warning("not registered yet: %s", error)
                await asyncio.sleep(_ENGINE_AWAY)

    async def wait(self) -> None:
        """Lasts until `stop`; raises what registering a service raised, see `Bridge.serve`."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def stop_watching(self) -> None:
        """Registers and takes back nothing more; calls go on."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for task in self._tasks:
            if not task.cancelled() and isinstance(error := task.exception(), BridgeError):
                _log.error("%s", error)

    async def stop(self) -> None:
        """Stops watching and closes the connection; what is under way ends with CANCELLED."""
        await self.stop_watching()
        await self._closing.aclose()

    async def __aenter__(self) -> Exposure:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _callable(spec: ServiceSpec) -> ServiceSpec:
    """The service with every method served here: an http_endpoint is another way to the same."""
    return dataclasses.replace(
        spec, methods=tuple(dataclasses.replace(method, http_endpoint=None) for method in spec.methods)
    )
