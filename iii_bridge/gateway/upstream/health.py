"""Whether a gRPC server serves a service: by its health service, and where it has none by the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2

from iii_bridge.gateway.health import HEALTH_SERVICE, OVERALL

__all__ = ["serving"]

_Response: Final[Any] = health_pb2.HealthCheckResponse
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0


async def serving(channel: grpc.aio.Channel, service: str) -> AsyncIterator[bool]:
    """Each change, beginning with what is found first; without an end.

    A server whose health knows nothing of the service speaks for it as a whole.
    """
    last: bool | None = None
    async for now in _said(channel, service):
        if now != last:
            last = now
            yield now


async def _said(channel: grpc.aio.Channel, service: str) -> AsyncIterator[bool]:
    make: Any = channel.unary_stream
    watch = make(
        f"/{HEALTH_SERVICE}/Watch",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=_Response.FromString,
    )
    pause = _FIRST_PAUSE
    name = service
    while True:
        request: Any = health_pb2.HealthCheckRequest
        responses = watch(request(service=name), wait_for_ready=True)
        try:
            async for response in responses:
                pause = _FIRST_PAUSE
                if response.status == _Response.SERVICE_UNKNOWN and name != OVERALL:
                    name = OVERALL
                    break
                yield response.status == _Response.SERVING
            else:
                yield False  # whoever ends a watch is about to go
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                async for connected in _connected(channel):
                    yield connected
            yield False
        finally:
            responses.cancel()
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _connected(channel: grpc.aio.Channel) -> AsyncIterator[bool]:
    """A connection that idles is made again at once, and counts as gone only when that fails."""
    while True:
        state = channel.get_state(try_to_connect=True)
        if state is grpc.ChannelConnectivity.READY:
            yield True
        elif state in (grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN):
            yield False
        await channel.wait_for_state_change(state)
