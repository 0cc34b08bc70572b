"""`iii-bridge lint`: what is wrong or unwise in the contracts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from iii_codegen.libraries import require_libraries

__all__ = ["lint"]

require_libraries()


def lint(
    proto: Annotated[
        Path | None,
        typer.Option("--proto", metavar="FOLDER", help="Contracts are below it, whatever [tool.iii-bridge] says."),
    ] = None,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", metavar="CODE", help="Leave out findings of this code; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array of findings.")] = False,
    github: Annotated[
        bool, typer.Option("--github", help="Print annotations for GitHub Actions; there it is the default.")
    ] = False,
    project: Annotated[
        Path,
        typer.Option("--project", metavar="DIR", help="The directory of pyproject.toml.", exists=True, file_okay=False),
    ] = Path(),
) -> None:
    """Look for everything `codegen` would report, and for what is legal and unwise on a bus.

    Exit codes: 0 nothing found, 1 there are findings, 2 the contracts cannot be read.

    Examples:

    - `iii-bridge lint`
    - `iii-bridge lint --proto proto --accept III606 --json`
    """
    from iii_codegen.lint import show_lints
    from iii_codegen.text import Format

    annotated = github or os.environ.get("GITHUB_ACTIONS") == "true"
    code = show_lints(
        project,
        proto=proto,
        accepted=accept or (),
        form=Format.JSON if as_json else Format.GITHUB if annotated else Format.TEXT,
        out=typer.echo,
        err=lambda line: typer.echo(line, err=True),
    )
    if code:
        raise typer.Exit(code)
