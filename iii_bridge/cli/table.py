"""Tables for terminals and pipes: columns that line up, nothing drawn around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["print_table"]

_PIPE_WIDTH: Final = 240
_PLAIN: Final[Mapping[str, str]] = MappingProxyType({})


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], styles: Mapping[str, str] = _PLAIN) -> None:
    """Prints rows below headings; a cell whose whole text is in `styles` is shown in that style."""
    console = Console(highlight=False, emoji=False)
    if not console.is_terminal:  # nothing is folded where a program reads
        console = Console(highlight=False, emoji=False, width=_PIPE_WIDTH)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=styles.get(cell, "")) for cell in row))
    console.print(table)
