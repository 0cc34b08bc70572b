"""uvicorn around an ASGI application, on a socket already bound."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from iii_bridge.engine.limits import HEAD_BYTES, HEAD_SECONDS, MOST_CONNECTIONS

__all__ = ["HttpServer"]

_DRAIN_SECONDS: Final = 1.0
_KEEP_ALIVE_SECONDS: Final = 75
"""Well above what clients keep idle connections for, or one is closed under a request that reuses it."""

_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class _Guarded(HttpToolsProtocol):
    """uvicorn's protocol, with bounds on a request's head: in bytes, and in the time it takes to arrive."""

    _in_head = True
    _head_bytes = 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn's."""
        super().connection_made(transport)
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn's."""
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """As uvicorn's, as long as the head is of a decent size."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """As uvicorn's."""
        super().on_message_begin()
        self._begin_head()

    def on_headers_complete(self) -> None:
        """As uvicorn's."""
        self._end_head()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """As uvicorn's."""
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0

    def _begin_head(self) -> None:
        self._end_head()
        self._in_head = True
        self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _end_head(self) -> None:
        self._in_head, self._head_bytes = False, 0
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class HttpServer:
    """Starts in a millisecond and stops without uvicorn's polling loop, whose signals and ticks are not needed here."""

    def __init__(self, app: Any) -> None:
        config = uvicorn.Config(
            app,
            http=_Guarded,
            limit_concurrency=MOST_CONNECTIONS,
            ws="none",
            loop="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            date_header=False,  # our answers carry their own
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            proxy_headers=False,
        )
        self._server = uvicorn.Server(config)

    async def start(self, sock: socket.socket) -> None:
        """Begins to accept on a bound socket."""
        self._server.config.load()
        self._server.lifespan = self._server.config.lifespan_class(self._server.config)
        await self._server.startup(sockets=[sock])

    async def drain(self) -> None:
        """Stops accepting and gives running requests a second to end."""
        server = self._server
        if not server.started:
            return
        for listener in server.servers:
            listener.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        if server.server_state.tasks:
            await asyncio.wait(list(server.server_state.tasks), timeout=_DRAIN_SECONDS)

    async def stop(self) -> None:
        """Drains, then cancels what still runs."""
        await self.drain()
        late = list(self._server.server_state.tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
