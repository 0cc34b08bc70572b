"""Health of a gateway and of each service: SERVING where the engine is there and every function is registered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Final, cast

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2

from iii_bridge.bridge.catalogue import Catalogue
from iii_bridge.errors import BridgeError, ForbiddenError
from iii_bridge.gateway.auxiliary import Auxiliary
from iii_bridge.gateway.rpc import RpcContext

__all__ = ["HEALTH_SERVICE", "OVERALL", "Health", "HealthMonitor", "health_file", "health_handlers"]

_log: Final = logging.getLogger("iii_bridge.gateway")

HEALTH_SERVICE: Final = "grpc.health.v1.Health"
OVERALL: Final = ""
"""The name that stands for the gateway as a whole."""

_Response: Final[Any] = health_pb2.HealthCheckResponse
_SERVING: Final[int] = _Response.SERVING
_NOT_SERVING: Final[int] = _Response.NOT_SERVING
_UNKNOWN: Final[int] = _Response.SERVICE_UNKNOWN


class Health:
    """What is known of each service; tells whoever watches."""

    def __init__(self, services: Iterable[str]) -> None:
        """Nothing serves yet."""
        self._serving = dict.fromkeys((OVERALL, *services), False)
        self._changed = asyncio.Event()
        self._draining = False

    @property
    def serving(self) -> Mapping[str, bool]:
        """By the full name of a service."""
        return self._serving

    def set(self, serving: Mapping[str, bool]) -> None:
        """Takes note of what has been found; nothing serves any more once `drain` was called."""
        found = {name: serving.get(name, False) and not self._draining for name in self._serving}
        if found != self._serving:
            self._serving = found
            self._changed.set()
            self._changed = asyncio.Event()

    def drain(self) -> None:
        """Says of everything, for good, that it does not serve."""
        self._draining = True
        self.set({})

    def status(self, service: str) -> int:
        """A HealthCheckResponse.ServingStatus."""
        known = self._serving.get(service)
        return _UNKNOWN if known is None else _SERVING if known else _NOT_SERVING

    async def watch(self, service: str) -> AsyncIterator[int]:
        """The present status and each new one; what changes while it is looked at counts by its end."""
        last: int | None = None
        while True:
            changed = self._changed
            status = self.status(service)
            if status != last:
                yield status
                last = status
            else:
                await changed.wait()


class HealthMonitor:
    """Asks the catalogue again and again, and at once when something gives reason to."""

    def __init__(
        self,
        health: Health,
        functions: Mapping[str, frozenset[tuple[str, str]]],
        catalogue: Catalogue,
        connected: Callable[[], bool],
        interval: float,
    ) -> None:
        """`functions`: (namespace, id) of each service by its name. `interval` in seconds."""
        self._health = health
        self._functions = functions
        self._catalogue = catalogue
        self._connected = connected
        self._interval = interval
        self._poked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to ask."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="iii-bridge gateway health")

    def poke(self) -> None:
        """Asks now: a connection came or went, or a function was missing."""
        self._poked.set()

    async def stop(self) -> None:
        """Asks no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    async def _run(self) -> None:
        while True:
            self._poked.clear()
            self._health.set(await self._found())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._poked.wait()

    async def _found(self) -> dict[str, bool]:
        if not self._connected():
            return {}
        try:
            rows = await self._catalogue.functions(internal=True)
        except ForbiddenError:  # the catalogue is hidden: then the link is all that is known
            return dict.fromkeys((OVERALL, *self._functions), True)
        except BridgeError as error:
            _log.info("the catalogue does not answer: %s", error)
            return {}
        live = {(row.namespace, row.function_id) for row in rows}
        return {OVERALL: True, **{name: wanted <= live for name, wanted in self._functions.items()}}


def health_file() -> FileDescriptorProto:
    """The descriptor of the service."""
    return FileDescriptorProto.FromString(health_pb2.DESCRIPTOR.serialized_pb)


def health_handlers(health: Health, auxiliary: Auxiliary) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    """Handlers by the path of their method."""

    async def check(request: Any, context: RpcContext) -> Any:
        status = health.status(request.service)
        if status == _UNKNOWN:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"no service {request.service[:200]!r} is known here")
        return _Response(status=status)

    async def everything(request: Any, context: RpcContext) -> Any:
        statuses = {name: _Response(status=health.status(name)) for name in health.serving}
        return cast("Any", health_pb2).HealthListResponse(statuses=statuses)

    async def watch(request: Any, context: RpcContext) -> None:
        async def body() -> None:
            async for status in health.watch(request.service):
                await context.write(_Response(status=status))

        await auxiliary.run(context, body)

    read, write = health_pb2.HealthCheckRequest.FromString, _Response.SerializeToString
    messages: Any = health_pb2
    unary: Any = grpc.unary_unary_rpc_method_handler
    stream: Any = grpc.unary_stream_rpc_method_handler
    return {
        f"/{HEALTH_SERVICE}/Check": unary(check, read, write),
        f"/{HEALTH_SERVICE}/List": unary(
            everything, messages.HealthListRequest.FromString, messages.HealthListResponse.SerializeToString
        ),
        f"/{HEALTH_SERVICE}/Watch": stream(watch, read, write),
    }
