"""The WebSocket side: `/`, `/otel` and `/ws/channels/{id}` on one port (wire.md 1.1)."""

from __future__ import annotations

import asyncio
import contextlib
import http
import itertools
import logging
import socket
from collections.abc import Sequence
from typing import Any, Final, cast
from urllib.parse import parse_qs, unquote

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from iii_bridge.aio.line import write_messages
from iii_bridge.aio.transport import TransportClosed
from iii_bridge.engine.channels import Channel, ChannelGone, Channels
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.limits import MOST_CONNECTIONS
from iii_bridge.engine.telemetry import Telemetry
from iii_bridge.protocol.channel import Claim, Direction
from iii_bridge.protocol.engine import CLOSE_NO_CODE
from iii_bridge.wire.limits import MAX_MESSAGE_BYTES

__all__ = ["Listener"]

_CHANNEL_PATH: Final = "/ws/channels/"
_DIRECTIONS: Final[dict[str, Direction]] = {"read": "read", "write": "write"}
_CLOSE_SECONDS: Final = 2.0
_log = logging.getLogger("iii_bridge.engine")


class Listener:
    """Accepts sockets on one bound port and hands each to the hub or to a channel."""

    def __init__(self, hub: Hub, channels: Channels, telemetry: Telemetry) -> None:
        self._hub = hub
        self._channels = channels
        self._telemetry = telemetry
        self._server: Server | None = None
        self._written: set[Channel] = set()

    async def start(self, sock: socket.socket) -> None:
        """Begins to accept on a bound socket."""
        quiet = logging.getLogger("iii_bridge.engine.websockets")
        quiet.setLevel(logging.ERROR)
        self._server = await serve(
            self._handle,
            sock=sock,
            process_request=self._route,
            process_response=_with_capabilities,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            ping_interval=None,  # the engine never pings (wire.md 1.3)
            close_timeout=_CLOSE_SECONDS,
            server_header=None,
            logger=quiet,
        )

    async def stop(self, code: int, reason: str) -> None:
        """Stops accepting and closes what is open."""
        server = self._server
        if server is None:
            return
        open_sockets = list(server.connections)
        server.close(close_connections=False)
        await asyncio.gather(*(_close(ws, code, reason) for ws in open_sockets))
        for channel in self._written:
            channel.drop()  # or a writer whose buffer nobody empties would keep us here
        server.close()
        await server.wait_closed()

    def _route(self, connection: ServerConnection, request: Request) -> Response | None:
        if len(connection.server.connections) >= MOST_CONNECTIONS:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "too many connections\n")
        path = _path(request.path)
        if path in ("/", "/otel"):
            return None
        if not path.startswith(_CHANNEL_PATH):
            return connection.respond(http.HTTPStatus.NOT_FOUND, "Not Found\n")
        target = _channel_target(request.path)
        if target is None:
            text = "a channel url needs the parameters key and dir=read|write\n"
            return connection.respond(http.HTTPStatus.BAD_REQUEST, text)
        if not self._channels.known(target[0], target[1]):
            return connection.respond(http.HTTPStatus.NOT_FOUND, "Channel not found\n")
        return None

    async def _handle(self, ws: ServerConnection) -> None:
        path = ws.request.path if ws.request is not None else "/"
        if path.startswith(_CHANNEL_PATH):
            await self._channel(ws, path)
        elif _path(path) == "/otel":
            await self._drain(ws)
        else:
            peer: Any = ws.remote_address
            await self._hub.serve(_SocketTransport(ws, self._telemetry), peer[0] if peer else None)

    async def _drain(self, ws: ServerConnection) -> None:
        """Telemetry alone: everything else is ignored (wire.md 1.4)."""
        with contextlib.suppress(ConnectionClosed):
            async for frame in ws:
                if isinstance(frame, bytes):
                    self._telemetry.take(frame)

    async def _channel(self, ws: ServerConnection, path: str) -> None:
        target = _channel_target(path)
        channel = Claim.UNKNOWN if target is None else self._channels.claim(*target)
        if isinstance(channel, Claim) or target is None:
            await _close(ws, CLOSE_NO_CODE, "")
        elif target[2] == "write":
            self._written.add(channel)
            try:
                await _take_from_writer(ws, channel)
            finally:
                self._written.discard(channel)
        else:
            await _give_to_reader(ws, channel)
            self._channels.remove(target[0])


