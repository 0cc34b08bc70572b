"""`python -m iii_codegen [--check] [--project DIR]`: the generator without the rest of the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from iii_codegen.libraries import require_libraries

__all__ = ["main"]


def main() -> int:
    """Runs the generator in a project directory and returns the exit code."""
    parser = argparse.ArgumentParser(prog="iii_codegen", description="Generate code from contracts.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file differs")
    parser.add_argument("--project", type=Path, default=Path(), help="the directory of pyproject.toml")
    arguments = parser.parse_args()
    try:
        require_libraries()
    except ModuleNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 -- a program prints
        return 2
    from iii_codegen.driver import run

    return run(
        arguments.project,
        check=arguments.check,
        out=lambda line: print(line),  # noqa: T201
        err=lambda line: print(line, file=sys.stderr),  # noqa: T201
    )


if __name__ == "__main__":
    sys.exit(main())
