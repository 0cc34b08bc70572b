"""The WebSocket transport: the only module that imports websockets (wire.md 1)."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidURI, WebSocketException
from websockets.frames import DATA_OPCODES, CloseCode, Frame
from websockets.http11 import Request, Response
from websockets.protocol import State

from iii_bridge.aio.channels import ChannelSink
from iii_bridge.aio.transport import TransportClosed
from iii_bridge.errors import LocalProtocolError
from iii_bridge.protocol.channel import ChannelRef
from iii_bridge.wire.limits import FORWARDING_ROOM_BYTES, FRAGMENT_BYTES, MAX_FRAME_BYTES, MAX_MESSAGE_BYTES

__all__ = ["WebSocketChannel", "WebSocketTransport", "channel_url", "dial", "dial_channel"]

_OPEN_TIMEOUT: Final = 10.0
_PING_INTERVAL: Final = 20.0
_CLOSE_TIMEOUT: Final = 1.0
_USER: Final = re.compile("//[^/]*@")


class WebSocketTransport:
    """A WebSocket as a `Transport`. Liveness is its own affair: it pings and gives up on silence."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, data: bytes) -> None:
        """As `Transport.send`; a message above 16 MiB leaves in fragments of 1 MiB (wire.md 12.3)."""
        try:
            if len(data) <= MAX_FRAME_BYTES:
                await self._connection.send(data, text=True)
            else:
                await self._send_fragments(data)
        except ConnectionClosed as closed:
            raise _closed(closed) from closed

    async def send_all(self, messages: Sequence[bytes]) -> None:
        """As `BatchTransport.send_all`: frames that fit leave in one write."""
        if any(len(message) > MAX_FRAME_BYTES for message in messages) or len(messages) == 1:
            for message in messages:
                await self.send(message)
            return
        connection = self._connection
        try:
            # What `ClientConnection.send` does for one message, for several: the library would write each alone.
            async with connection.send_context():
                for message in messages:
                    connection.protocol.send_text(message)
                connection.transport.write(b"".join(connection.protocol.data_to_send()))
        except ConnectionClosed as closed:
            raise _closed(closed) from closed

    async def recv(self) -> str:
        """As `Transport.recv`; the engine sends no binary on this socket, so a binary message reads as malformed."""
        try:
            message = await self._connection.recv()
        except ConnectionClosed as closed:
            raise _closed(closed) from closed
        return message if isinstance(message, str) else bytes(message).decode(errors="replace")

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """As `Transport.close`."""
        await self._connection.close(code, reason)

    async def _send_fragments(self, data: bytes) -> None:
        """Shielded: a cancelled writer must not leave half a message behind, which would end the connection."""
        view = memoryview(data)
        chunks = [bytes(view[start : start + FRAGMENT_BYTES]) for start in range(0, len(data), FRAGMENT_BYTES)]
        sending = asyncio.ensure_future(self._connection.send(chunks, text=True))
        sending.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.shield(sending)


class _ChannelConnection(ClientConnection):
    """Hands over each item as it is read, where the library would queue it for a task of its own to fetch."""

    def __init__(self, protocol: ClientProtocol, *, sink: ChannelSink, **options: Any) -> None:
        super().__init__(protocol, **options)
        self._sink = sink
        self._parts: list[bytes] = []

    def process_event(self, event: Frame | Request | Response) -> None:
        """As the library's, for all but data."""
        if not isinstance(event, Frame) or event.opcode not in DATA_OPCODES:
            super().process_event(event)
            return
        data = bytes(event.data)
        if self._parts or not event.fin:
            self._parts.append(data)
            if not event.fin:
                return
            data = b"".join(self._parts)
            self._parts.clear()
        self._sink.item(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """As the library's; a connection that never stood has no end to report."""
        super().connection_lost(exc)
        if self.protocol.handshake_exc is None:
            self._sink.closed()


class WebSocketChannel(WebSocketTransport):
    """One end of a channel as a `ChannelEnd`. It never pings: nobody reads what a reader says (wire.md 10)."""

    async def send_binary(self, message: bytes) -> None:
        """As `ChannelEnd.send_binary`."""
        try:
            await self._connection.send(message)
        except ConnectionClosed as closed:
            raise _closed(closed) from closed

    def pause(self) -> None:
        """As `ChannelEnd.pause`."""
        self._connection.transport.pause_reading()

    def resume(self) -> None:
        """As `ChannelEnd.resume`."""
        self._connection.transport.resume_reading()

    def leave(self) -> None:
        """As `ChannelEnd.leave`."""
        connection = self._connection
        if connection.state is State.OPEN:
            connection.protocol.send_close(CloseCode.NORMAL_CLOSURE, "channel_close")
            connection.transport.write(b"".join(connection.protocol.data_to_send()))
        connection.transport.close()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """As `ChannelEnd.close`; once it is cancelled, without a farewell."""
        try:
            await super().close(code, reason)
        except asyncio.CancelledError:
            self._connection.transport.abort()
            raise


def channel_url(url: str, ref: ChannelRef) -> str:
    """Where an end is opened: below the engine's own url, whose query is kept (wire.md 10)."""
    base, _, query = url.partition("?")
    own = f"key={quote(ref.access_key, safe='')}&dir={ref.direction}"
    return f"{base.rstrip('/')}/ws/channels/{quote(ref.channel_id, safe='')}?{query and query + '&'}{own}"


async def dial(url: str, headers: Mapping[str, str]) -> WebSocketTransport:
    """Opens a connection. Raises TransportClosed when it cannot, LocalProtocolError for a URL that is none."""
    return WebSocketTransport(await _connect(url, headers, ping_interval=_PING_INTERVAL, ping_timeout=_PING_INTERVAL))


async def dial_channel(url: str, headers: Mapping[str, str], ref: ChannelRef, sink: ChannelSink) -> WebSocketChannel:
    """Opens one end of a channel of the engine at `url`. Raises as `dial`."""
    make: Any = functools.partial(_ChannelConnection, sink=sink)
    return WebSocketChannel(await _connect(channel_url(url, ref), headers, create_connection=make, ping_interval=None))


async def _connect(url: str, headers: Mapping[str, str], **options: Any) -> ClientConnection:
    try:
        return await connect(
            url,
            additional_headers=dict(headers),
            compression=None,
            open_timeout=_OPEN_TIMEOUT,
            close_timeout=_CLOSE_TIMEOUT,
            max_size=MAX_MESSAGE_BYTES + FORWARDING_ROOM_BYTES,  # a full message that grew at the engine
            **options,
        )
    except (InvalidURI, ValueError):  # the standard library's parser raises the latter for a bad port
        shown = _shown(url)
        # Without the cause, whose text holds the whole url.
        raise LocalProtocolError(f"the engine's url is not a WebSocket url; write ws://host:port: {shown!r}") from None
    except (OSError, TimeoutError, WebSocketException) as error:
        reason = f"no engine answers at {_shown(url)}; start one there, or correct the url: "
        raise TransportClosed(1006, reason + (str(error) or type(error).__name__)) from error


def _shown(url: str) -> str:
    """The url without what may be secret in it."""
    return _USER.sub("//…@", url).partition("?")[0]


def _closed(closed: ConnectionClosed) -> TransportClosed:
    close = closed.rcvd or closed.sent
    return TransportClosed(close.code, close.reason) if close else TransportClosed()
