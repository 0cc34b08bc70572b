"""`iii-bridge codegen`: everything below `proto/` becomes Python and JSON Schema."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from iii_bridge.cli.options import ProjectOption
from iii_codegen.libraries import require_libraries

__all__ = ["codegen"]

require_libraries()


def codegen(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a file differs.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Generate again whenever a contract changes.")] = False,
    project: ProjectOption = Path(),
) -> None:
    """Generate stubs and schemas: proto/ becomes contracts/ and schemas/, unless [tool.iii-bridge] says otherwise.

    Exit codes: 0 done, 1 a contract has errors or, with --check, a file differs, 2 the settings cannot be used.
    With --watch faults are shown and watching goes on; Ctrl+C ends it, with 0.

    Examples:

    - `iii-bridge codegen`
    - `iii-bridge codegen --check --project services/orders`
    - `iii-bridge codegen --watch`
    """
    if check and watch:
        raise typer.BadParameter("--check and --watch exclude each other")

    def err(line: str) -> None:
        typer.echo(line, err=True)

    if watch:
        from iii_codegen.watching import watch as keep_generating

        with _until_signalled() as stop:
            keep_generating(project, out=typer.echo, err=err, stop=stop)
        return
    from iii_codegen.driver import run

    code = run(project, check=check, out=typer.echo, err=err)
    if code:
        raise typer.Exit(code)


@contextlib.contextmanager
def _until_signalled() -> Generator[threading.Event]:
    """An event that Ctrl+C and SIGTERM set, wherever the program is at that moment."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = [signal.signal(number, end) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
