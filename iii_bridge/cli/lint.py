"""`iii-bridge lint`: what is wrong or unwise in the contracts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from iii_bridge.cli.options import GithubOption, JsonOption, ProjectOption, ProtoOption, form_of
from iii_codegen.libraries import require_libraries

__all__ = ["lint"]

require_libraries()


def lint(
    proto: ProtoOption = None,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", metavar="CODE", help="Leave out findings of this code; repeatable.")
    ] = None,
    as_json: JsonOption = False,
    github: GithubOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Look for everything `codegen` would report, and for what is legal and unwise on a bus.

    Exit codes: 0 nothing found, 1 there are findings, 2 the contracts cannot be read.

    Examples:

    - `iii-bridge lint`
    - `iii-bridge lint --proto proto --accept III606 --json`
    """
    from iii_codegen.lint import show_lints

    code = show_lints(
        project,
        proto=proto,
        accepted=accept or (),
        form=form_of(as_json=as_json, github=github),
        out=typer.echo,
        err=lambda line: typer.echo(line, err=True),
    )
    if code:
        raise typer.Exit(code)
