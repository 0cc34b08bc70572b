"""The WebSocket transport: the only module that imports websockets (wire.md 1)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidURI, WebSocketException

from iii_bridge.aio.transport import TransportClosed
from iii_bridge.errors import LocalProtocolError
from iii_bridge.wire.limits import FORWARDING_ROOM_BYTES, FRAGMENT_BYTES, MAX_FRAME_BYTES, MAX_MESSAGE_BYTES

__all__ = ["WebSocketTransport", "dial"]

_OPEN_TIMEOUT: Final = 10.0
_PING_INTERVAL: Final = 20.0
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


async def dial(url: str, headers: Mapping[str, str]) -> WebSocketTransport:
    """Opens a connection. Raises TransportClosed when it cannot, LocalProtocolError for a URL that is none."""
    try:
        connection = await connect(
            url,
            additional_headers=dict(headers),
            compression=None,
            open_timeout=_OPEN_TIMEOUT,
            ping_interval=_PING_INTERVAL,
            ping_timeout=_PING_INTERVAL,
            close_timeout=1.0,
            max_size=MAX_MESSAGE_BYTES + FORWARDING_ROOM_BYTES,  # a full message that grew at the engine
        )
    except (InvalidURI, ValueError):  # the standard library's parser raises the latter for a bad port
        shown = _shown(url)
        # Without the cause, whose text holds the whole url.
        raise LocalProtocolError(f"the engine's url is not a WebSocket url; write ws://host:port: {shown!r}") from None
    except (OSError, TimeoutError, WebSocketException) as error:
        reason = f"no engine answers at {_shown(url)}; start one there, or correct the url: "
        raise TransportClosed(1006, reason + (str(error) or type(error).__name__)) from error
    return WebSocketTransport(connection)


def _shown(url: str) -> str:
    """The url without what may be secret in it."""
    return _USER.sub("//…@", url).partition("?")[0]


def _closed(closed: ConnectionClosed) -> TransportClosed:
    close = closed.rcvd or closed.sent
    return TransportClosed(close.code, close.reason) if close else TransportClosed()
