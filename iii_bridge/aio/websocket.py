"""Opening WebSockets to an engine: its own, and one for each end of a channel (wire.md 1 and 10)."""

from __future__ import annotations

import asyncio
import functools
import re
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidURI, WebSocketException
from websockets.frames import CloseCode
from websockets.protocol import State

from iii_bridge.aio.channels import ChannelSink
from iii_bridge.aio.line import DirectConnection, Line, LineConnection, write_messages
from iii_bridge.aio.transport import TransportClosed
from iii_bridge.errors import LocalProtocolError
from iii_bridge.protocol.channel import ChannelRef
from iii_bridge.protocol.liveness import DEFAULT_INTERVAL
from iii_bridge.wire.limits import FORWARDING_ROOM_BYTES, MAX_MESSAGE_BYTES

__all__ = ["WebSocketChannel", "channel_url", "dial", "dial_channel"]

_OPEN_TIMEOUT: Final = 10.0
_WRITE_LIMIT: Final = 256 * 1024
_CLOSE_TIMEOUT: Final = 1.0
_USER: Final = re.compile("//[^/]*@")


class _ChannelConnection(DirectConnection):
    """Hands items to a sink."""

    def __init__(self, protocol: ClientProtocol, *, sink: ChannelSink, **options: Any) -> None:
        super().__init__(protocol, **options)
        self._sink = sink

    def take(self, data: bytes | bytearray | memoryview, text: bool) -> None:
        """As `DirectConnection.take`."""
        self._sink.item(bytes(data))

    def over(self, closed: TransportClosed) -> None:
        """As `DirectConnection.over`."""
        self._sink.closed()


class WebSocketChannel:
    """One end of a channel as a `ChannelEnd`. It never pings: nobody reads what a reader says (wire.md 10)."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send_all(self, messages: Sequence[bytes]) -> None:
        """As `ChannelEnd.send_all`."""
        write_messages(self._connection, messages)
        await self._drain()

    async def send_binary(self, message: bytes) -> None:
        """As `ChannelEnd.send_binary`."""
        write_messages(self._connection, (message,), binary=True)
        await self._drain()

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
            await self._connection.close(code, reason)
        except asyncio.CancelledError:
            self._connection.transport.abort()
            raise

    async def _drain(self) -> None:
        try:
            await self._connection.drain()
        except OSError as error:
            raise TransportClosed(1006, str(error)) from error


def channel_url(url: str, ref: ChannelRef) -> str:
    """Where an end is opened: below the engine's own url, whose query is kept (wire.md 10)."""
    base, _, query = url.partition("?")
    own = f"key={quote(ref.access_key, safe='')}&dir={ref.direction}"
    return f"{base.rstrip('/')}/ws/channels/{quote(ref.channel_id, safe='')}?{query and query + '&'}{own}"


async def dial(
    url: str, headers: Mapping[str, str], *, heartbeat: float = DEFAULT_INTERVAL, tls: ssl.SSLContext | None = None
) -> Line:
    """Opens a connection. Raises TransportClosed when it cannot, LocalProtocolError when it never will.

    Over TLS for wss://, with `tls` or the system's authorities, and through the
    proxy that the environment names. `heartbeat` is in seconds, see `Liveness`.
    """
    options: dict[str, Any] = {"create_connection": LineConnection, "ping_interval": None, "write_limit": _WRITE_LIMIT}
    connection: Any = await _connect(url, headers, tls, **options)
    return Line(connection, heartbeat)


async def dial_channel(
    url: str, headers: Mapping[str, str], ref: ChannelRef, sink: ChannelSink, *, tls: ssl.SSLContext | None = None
) -> WebSocketChannel:
    """Opens one end of a channel of the engine at `url`. Raises as `dial`."""
    make: Any = functools.partial(_ChannelConnection, sink=sink)
    options: dict[str, Any] = {"create_connection": make, "ping_interval": None}
    return WebSocketChannel(await _connect(channel_url(url, ref), headers, tls, **options))


async def _connect(
    url: str, headers: Mapping[str, str], tls: ssl.SSLContext | None, **options: Any
) -> ClientConnection:
    if tls is not None:
        if not url.startswith("wss://"):
            raise LocalProtocolError(f"tls is for a url that begins with wss://, not for {_shown(url)!r}")
        options["ssl"] = tls
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
    except OSError as error:  # first: a certificate that does not verify is a ValueError as well
        raise _nobody(url, error) from error
    except (InvalidURI, ValueError):  # the standard library's parser raises the latter for a bad port
        shown = _shown(url)
        # Without the cause, whose text holds the whole url.
        raise LocalProtocolError(f"the engine's url is not a WebSocket url; write ws://host:port: {shown!r}") from None
    except ImportError as error:
        problem = "a SOCKS proxy needs python-socks; install it with: pip install 'python-socks[asyncio]'"
        raise LocalProtocolError(problem) from error
    except WebSocketException as error:
        raise _nobody(url, error) from error


def _nobody(url: str, error: Exception) -> TransportClosed:
    reason = f"no engine answers at {_shown(url)}; start one there, or correct the url: "
    return TransportClosed(1006, reason + (str(error) or type(error).__name__))


def _shown(url: str) -> str:
    """The url without what may be secret in it."""
    return _USER.sub("//…@", url).partition("?")[0]
