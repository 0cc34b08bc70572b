"""`iii-bridge demo`: order lines through three languages; runs from a checkout of the project."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["demo"]

_PYTHON = Path(__file__).resolve().parents[2] / "examples" / "python"


def demo(
    url: Annotated[
        str | None,
        typer.Option(envvar="III_URL", help="a running engine's WebSocket address; without it one is started"),
    ] = None,
    http_url: Annotated[
        str | None,
        typer.Option(envvar="III_HTTP_URL", help="that engine's http address; default http://127.0.0.1:3111"),
    ] = None,
    lines: Annotated[int | None, typer.Option(min=1, help="place only the first N order lines")] = None,
) -> None:
    """Place a few thousand order lines through Python, TypeScript and Rust workers, then watch breaches being caught.

    Exit codes: 0 all is well, 1 a number is off or a breach was missed, 2 this is no checkout,
    3 all is well but Python stood in for node or cargo.

    Examples:

    - `iii-bridge demo`
    - `iii-bridge demo --lines 200 --url ws://127.0.0.1:49134`
    """
    if not _PYTHON.is_dir():
        typer.echo(
            "iii-bridge demo runs from a checkout of the project, where examples/ is: clone it and run `make demo`",
            err=True,
        )
        raise typer.Exit(2)
    sys.path.insert(0, str(_PYTHON))
    run: Any = importlib.import_module("demo.run")
    raise typer.Exit(run.main((url or "").strip() or None, (http_url or "").strip() or None, lines))
