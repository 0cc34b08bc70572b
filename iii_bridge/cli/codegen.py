"""`iii-bridge codegen`: everything below `proto/` becomes Python and JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from iii_codegen.libraries import require_libraries

__all__ = ["codegen"]

require_libraries()


def codegen(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a file differs.")] = False,
    project: Annotated[
        Path,
        typer.Option("--project", metavar="DIR", help="The directory of pyproject.toml.", exists=True, file_okay=False),
    ] = Path(),
) -> None:
    """Generate stubs and schemas: proto/ becomes contracts/ and schemas/, unless [tool.iii-bridge] says otherwise.

    Exit codes: 0 done, 1 a contract has errors or, with --check, a file differs, 2 the settings cannot be used.
    """
    from iii_codegen.driver import run

    code = run(project, check=check, out=typer.echo, err=lambda line: typer.echo(line, err=True))
    if code:
        raise typer.Exit(code)
