"""`run`: services as a program, from the first connection to the last answer."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Unpack, cast

from iii_bridge.abi.stubs import Service, ServiceSync
from iii_bridge.aio.loops import new_event_loop
from iii_bridge.bridge.connecting import connect
from iii_bridge.bridge.interceptors import AnyServerInterceptor, ClientInterceptor
from iii_bridge.bridge.settings import ConnectOptions
from iii_bridge.client import Bridge
from iii_bridge.errors import LocalProtocolError
from iii_bridge.worker import Dialect, OnConflict

__all__ = ["DEFAULT_GRACE", "RunOptions", "ServiceSource", "run", "run_program"]

_log: Final = logging.getLogger("iii_bridge.run")

DEFAULT_GRACE: Final = 10.0
"""Seconds that what is being served has to finish after a signal."""

ServiceSource = Service | ServiceSync | Callable[..., Any]
"""A service, or what makes one: a class or function of nothing, or of the bridge; asynchronous or not."""


class RunOptions(ConnectOptions, total=False):
    """What `run` takes besides the url: the options of `connect`, and these."""

    on_conflict: OnConflict
    """As for `serve`: `raise`, the default, or `wait`."""
    dialect: Dialect
    """As for `serve`: `2020-12`, the default, or `draft-07`."""
    grace: float
    """Seconds that what is being served has to finish after a signal; default 10."""


def run(
    *services: ServiceSource,
    url: str | None = None,
    on_ready: Callable[[Bridge], None] | None = None,
    client_interceptors: Sequence[ClientInterceptor] = (),
    server_interceptors: Sequence[AnyServerInterceptor] = (),
    **options: Unpack[RunOptions],
) -> None:
    """Serves until SIGINT or SIGTERM, then ends in order: `run(Orders())`.

    A class, or a function, is called for its service, with the bridge where it
    has a parameter: `run(lambda bridge: Orders(PricingClient(bridge)))`.
    `on_ready` is called when every service is registered and owned. A first
    signal lets what is being served finish within `grace` seconds, a second
    one does not. Uses uvloop where it is installed.

    Raises what `connect`, `serve` and `wait_closed` raise, and
    LocalProtocolError for what is no service.
    """
    if not services:
        raise LocalProtocolError("run needs a service; pass at least one")
    serving: dict[str, Any] = {name: options.pop(name) for name in ("on_conflict", "dialect") if name in options}

    async def start(bridge: Bridge) -> None:
        for source in services:
            await bridge.serve(await _service(source, bridge), **serving)
        if on_ready is not None:
            on_ready(bridge)

    run_program(
        start,
        url=url,
        grace=options.pop("grace", DEFAULT_GRACE),
        client_interceptors=client_interceptors,
        server_interceptors=server_interceptors,
        **cast("ConnectOptions", options),
    )


def run_program(
    start: Callable[[Bridge], Awaitable[None]],
    *,
    url: str | None = None,
    grace: float = DEFAULT_GRACE,
    finish: Callable[[float], Awaitable[None]] | None = None,
    client_interceptors: Sequence[ClientInterceptor] = (),
    server_interceptors: Sequence[AnyServerInterceptor] = (),
    **options: Unpack[ConnectOptions],
) -> None:
    """Connects, awaits `start`, and goes on until a signal, as `run` says.

    `finish(grace)` ends what needs the bridge, before the bridge is closed; it may be called twice.
    """

    async def main() -> None:
        stopping = _Stopping(grace, finish)
        connecting = connect(
            url, client_interceptors=client_interceptors, server_interceptors=server_interceptors, **options
        )
        async with stopping, connecting as bridge:
            stopping.bridge = bridge
            try:
                await start(bridge)
                await bridge.wait_closed()
            finally:
                if finish is not None:
                    await finish(0.0)

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main())


async def _service(source: ServiceSource, bridge: Bridge) -> Any:
    """A service, made with the bridge where it asks for it."""
    if isinstance(source, Service | ServiceSync) or not callable(source):
        return source
    parameters = inspect.signature(source).parameters.values()
    needed = [
        each
        for each in parameters
        if each.default is each.empty and each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    if len(needed) > 1:
        name = getattr(source, "__name__", type(source).__name__)
        raise LocalProtocolError(f"{name} needs {len(needed)} arguments; give it at most one, the bridge")
    made = source(bridge) if needed else source()
    return await made if inspect.isawaitable(made) else made


class _Stopping:
    """The first signal closes the bridge with grace, the second at once; before there is a bridge, it cancels."""

    def __init__(self, grace: float, finish: Callable[[float], Awaitable[None]] | None = None) -> None:
        self.bridge: Bridge | None = None
        self._grace = grace
        self._finish = finish
        self._closing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._main = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        self._stopped = False
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C then ends the process the usual way
                self._loop.add_signal_handler(number, self._stop, number)

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                self._loop.remove_signal_handler(number)
        if self._closing is not None:
            await asyncio.wait((self._closing,))
        return self._stopped and isinstance(error, asyncio.CancelledError)

    def _stop(self, number: int) -> None:
        name = signal.Signals(number).name
        bridge = self.bridge
        if bridge is not None and self._closing is None:
            _log.info("%s: finishing what is being served, within %g s", name, self._grace)
            self._closing = self._loop.create_task(self._close(bridge))
            return
        _log.warning("%s: stopping at once", name)
        self._stopped = True
        if self._closing is not None:
            self._closing.cancel()
        if self._main is not None:
            self._main.cancel()

    async def _close(self, bridge: Bridge) -> None:
        if self._finish is not None:
            await self._finish(self._grace)
        await bridge.close(grace=self._grace)
