"""`iii-bridge breaking`: what changed in the contracts since an older version."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from iii_codegen.libraries import require_libraries

__all__ = ["breaking"]

require_libraries()


def breaking(
    against: Annotated[
        str,
        typer.Option(
            "--against",
            metavar="OLDER",
            help="A directory of .proto files, a descriptor set, or a git revision; git:NAME is always a revision.",
            show_default=False,
        ),
    ],
    proto: Annotated[
        Path | None,
        typer.Option("--proto", metavar="FOLDER", help="Contracts are below it, whatever [tool.iii-bridge] says."),
    ] = None,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", metavar="CODE", help="Leave out changes of this code; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array of changes.")] = False,
    github: Annotated[
        bool, typer.Option("--github", help="Print annotations for GitHub Actions; there it is the default.")
    ] = False,
    project: Annotated[
        Path,
        typer.Option("--project", metavar="DIR", help="The directory of pyproject.toml.", exists=True, file_okay=False),
    ] = Path(),
) -> None:
    """Compare the contracts with an older version of them, and say what breaks those who have it.

    Exit codes: 0 nothing breaks, 1 something does, 2 the versions cannot be compared.

    Examples:

    - `iii-bridge breaking --against main`
    - `iii-bridge breaking --against v1.4.0 --json`
    - `iii-bridge breaking --proto proto --against ../released/proto --accept BRK407`
    """
    from iii_codegen.text import Format
    from iii_codegen.versions import show_breaking

    annotated = github or os.environ.get("GITHUB_ACTIONS") == "true"
    code = show_breaking(
        project,
        against=against,
        proto=proto,
        accepted=accept or (),
        form=Format.JSON if as_json else Format.GITHUB if annotated else Format.TEXT,
        out=typer.echo,
        err=lambda line: typer.echo(line, err=True),
    )
    if code:
        raise typer.Exit(code)
