"""uvicorn around an ASGI application, on a socket already bound."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any, Final

import uvicorn

__all__ = ["HttpServer"]

_DRAIN_SECONDS: Final = 2.0


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
            proxy_headers=False,
        )
        self._server = uvicorn.Server(config)

    async def start(self, sock: socket.socket) -> None:
        """Begins to accept on a bound socket."""
        self._server.config.load()
        self._server.lifespan = self._server.config.lifespan_class(self._server.config)
        await self._server.startup(sockets=[sock])

    async def stop(self) -> None:
        """Stops accepting, lets running requests end for two seconds, then cancels them."""
        server = self._server
        if not server.started:
            return
        for listener in server.servers:
            listener.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        tasks = list(server.server_state.tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for listener in server.servers:
            with contextlib.suppress(OSError):
                await listener.wait_closed()
