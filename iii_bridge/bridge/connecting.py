"""How a bridge comes to be."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import Any, Unpack

from iii_bridge.aio.websocket import dial, dial_channel
from iii_bridge.bridge.interceptors import AnyServerInterceptor, ClientInterceptor
from iii_bridge.bridge.settings import ConnectOptions, Settings
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
    client_interceptors: Sequence[ClientInterceptor] = (),
    server_interceptors: Sequence[AnyServerInterceptor] = (),
    **options: Unpack[ConnectOptions],
) -> Connecting:
    """Connects to an engine: `async with connect() as bridge`, or `bridge = await connect()`.

    `url`: default `$III_URL`, else ws://127.0.0.1:49134. The interceptors go
    around every call and every handler; `ConnectOptions` describes the other
    options. Waits for an engine that is away, saying so in the log, for
    `connect_timeout` seconds. Opening raises ConnectionLostError,
    RegistrationRejectedError and LocalProtocolError.
    """

    def make() -> Bridge:
        settings = Settings.resolve(url, **options)
        dialler = functools.partial(
            dial, settings.url, settings.headers, heartbeat=settings.heartbeat, tls=settings.tls
        )
        return Bridge(
            settings,
            dialler,
            functools.partial(dial_channel, settings.url, settings.headers, tls=settings.tls),
            client_interceptors=client_interceptors,
            server_interceptors=server_interceptors,
        )

    return Connecting(make)
