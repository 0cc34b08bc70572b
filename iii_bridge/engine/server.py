"""The embedded engine as one object: ports, storage and everything between (wire.md 1.1)."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from iii_bridge.aio.transport import Transport
from iii_bridge.engine.availability import FunctionsAvailable, WorkersAvailable
from iii_bridge.engine.binding_functions import BindingFunctions
from iii_bridge.engine.builtins import log_and_baggage
from iii_bridge.engine.channels import Channels
from iii_bridge.engine.discovery import Discovery
from iii_bridge.engine.http_provider import HttpProvider
from iii_bridge.engine.http_server import HttpServer
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.listener import Listener
from iii_bridge.engine.queue import Queues
from iii_bridge.engine.queue_runner import QueueConfig
from iii_bridge.engine.store import Store

__all__ = ["SHUTDOWN_CODE", "Engine"]

SHUTDOWN_CODE = 1012
"""Service restart: SDKs reconnect after it, where 1000 or 1001 silences some (sdks.md 9.11)."""


class Engine:
    """An engine in this process; `async with Engine() as engine` starts and stops it.

    A port of 0 takes a free one. `data_dir` None keeps queues in memory;
    `queues` takes `QueueConfig`s or `NAME[:fifo]`; `http_timeout` and
    `namespace_grace` are in seconds. `stream_port` is reserved for the stream
    socket, which this version does not carry: nothing listens on it, and
    stream triggers are refused.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        http_port: int = 0,
        stream_port: int = 0,
        host: str = "127.0.0.1",
        data_dir: str | Path | None = None,
        queues: Iterable[QueueConfig | str] = (),
        http_timeout: float = 30.0,
        namespace_grace: float = 5.0,
    ) -> None:
        configs = [QueueConfig.parse(queue) if isinstance(queue, str) else queue for queue in queues]
        self.host = host
        self.port = port
        self.http_port = http_port
        self.stream_port = stream_port
        self._started = False
        self.hub = Hub(namespace_grace=namespace_grace)
        self._store = Store(None if data_dir is None else Path(data_dir))
        self._channels = Channels()
        self._queues = Queues(self.hub, self._store, configs)
        http = HttpProvider(self.hub, self._channels, http_timeout)
        self._listener = Listener(self.hub, self._channels)
        self._http_server = HttpServer(http)
        discovery = Discovery(self.hub.protocol)
        self._functions_available = FunctionsAvailable(self.hub, discovery)
        for provider in (http, WorkersAvailable(self.hub), self._functions_available):
            self.hub.add_provider(provider)
        self.hub.add_builtins(log_and_baggage())
        self.hub.add_builtins(self._channels.builtins())
        self.hub.add_builtins(discovery.builtins())
        self.hub.add_builtins(BindingFunctions(self.hub).builtins())
        self.hub.add_builtins(self._queues.builtins())

    @property
    def url(self) -> str:
        """Where workers connect: `ws://host:port`."""
        return f"ws://{_authority(self.host, self.port)}"

    @property
    def http_url(self) -> str:
        """Where http triggers answer: `http://host:port`."""
        return f"http://{_authority(self.host, self.http_port)}"

    async def start(self) -> None:
        """Opens the store and both ports.

        Raises OSError when a port is taken, sqlite3.Error for unreadable data, and RuntimeError when it has run before.
        """
        if self._started:
            raise RuntimeError("an engine starts once; make another Engine to run again")
        main = _bind(self.host, self.port)
        try:
            web = _bind(self.host, self.http_port)
        except OSError:
            main.close()
            raise
        self.port, self.http_port = main.getsockname()[1], web.getsockname()[1]
        try:
            stored = await self._store.open()
        except BaseException:
            main.close()
            web.close()
            await self._store.close()
            raise
        self._started = True
        self._queues.resume(stored)
        await self._listener.start(main)
        await self._http_server.start(web)

    async def stop(self) -> None:
        """Takes nothing new, closes every connection with 1012, and writes what is to be kept.

        A request that still waits for a worker when that worker's connection closes is answered with an error.
        """
        self._queues.stop()
        self._functions_available.close()
        await self._http_server.drain()
        await self._listener.stop(SHUTDOWN_CODE, "engine shutdown")
        await self.hub.close(SHUTDOWN_CODE, "engine shutdown")
        await self._http_server.stop()
        self._channels.close()
        await self._store.close()

    async def accept(self, transport: Transport) -> None:
        """Serves one worker over any transport, in memory for instance, until it ends."""
        await self.hub.serve(transport)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    The protocol is named because asyncio sets TCP_NODELAY only on sockets that name it; without it an HTTP answer,
    written as head and body, waits 40 ms for the client's delayed acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere this would let two engines share a port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(1024)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"{error.strerror}: {_authority(host, port)}") from None
    sock.setblocking(False)
    return sock


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