def _with_capabilities(_connection: ServerConnection, _request: Request, response: Response) -> None:
    """Our end of the socket does not wait for acknowledgements; the Rust SDK stops waiting when told (sdks.md 4.1)."""
    response.headers["x-iii-capabilities"] = "tcp-nodelay"


class _SocketTransport:
    """A protocol socket as a transport of text frames; telemetry frames are taken out."""

    def __init__(self, ws: ServerConnection, telemetry: Telemetry) -> None:
        self._ws = ws
        self._telemetry = telemetry

    async def send(self, data: bytes) -> None:
        try:
            await self._ws.send(data, text=True)
        except ConnectionClosed as closed:
            raise _ended(closed) from None

    async def send_all(self, frames: Sequence[bytes]) -> None:
        write_messages(self._ws, frames)
        try:
            await self._ws.drain()
        except OSError:
            raise TransportClosed(1006) from None

    async def recv(self) -> str:
        try:
            while True:
                frame = await self._ws.recv()
                if isinstance(frame, str):
                    return frame
                if self._telemetry.take(frame):
                    continue
                # any other binary frame is read as though it were text (wire.md 1.2)
                return frame.decode("utf-8", "replace")
        except ConnectionClosed as closed:
            raise _ended(closed) from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await _close(self._ws, code, reason)


def _ended(closed: ConnectionClosed) -> TransportClosed:
    frame = closed.rcvd or closed.sent
    return TransportClosed(1006) if frame is None else TransportClosed(frame.code, frame.reason)


async def _close(ws: ServerConnection, code: int, reason: str) -> None:
    """Closes within seconds: behind a message the peer does not take, the close frame would wait for ever."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            # websockets writes a close frame without a code when the code is None, but does not say so in its types
            await ws.close(cast(int, None) if code == CLOSE_NO_CODE else code, reason)
    except TimeoutError:
        ws.transport.abort()


async def _take_from_writer(ws: ServerConnection, channel: Channel) -> None:
    try:
        async for item in ws:
            await channel.put(item)
    except ChannelGone:
        # Dropped, as the engine does (wire.md 10): a closing handshake would wait behind the items nobody takes.
        ws.transport.abort()
        return
    except ConnectionClosed:
        pass
    finally:
        channel.end()
    await _close(ws, CLOSE_NO_CODE, "")


async def _give_to_reader(ws: ServerConnection, channel: Channel) -> None:
    """Feeds a reader; one that leaves early is noticed at once, so its writer is not kept waiting."""
    leaving = asyncio.ensure_future(ws.wait_closed())
    leaving.add_done_callback(lambda _: channel.drop())
    try:
        while items := await channel.get_all():
            for binary, same in itertools.groupby(items, lambda item: isinstance(item, bytes)):
                write_messages(ws, [item.encode() if isinstance(item, str) else item for item in same], binary=binary)
            await ws.drain()
        await _close(ws, CLOSE_NO_CODE, "")
    except (ConnectionClosed, TransportClosed, OSError):
        pass
    finally:
        channel.drop()
        leaving.cancel()


def _path(target: str) -> str:
    """The path of a request target, without its query."""
    return target.partition("?")[0]


def _channel_target(target: str) -> tuple[str, str, Direction] | None:
    path, _, text = target.partition("?")
    query = parse_qs(text)
    key, direction = query.get("key"), query.get("dir")
    if not key or not direction:
        return None
    end = _DIRECTIONS.get(direction[-1])
    return None if end is None else (unquote(path[len(_CHANNEL_PATH) :]), key[-1], end)
