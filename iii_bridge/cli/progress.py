"""What a program is at, while it takes its time; shown in terminals only."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console

__all__ = ["at_work"]


@contextmanager
def at_work(text: str) -> Generator[None]:
    """Shows a text on standard error as long as the block runs, and nothing where that is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(text):
        yield
