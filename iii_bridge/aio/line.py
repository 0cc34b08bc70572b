"""WebSockets without the library's queue and tasks: its protocol on a bare asyncio connection.

The library opens the connection, with TLS and proxies, and reads and writes
frames. What has been read is handed over at once, what is written goes to the
socket at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import Connection
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import DATA_OPCODES, CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Protocol, State

from iii_bridge.aio.transport import OnClosed, OnMessage, TransportClosed
from iii_bridge.protocol.liveness import DEFAULT_INTERVAL, Liveness, Verdict
from iii_bridge.wire.limits import FRAGMENT_BYTES, MAX_FRAME_BYTES

__all__ = ["DirectConnection", "Line", "LineConnection", "write_messages"]

_NOTHING: Final = b""


class DirectConnection(ClientConnection):
    """The library's connection, but for where data goes; made by `websockets.connect(create_connection=…)`."""

    def __init__(self, protocol: ClientProtocol, **options: Any) -> None:
        super().__init__(protocol, **options)
        self._parts: list[bytes] = []
        self._text = True

    def take(self, data: bytes | bytearray | memoryview, text: bool) -> None:
        """One message, whole; `text` says of which kind."""
        raise NotImplementedError

    def over(self, closed: TransportClosed) -> None:
        """The connection is over; not called for one that never stood."""
        raise NotImplementedError

    def process_event(self, event: Frame | Request | Response) -> None:
        """As the library's, for all but data."""
        if not isinstance(event, Frame) or event.opcode not in DATA_OPCODES:
            super().process_event(event)
            return
        if event.opcode is not Opcode.CONT:
            self._text = event.opcode is Opcode.TEXT
        if event.fin and not self._parts:
            self.take(event.data, self._text)
            return
        self._parts.append(bytes(event.data))
        if event.fin:
            data = _NOTHING.join(self._parts)
            self._parts.clear()
            self.take(data, self._text)

    def connection_lost(self, exc: Exception | None) -> None:
        """As the library's; then whoever listens is told."""
        super().connection_lost(exc)
        if self.protocol.handshake_exc is None:
            self.over(_closed_by(self.protocol.close_exc))


def write_messages(connection: Connection, messages: Sequence[bytes], *, binary: bool = False) -> None:
    """Hands messages to the socket; one above 16 MiB leaves in fragments of 1 MiB (wire.md 12.3).

    Raises TransportClosed when the connection is over, or about to be.
    """
    protocol = connection.protocol
    if protocol.state is not State.OPEN:
        raise _closed_by(protocol.close_exc if protocol.state is State.CLOSED else None)
    send = protocol.send_binary if binary else protocol.send_text
    for message in messages:
        if len(message) <= MAX_FRAME_BYTES:
            send(message)
        else:
            _send_fragments(protocol, send, message)
    data = protocol.data_to_send()
    connection.transport.write(data[0] if len(data) == 1 else _NOTHING.join(data))


class LineConnection(DirectConnection):
    """A session's connection. It keeps what arrives until somebody listens."""

    def __init__(self, protocol: ClientProtocol, **options: Any) -> None:
        super().__init__(protocol, **options)
        self.heard = 0
        """How often something has arrived."""
        self._early: deque[str] = deque()
        self._on_message: OnMessage = self._early.append
        self._on_closed: OnClosed | None = None
        self._closed: TransportClosed | None = None

    def listen(self, on_message: OnMessage, on_closed: OnClosed) -> None:
        """As `PushTransport.start`."""
        self._on_message = on_message
        while self._early:
            on_message(self._early.popleft())
        if self._closed is not None:
            on_closed(self._closed)
        else:
            self._on_closed = on_closed

    def data_received(self, data: bytes) -> None:
        """As the library's."""
        self.heard += 1
        super().data_received(data)

    def take(self, data: bytes | bytearray | memoryview, text: bool) -> None:
        """As `DirectConnection.take`; the engine sends no binary here, so that it reads as malformed."""
        try:
            message = str(data, "utf-8")
        except UnicodeDecodeError:
            if text:
                self.protocol.fail(CloseCode.INVALID_DATA, "a text message is no UTF-8")
                self.send_data()
                return
            message = bytes(data).decode(errors="replace")
        self._on_message(message)

    def over(self, closed: TransportClosed) -> None:
        """As `DirectConnection.over`."""
        self._closed = closed
        if self._on_closed is not None:
            self._on_closed(closed)


class Line:
    """A `PushTransport` over a WebSocket, with a heartbeat."""

    def __init__(self, connection: LineConnection, heartbeat: float = DEFAULT_INTERVAL) -> None:
        """`heartbeat` is the interval, in seconds, in which the peer is looked at."""
        self._connection = connection
        self._liveness = Liveness()
        self._interval = heartbeat
        self._timer: asyncio.TimerHandle | None = None

    def start(self, on_message: OnMessage, on_closed: OnClosed) -> None:
        """As `PushTransport.start`."""
        self._connection.listen(on_message, on_closed)
        self._beat_later()

    @property
    def congested(self) -> bool:
        """As `PushTransport.congested`."""
        return self._connection.paused

    def write(self, messages: Sequence[bytes]) -> None:
        """As `PushTransport.write`."""
        write_messages(self._connection, messages)

    async def drain(self) -> None:
        """As `PushTransport.drain`."""
        with contextlib.suppress(OSError):  # the connection is over, which `on_closed` says
            await self._connection.drain()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """As `PushTransport.close`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._connection.close(code, reason)

    def _beat_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._beat)

    def _beat(self) -> None:
        connection = self._connection
        if connection.protocol.state is not State.OPEN:
            return
        match self._liveness.look(connection.heard, connection.transport.get_write_buffer_size()):
            case Verdict.GONE:
                connection.transport.abort()
                return
            case Verdict.ASK:
                connection.protocol.send_ping(_NOTHING)
                connection.send_data()
            case Verdict.ALIVE:
                pass
        self._beat_later()


def _closed_by(closed: ConnectionClosed | None) -> TransportClosed:
    """The end of a connection in our terms; None for one that is only about to be over."""
    close = None if closed is None else closed.rcvd or closed.sent
    return TransportClosed(close.code, close.reason) if close else TransportClosed()


def _send_fragments(protocol: Protocol, send: Callable[[bytes, bool], None], message: bytes) -> None:
    view = memoryview(message)
    last = len(view) - FRAGMENT_BYTES
    for start in range(0, len(view), FRAGMENT_BYTES):
        fragment, fin = bytes(view[start : start + FRAGMENT_BYTES]), start >= last
        if start == 0:
            send(fragment, fin)
        else:
            protocol.send_continuation(fragment, fin)
