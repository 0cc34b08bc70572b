"""How a bridge comes to be."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Mapping
from types import TracebackType
from typing import Any

from iii_bridge.aio.websocket import dial
from iii_bridge.bridge.settings import (
    DEFAULT_CONNECT_TIMEOUT,
    DEFAULT_HANDLER_THREADS,
    DEFAULT_TIMEOUT,
    Settings,
)
from iii_bridge.client import Bridge

__all__ = ["Connecting", "connect"]


class Connecting:
    """What `connect` returns: await it for an open bridge, or use it with `async with`, which also closes it."""

    def __init__(self, make: Callable[[], Bridge]) -> None:
        self._make = make
        self._bridge: Bridge | None = None

    async def _open(self) -> Bridge:
        bridge = self._make()
        await bridge.open()
        return bridge

    def __await__(self) -> Generator[Any, None, Bridge]:
        return self._open().__await__()

    async def __aenter__(self) -> Bridge:
        self._bridge = await self._open()
        return self._bridge

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bridge is not None:
            await self._bridge.close()


def connect(
    url: str | None = None,
    *,
    worker_name: str | None = None,
    namespace: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    connect_timeout: float = DEFAULT_CONNECT_TIMEOUT,
    handler_threads: int = DEFAULT_HANDLER_THREADS,
) -> Connecting:
    """Connects to an engine: `async with connect() as bridge`, or `bridge = await connect()`.

    `url`: default `$III_URL`, else ws://127.0.0.1:49134. `worker_name`: default
    `$III_WORKER_NAME`, else host and process id. `namespace`: default
    `$III_NAMESPACE`, else none. `$III_TOKEN` becomes a bearer token unless
    `headers` holds an Authorization. `timeout` is the default of every call and
    `connect_timeout` how long the engine may be away at first, both in seconds;
    afterwards the bridge reconnects for ever. `handler_threads` bounds the
    blocking handlers that run at once: one that calls another function of this
    bridge holds its thread meanwhile. Opening raises ConnectionLostError,
    RegistrationRejectedError and LocalProtocolError.
    """

    def make() -> Bridge:
        settings = Settings.resolve(
            url,
            worker_name=worker_name,
            namespace=namespace,
            headers=headers,
            timeout=timeout,
            connect_timeout=connect_timeout,
            handler_threads=handler_threads,
        )
        return Bridge(settings, functools.partial(dial, settings.url, settings.headers))

    return Connecting(make)
