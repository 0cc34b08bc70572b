"""Options that several verbs have, so that they read the same everywhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from iii_codegen.text import Format

__all__ = ["GithubOption", "JsonOption", "ProjectOption", "ProtoOption", "form_of"]

ProtoOption = Annotated[
    Path | None,
    typer.Option("--proto", metavar="FOLDER", help="Contracts are below it, whatever [tool.iii-bridge] says."),
]
ProjectOption = Annotated[
    Path,
    typer.Option("--project", metavar="DIR", help="The directory of pyproject.toml.", exists=True, file_okay=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
GithubOption = Annotated[
    bool, typer.Option("--github", help="Print annotations for GitHub Actions; there it is the default.")
]


def form_of(*, as_json: bool, github: bool) -> Format:
    """The form findings are shown in: JSON when asked for, annotations when asked for and in GitHub Actions."""
    from iii_codegen.text import Format

    if as_json:
        return Format.JSON
    return Format.GITHUB if github or os.environ.get("GITHUB_ACTIONS") == "true" else Format.TEXT
