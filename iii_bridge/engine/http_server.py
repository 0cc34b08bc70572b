"""uvicorn around an ASGI application, on a socket already bound."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final

import uvicorn

__all__ = ["HttpServer"]

_DRAIN_SECONDS: Final = 1.0
_KEEP_ALIVE_SECONDS: Final = 75
"""Well above what clients keep idle connections for, or one is closed under a request that reuses it."""


class HttpServer:
    """Starts in a millisecond and stops without uvicorn's polling loop, whose signals and ticks are not needed here."""

    def __init__(self, app: Any) -> None:
        config = uvicorn.Config(
            app,
            http="httptools",
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
