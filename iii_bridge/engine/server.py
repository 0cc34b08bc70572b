"""The embedded engine as one object: ports, storage and everything between (wire.md 1.1)."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import Self

from iii_bridge.aio.transport import Transport
from iii_bridge.engine.availability import FunctionsAvailable, WorkersAvailable
from iii_bridge.engine.binding_functions import BindingFunctions
from iii_bridge.engine.builtins import baggage
from iii_bridge.engine.channels import Channels
from iii_bridge.engine.cron import Cron
from iii_bridge.engine.discovery import Discovery
from iii_bridge.engine.http_functions import HttpFunctions, HttpSecurity
from iii_bridge.engine.http_provider import HttpProvider
from iii_bridge.engine.http_server import HttpServer
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.listener import Listener
from iii_bridge.engine.logs import Logs
from iii_bridge.engine.providers import TriggerProvider
from iii_bridge.engine.pubsub import PubSub
from iii_bridge.engine.queue import Queues
from iii_bridge.engine.queue_config import QueueConfig
from iii_bridge.engine.queue_functions import QueueFunctions
from iii_bridge.engine.state import State
from iii_bridge.engine.storage.database import Database
from iii_bridge.engine.storage.messages import MessageStore
from iii_bridge.engine.storage.triggers import TriggerStore
from iii_bridge.engine.storage.values import StateStore, StreamStore
from iii_bridge.engine.stream import Streams
from iii_bridge.engine.stream_socket import StreamSocket
from iii_bridge.engine.telemetry import Telemetry
from iii_bridge.engine.topics import RETENTION_SECONDS, Topics

__all__ = ["SHUTDOWN_CODE", "Engine"]

_log = logging.getLogger("iii_bridge.engine")

SHUTDOWN_CODE = 1012
"""Service restart: SDKs reconnect after it, where 1000 or 1001 silences some (sdks.md 9.11)."""


class Engine:
    """An engine in this process; `async with Engine() as engine` starts and stops it.

    A port of 0 takes a free one. `data_dir` None keeps everything in memory;
    `queues` takes `QueueConfig`s or `NAME[:fifo]`; `http_timeout` and
    `namespace_grace` are in seconds. `http_functions` says which endpoints of
    http-invoked functions may be called; private addresses and plain http may
    not unless it allows them. `stream_auth_function` is a function in `default`
    that is asked before a stream socket opens (wire.md 7.4). `topic_retention`
    is how many seconds a durable topic keeps messages for a function that has
    no subscriber, None for ever. `http_middleware` are functions asked before
    every http trigger, in the namespace of its binding (wire.md 7.1).
    `max_value_bytes` bounds a value of state, as JSON text; None for no bound
    but that of a message (wire.md 7.3).
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
        http_functions: HttpSecurity | None = None,
        stream_auth_function: str | None = None,
        topic_retention: float | None = RETENTION_SECONDS,
        http_middleware: Iterable[str] = (),
        max_value_bytes: int | None = None,
    ) -> None:
        configs = [QueueConfig.parse(queue) if isinstance(queue, str) else queue for queue in queues]
        self.host = host
        self.port = port
        self.http_port = http_port
        self.stream_port = stream_port
        self._started = False
        self.hub = Hub(namespace_grace=namespace_grace, http_functions=HttpFunctions(http_functions or HttpSecurity()))
        self._database = Database(None if data_dir is None else Path(data_dir))
        self._messages = MessageStore(self._database)
        self._channels = Channels()
        self._queues = Queues(self.hub, self._messages, configs)
        self._topics = Topics(self.hub, self._messages, topic_retention)
        self._state = State(self.hub, StateStore(self._database), max_value_bytes)
        self._cron = Cron(self.hub)
        self._pubsub = PubSub(self.hub)
        self._logs = Logs(self.hub)
        self._triggers = TriggerStore(self._database)
        self._bindings = BindingFunctions(self.hub, self._triggers)
        self._streams = Streams(self.hub, StreamStore(self._database))
        self._stream_socket = StreamSocket(self.hub, self._streams, stream_auth_function)
        http = HttpProvider(self.hub, self._channels, http_timeout, http_middleware)
        self._listener = Listener(self.hub, self._channels, Telemetry(self._logs))
        self._http_server = HttpServer(http)
        discovery = Discovery(self.hub.protocol)
        self._functions_available = FunctionsAvailable(self.hub, discovery)
        availability = (WorkersAvailable(self.hub), self._functions_available)
        kept: list[TriggerProvider] = [self._cron, self._state, self._pubsub, self._topics, self._logs]
        kept += self._streams.providers()
        for provider in (http, *kept, *availability):
            self.hub.add_provider(provider)
        self.hub.add_builtins(baggage())
        self.hub.add_builtins(self._channels.builtins())
        self.hub.add_builtins(discovery.builtins())
        self.hub.add_builtins(self._bindings.builtins())
        for functions in (self._queues, self._topics, self._state, self._pubsub, self._streams, self._logs):
            self.hub.add_builtins(functions.builtins())
        self.hub.add_builtins(QueueFunctions(self._queues, self._topics, self._messages).builtins())

    @property
    def url(self) -> str:
        """Where workers connect: `ws://host:port`."""
        return f"ws://{_authority(self.host, self.port)}"

    @property
    def stream_url(self) -> str:
        """Where stream sockets connect: `ws://host:port`."""
        return f"ws://{_authority(self.host, self.stream_port)}"

    @property
    def http_url(self) -> str:
        """Where http triggers answer: `http://host:port`."""
        return f"http://{_authority(self.host, self.http_port)}"

    async def start(self) -> None:
        """Opens the store and the three ports.

        Raises OSError when a port is taken, sqlite3.Error for unreadable data, and RuntimeError when it has run before.
        """
        if self._started:
            raise RuntimeError("an engine starts once; make another Engine to run again")
        async with AsyncExitStack() as undo:
            main = undo.enter_context(closing(_bind(self.host, self.port)))
            web = undo.enter_context(closing(_bind(self.host, self.http_port)))
            streams = undo.enter_context(closing(_bind(self.host, self.stream_port)))
            undo.push_async_callback(self._database.close)
            await self._database.open()
            stored = await self._messages.counts()
            subscriptions = await self._messages.subscriptions(time.time())
            triggers = await self._triggers.all()
            undo.pop_all()
        self._started = True
        if not _is_loopback(self.host):
            _log.warning("%s: whoever can reach the engine may call everything; it knows no access rules", self.host)
        self.port, self.http_port, self.stream_port = _port(main), _port(web), _port(streams)
        self._queues.start(stored)
        self._topics.start(subscriptions, stored)
        self._bindings.start(triggers)
        await self._listener.start(main)
        await self._http_server.start(web)
        await self._stream_socket.start(streams)

    async def stop(self) -> None:
        """Takes nothing new, closes every connection with 1012, and writes what is to be kept.

        A request that still waits for a worker when that worker's connection closes is answered with an error.
        """
        for part in (self._queues, self._topics):
            part.stop()
        for provider in (self._functions_available, self._cron, self._state, self._pubsub, self._streams, self._logs):
            provider.close()
        await self._http_server.drain()
        await self._stream_socket.stop(SHUTDOWN_CODE, "engine shutdown")
        await self._listener.stop(SHUTDOWN_CODE, "engine shutdown")
        await self.hub.close(SHUTDOWN_CODE, "engine shutdown")
        await self._http_server.stop()
        self._channels.close()
        await self._database.close()

    async def backup(self, target: Path) -> None:
        """Copies all that is stored to a new file while the engine runs. Raises as `Database.backup` does."""
        await self._database.backup(target)

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


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _port(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
