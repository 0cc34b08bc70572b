"""What the fixtures of the pytest plugin hand out, free of pytest."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from typing import Final, Protocol, TypeVar, Unpack

from iii_bridge.abi.stubs import AsyncStub, SyncStub
from iii_bridge.bridge.blocking import BridgeSync
from iii_bridge.bridge.connecting import Connecting
from iii_bridge.bridge.settings import ConnectOptions
from iii_bridge.testing.engines import Link
from iii_bridge.testing.workers import WorkerOptions, WorkerProcess

__all__ = [
    "AsyncClients",
    "Clients",
    "Connect",
    "Workers",
    "async_clients",
    "clients",
    "workers",
]

Client = TypeVar("Client", bound=AsyncStub)
ClientSync = TypeVar("ClientSync", bound=SyncStub)

_numbers: Final = itertools.count(1)


class Workers(Protocol):
    """Starts worker programs."""

    def __call__(self, command: str | Sequence[str], /, **options: Unpack[WorkerOptions]) -> WorkerProcess:
        """Returns once its functions are registered. Raises as `WorkerProcess.start`."""
        ...


class Connect(Protocol):
    """Connects to the engine of the run."""

    def __call__(self, **options: Unpack[ConnectOptions]) -> Connecting:
        """As `iii_bridge.connect`."""
        ...


class Clients(Protocol):
    """Makes blocking clients on the connection of the run."""

    def __call__(self, client: type[ClientSync], /, *, namespace: str | None = None) -> ClientSync:
        """`namespace` is where its functions are looked up."""
        ...


class AsyncClients(Protocol):
    """Makes asynchronous clients, each with a connection of its own."""

    def __call__(
        self, client: type[Client], /, **options: Unpack[ConnectOptions]
    ) -> AbstractAsyncContextManager[Client]:
        """`options` are those of `connect`."""
        ...


def workers(link: Link, stack: ExitStack, started: Callable[[WorkerProcess], object], ready: float) -> Workers:
    """Programs that `stack` stops; `started` hears of each before it is ready."""

    def start(command: str | Sequence[str], /, **options: Unpack[WorkerOptions]) -> WorkerProcess:
        options.setdefault("ready", ready)
        worker = WorkerProcess(link, command, **options)
        started(worker)
        return stack.enter_context(worker)

    return start


def clients(bridge: BridgeSync) -> Clients:
    """Clients that share a bridge."""

    def client(client: type[ClientSync], /, *, namespace: str | None = None) -> ClientSync:
        return client(bridge, namespace=namespace)

    return client


def async_clients(connect: Connect) -> AsyncClients:
    """Clients of connections that `connect` makes."""

    @asynccontextmanager
    async def client(client: type[Client], /, **options: Unpack[ConnectOptions]) -> AsyncGenerator[Client]:
        options.setdefault("worker_name", f"iii-bridge-test:{os.getpid()}:{next(_numbers)}")
        async with connect(**options) as bridge:
            yield client(bridge)

    return client
