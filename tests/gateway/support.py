"""A gateway with an engine and workers behind it, beside the test: real clients run in the test's own thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.rpc import status_pb2

from iii_bridge import Bridge, connect
from iii_bridge.aio.portal import Portal
from iii_bridge.engine import Engine
from iii_bridge.gateway import Gateway, GatewayOptions
from tests.gateway.edge import Edge, contracts, serve_edge

__all__ = ["Live", "Rpcs", "live_gateway", "message", "rich", "until"]

WITHIN = 60.0
"""Seconds that a call or a wait may take on a busy machine."""


def message(name: str, /, **fields: Any) -> Any:
    """A message of `edge.v1`, as a gRPC client has it."""
    return contracts.message_class(f"edge.v1.{name}")(**fields)


class Rpcs:
    """The methods of a service on a channel: `rpcs.unary("Echo", request)` and the like."""

    def __init__(self, channel: grpc.Channel, service: str = "edge.v1.EdgeService") -> None:
        self.channel = channel
        spec = contracts.services[service]
        self._methods = {method.full_name.partition("/")[2]: method for method in spec.methods}

    def method(self, kind: str, name: str) -> Any:
        """A multicallable of grpcio; `kind` is unary_unary, unary_stream, stream_unary or stream_stream."""
        spec = self._methods[name]
        make = getattr(self.channel, kind)
        return make(f"/{spec.full_name}", spec.request.SerializeToString, spec.response.FromString)

    def unary(self, name: str, request: Any, **options: Any) -> Any:
        return self.method("unary_unary", name)(request, **{"timeout": WITHIN, **options})

    def failure(self, name: str, request: Any, **options: Any) -> grpc.RpcError:
        """The error that a unary call ends with."""
        try:
            answer = self.unary(name, request, **options)
        except grpc.RpcError as error:
            return error
        raise AssertionError(f"{name} answered {answer}")


def rich(error: Any) -> status_pb2.Status:
    """The google.rpc.Status of an error; it must agree with code and message."""
    found = dict(error.trailing_metadata())["grpc-status-details-bin"]
    status = status_pb2.Status.FromString(found)
    assert (status.code, status.message) == (error.code().value[0], error.details())
    return status


@dataclass
class Live:
    """What runs, and where."""

    portal: Portal
    engine: Engine
    bridge: Bridge
    """The gateway's."""
    worker: Bridge
    service: Edge
    gateway: Gateway
    channels: list[grpc.Channel] = field(default_factory=list)

    def channel(self, **options: Any) -> grpc.Channel:
        """A client's channel of its own, closed at the end."""
        arguments = [("grpc.use_local_subchannel_pool", 1), *options.items()]
        channel = grpc.insecure_channel(self.gateway.address, options=arguments)
        self.channels.append(channel)
        return channel

    def rpcs(self, service: str = "edge.v1.EdgeService", **options: Any) -> Rpcs:
        return Rpcs(self.channel(**options), service)

    def until(self, true: Callable[[], Any]) -> None:
        """Waits on the loop of the gateway for something to become true."""
        self.portal.call(lambda: until(true))

    def until_nothing_is_left(self) -> None:
        """No call, no task of one, no pending invocation, no channel of the engine, no handler."""
        self.until(lambda: leftovers(self) == {})


def leftovers(live: Live) -> dict[str, int]:
    """What is still there of calls, by name; an idle gateway has none."""
    counted = {
        "calls": live.gateway.admission.active,
        "pending invocations": len(live.bridge._session._waiters),
        "streams": len(live.bridge._streams.open_calls) + len(live.bridge._streams.lingering),
        "streams of the worker": len(live.worker._streams.lingering),
        "handlers": live.worker._dispatcher.running,
        "channels": len(live.engine._channels._table),
    }
    return {name: count for name, count in counted.items() if count}


async def until(true: Callable[[], Any]) -> None:
    """Waits for something that nobody announces."""
    async with asyncio.timeout(WITHIN):
        while not true():  # noqa: ASYNC110 -- there is no event to wait for
            await asyncio.sleep(0.01)


@contextmanager
def live_gateway(
    serve: Callable[[Bridge], Awaitable[Edge]] = serve_edge,
    *,
    services: Sequence[str] | None = None,
    bridge: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    **hooks: Any,
) -> Iterator[Live]:
    """An engine, a worker that serves `edge` and a gateway in front of them, on a loop of their own."""
    portal = Portal()
    stack = AsyncExitStack()
    running: list[Live] = []

    async def start() -> None:
        engine = await stack.enter_async_context(Engine(port=0, http_port=0))
        worker = await stack.enter_async_context(connect(engine.url, worker_name="edge"))
        service = await serve(worker)
        front = await stack.enter_async_context(connect(engine.url, worker_name="gateway", **(bridge or {})))
        specs = [contracts.services[name] for name in services or contracts.services]
        chosen = GatewayOptions(**{"listen": "127.0.0.1:0", "health_interval": 0.2, **(options or {})})
        gateway = await stack.enter_async_context(Gateway(front, specs, [contracts.descriptors], chosen, **hooks))
        running.append(Live(portal, engine, front, worker, service, gateway))

    try:
        portal.call(start)
        yield running[0]
    finally:
        for live in running:
            for channel in live.channels:
                channel.close()
        portal.close(stack.aclose)
