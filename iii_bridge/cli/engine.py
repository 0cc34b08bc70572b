"""`iii-bridge engine`: the embedded engine as a process."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
from pathlib import Path
from typing import Annotated, Final

import typer

from iii_bridge.cli.options import start_logging
from iii_bridge.engine import RETENTION_SECONDS, Engine, HttpSecurity

__all__ = ["engine"]

_STREAM_PORT: Final = 3112
_DAY: Final = 86_400
_log = logging.getLogger("iii_bridge.engine")


def _refuse_config(path: Path | None) -> None:
    """The full engine's file; leaving it unread without a word would leave its access rules out, for one."""
    if path is not None:
        raise typer.BadParameter(
            "the embedded engine reads no config.yaml: access rules, further listeners and adapters are the full iii "
            "engine's. What can be set here has an option of its own: see iii-bridge engine --help"
        )


def engine(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="worker connections, WebSocket; 0 takes a free port")
    ] = 49134,
    http_port: Annotated[int, typer.Option(min=0, max=65535, help="http triggers; 0 takes a free port")] = 3111,
    stream_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="stream sockets, WebSocket; 3112, or a free port when --port takes a free one"
        ),
    ] = None,
    data_dir: Annotated[Path, typer.Option(help="where state, queue messages and dead letters are kept")] = Path(
        "iii-data"
    ),
    queue: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:fifo]",
            help="settings of a named queue; repeatable. Others come into being with their first message",
        ),
    ] = None,
    memory: Annotated[bool, typer.Option("--memory", help="keep everything in memory and write nothing")] = False,
    allow_private_endpoints: Annotated[
        bool,
        typer.Option(
            "--allow-private-endpoints",
            help="let http-invoked functions be at private and loopback addresses, and over plain http",
        ),
    ] = False,
    endpoint_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB", help="host that http-invoked functions may be at; repeatable, anywhere unless given"
        ),
    ] = None,
    topic_retention: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="DAYS",
            help="how long a durable topic keeps messages for a function without a subscriber; 0 is for ever",
        ),
    ] = RETENTION_SECONDS / _DAY,
    max_value_bytes: Annotated[
        int | None,
        typer.Option(min=1, help="largest value of state, as JSON text; any that fits a message unless given"),
    ] = None,
    http_middleware: Annotated[
        list[str] | None,
        typer.Option(metavar="FUNCTION_ID", help="asked before every http trigger; repeatable, in this order"),
    ] = None,
    config: Annotated[Path | None, typer.Option(hidden=True, callback=_refuse_config)] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="log what the engine does, not only warnings")] = False,
) -> None:
    """Run the embedded engine until SIGINT or SIGTERM.

    Exit codes: 0 after a signal, 1 when a port is taken or the data cannot be opened, 2 for a wrong option.

    Examples:

    - `iii-bridge engine`
    - `iii-bridge engine --port 0 --http-port 0 --memory`
    - `iii-bridge engine --data-dir /var/lib/iii --queue receipts:fifo`
    """
    start_logging(verbose=verbose)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole URLs, and some carry credentials
    try:
        made = Engine(
            host=host,
            port=port,
            http_port=http_port,
            stream_port=_stream_port(stream_port, port),
            data_dir=None if memory else data_dir,
            namespace_grace=_grace(),
            queues=queue or (),
            topic_retention=topic_retention * _DAY or None,
            http_middleware=http_middleware or (),
            max_value_bytes=max_value_bytes,
            http_functions=HttpSecurity(
                url_allowlist=endpoint_host or ("*",),
                block_private_ips=not allow_private_endpoints,
                require_https=not allow_private_endpoints,
            ),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    raise typer.Exit(asyncio.run(_run(made, "memory" if memory else str(data_dir))))


def _stream_port(asked: int | None, port: int) -> int:
    """An engine on free ports, as tests start it, does not lay hands on a well-known one."""
    if asked is not None:
        return asked
    return _STREAM_PORT if port else 0


def _grace() -> float:
    """Seconds a connection may stay unregistered; `III_NAMESPACE_GRACE_MS` as for the full engine (wire.md 2.2)."""
    text = os.environ.get("III_NAMESPACE_GRACE_MS", "5000")
    if not text.isdecimal():
        raise ValueError(f"III_NAMESPACE_GRACE_MS is {text!r}; it takes whole milliseconds")
    return int(text) / 1000


async def _run(made: Engine, kept_in: str) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C then ends the process the usual way
            loop.add_signal_handler(number, stop.set)
    try:
        await made.start()
    except Exception as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        cure = (
            "; stop what listens there, or choose other ports with --port, --http-port and --stream-port"
            if taken
            else ""
        )
        typer.echo(f"iii-bridge engine: cannot start: {error}{cure}", err=True)
        return 1
    typer.echo(f"engine ready: workers {made.url}  http {made.http_url}  streams {made.stream_url}  data in {kept_in}")
    await stop.wait()
    await made.stop()
    return 0
