"""Options that several verbs have, so that they read the same everywhere."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from iii_codegen.text import Format

__all__ = [
    "ConnectTimeoutOption",
    "DescriptorSetOption",
    "GithubOption",
    "GraceOption",
    "IncludeOption",
    "JsonOption",
    "OnConflictOption",
    "OwnNamespaceOption",
    "ProjectOption",
    "ProtoOption",
    "UrlOption",
    "WorkerNameOption",
    "form_of",
    "start_logging",
]

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

IncludeOption = Annotated[list[Path] | None, typer.Option("--include", help="a further directory to import from")]
DescriptorSetOption = Annotated[
    Path | None,
    typer.Option(
        "--descriptor-set", help="a compiled descriptor set instead of a directory", exists=True, dir_okay=False
    ),
]
UrlOption = Annotated[str | None, typer.Option("--url", help="the engine; default $III_URL, else ws://127.0.0.1:49134")]
WorkerNameOption = Annotated[
    str | None, typer.Option("--name", help="the worker's name; default $III_WORKER_NAME, else host:pid")
]
OwnNamespaceOption = Annotated[str | None, typer.Option("--namespace", help="default $III_NAMESPACE, else none")]
OnConflictOption = Annotated[
    Literal["raise", "wait"],
    typer.Option("--on-conflict", help="when another worker owns a function: end, or stand by"),
]
ConnectTimeoutOption = Annotated[
    float, typer.Option("--connect-timeout", min=0.1, help="seconds the engine may be away at first")
]
GraceOption = Annotated[float, typer.Option("--grace", min=0, help="seconds to finish in after a signal")]


def form_of(*, as_json: bool, github: bool) -> Format:
    """The form findings are shown in: JSON when asked for, annotations when asked for and in GitHub Actions."""
    from iii_codegen.text import Format

    if as_json:
        return Format.JSON
    return Format.GITHUB if github or os.environ.get("GITHUB_ACTIONS") == "true" else Format.TEXT


def start_logging(*, verbose: bool = False) -> None:
    """Logs to standard error, a line each: warnings, and with `verbose` what is done as well."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
