"""`iii-bridge protos`: where the option, google and validate `.proto` files are, for protoc, buf and editors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from iii_codegen.libraries import require_libraries
from iii_codegen.protos import import_paths, vendored_files

__all__ = ["app", "path", "vendor"]

require_libraries()

app = typer.Typer(
    help=(
        "Find or copy the option and google .proto files.\n\n"
        "Exit codes: 0 done, 1 a file cannot be written.\n\n"
        "Examples:\n\n"
        "- `iii-bridge protos path`\n"
        "- `iii-bridge protos vendor third_party`"
    ),
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.command()
def path() -> None:
    """Print the directories to import from, one a line: `protoc $(iii-bridge protos path | sed s/^/-I/)`."""
    for directory in import_paths():
        typer.echo(str(directory))


@app.command()
def vendor(directory: Annotated[Path, typer.Argument(metavar="DIR", help="Created when missing.")]) -> None:
    """Copy the files into a directory, keeping their import paths; files that are the same stay untouched."""
    for name, content in vendored_files():
        target = directory / name
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        typer.echo(target.as_posix())
