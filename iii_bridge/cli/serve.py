"""`iii-bridge serve`: services of a module as a process."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from iii_bridge.bridge.logs import JsonLines
from iii_bridge.bridge.running import DEFAULT_GRACE, RunOptions, run
from iii_bridge.bridge.settings import DEFAULT_CONNECT_TIMEOUT
from iii_bridge.cli.options import (
    ConnectTimeoutOption,
    GraceOption,
    OnConflictOption,
    OwnNamespaceOption,
    UrlOption,
    WorkerNameOption,
    start_logging,
)
from iii_bridge.client import Bridge

__all__ = ["load_target", "serve"]


def serve(
    target: Annotated[
        list[str],
        typer.Argument(
            metavar="MODULE:NAME...",
            help="a service, or the class or function that makes one, of nothing or of the bridge",
        ),
    ],
    url: UrlOption = None,
    name: WorkerNameOption = None,
    namespace: OwnNamespaceOption = None,
    on_conflict: OnConflictOption = "raise",
    concurrency: Annotated[int | None, typer.Option(min=1, help="handlers that may run at once")] = None,
    connect_timeout: ConnectTimeoutOption = DEFAULT_CONNECT_TIMEOUT,
    grace: GraceOption = DEFAULT_GRACE,
    ready_file: Annotated[
        Path | None, typer.Option(help="written when everything is served, removed at the end")
    ] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="log lines of JSON, with what is being served")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="log what the bridge does, not only warnings")] = False,
) -> None:
    """Serve services until SIGINT or SIGTERM.

    The first signal lets what is being served finish, the second one does not. Exit codes: 0 after a signal, 1 when the
    engine stays away, refuses this worker, or a contract cannot be served, 2 for a target or an option that is wrong.

    Examples:

    - `iii-bridge serve shop.orders:Orders`
    - `iii-bridge serve shop.orders:Orders shop.stock:make_stock --name shop --log-json`
    """
    start_logging(verbose=verbose)
    if log_json:
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonLines())
    sys.path.insert(0, os.getcwd())
    services = [load_target(each) for each in target]
    options = RunOptions(
        worker_name=name,
        namespace=namespace,
        on_conflict=on_conflict,
        concurrency=concurrency,
        connect_timeout=connect_timeout,
        grace=grace,
    )

    def say(bridge: Bridge) -> None:
        if ready_file is not None:
            ready_file.write_text(f"{os.getpid()}\n", encoding="utf-8")
        typer.echo(f"ready: {', '.join(target)} as worker {bridge.worker_name}")

    try:
        run(*services, url=url, on_ready=say, **options)
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


def load_target(target: str) -> Any:
    """What `module:name` names. Raises typer.BadParameter where there is no such thing."""
    module, colon, path = target.partition(":")
    if not (module and colon and path):
        raise typer.BadParameter(f"{target!r} is no target; write module:Service")
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the module is there, and what it imports is not
        raise typer.BadParameter(f"module {error.name} of {target!r} was not found from here") from None
    for part in path.split("."):
        if not hasattr(found, part):
            raise typer.BadParameter(f"{module} has no {path}; write the name of a service or of what makes one")
        found = getattr(found, part)
    return found
