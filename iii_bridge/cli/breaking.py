"""`iii-bridge breaking`: what changed in the contracts since an older version."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from iii_bridge.cli.options import GithubOption, JsonOption, ProjectOption, ProtoOption, form_of
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
    proto: ProtoOption = None,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", metavar="CODE", help="Leave out changes of this code; repeatable.")
    ] = None,
    as_json: JsonOption = False,
    github: GithubOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Compare the contracts with an older version of them, and say what breaks those who have it.

    Exit codes: 0 nothing breaks, 1 something does, 2 the versions cannot be compared.

    Examples:

    - `iii-bridge breaking --against main`
    - `iii-bridge breaking --against v1.4.0 --json`
    - `iii-bridge breaking --proto proto --against ../released/proto --accept BRK407`
    """
    from iii_codegen.versions import show_breaking

    code = show_breaking(
        project,
        against=against,
        proto=proto,
        accepted=accept or (),
        form=form_of(as_json=as_json, github=github),
        out=typer.echo,
        err=lambda line: typer.echo(line, err=True),
    )
    if code:
        raise typer.Exit(code)
