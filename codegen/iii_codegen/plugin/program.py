"""What both plugins check before they read a request."""

from __future__ import annotations

import sys
from pathlib import Path

from iii_codegen.libraries import require_libraries

__all__ = ["check_start"]


def check_start() -> None:
    """Ends the program with one line when the extra is missing, or when a person started it and not protoc or buf."""
    try:
        require_libraries()
    except ModuleNotFoundError as error:
        sys.exit(f"error: {error}")
    if len(sys.argv) > 1 or sys.stdin.isatty():
        name = Path(sys.argv[0]).stem
        flag = name.removeprefix("protoc-gen-")
        sys.exit(f"{name} is a plugin for protoc and buf: protoc --{flag}_out=DIR …")
