"""Events as lines a person reads in a terminal."""

from __future__ import annotations

import json
from typing import Final

import typer

from iii_bridge.cli.watch_events import Event

__all__ = ["line_of"]

_COLOURS: Final = {
    "trace": "bright_black", "debug": "bright_black", "info": "blue", "warn": "yellow", "error": "red",
    "added": "green", "removed": "magenta",
}  # fmt: skip
_SIGNS: Final = {"added": "+", "removed": "-"}


def line_of(event: Event) -> str:
    """Time, level or sign, who, what; colours are taken out by the terminal's own rules."""
    time = event.time.astimezone().strftime("%H:%M:%S.%f")[:-3]
    colour = _COLOURS.get(event.change, "white")
    if event.kind == "log":
        level = typer.style(f"{event.change.upper():<8}", fg=colour)
        more = " ".join(f"{name}={_plain(value)}" for name, value in event.details.items())
        return " ".join(filter(None, [f"{time} {level} {event.name or '-'}: {_one_line(event.text)}", more]))
    sign = typer.style(f"{_SIGNS[event.change]} {event.kind:<8}", fg=colour)
    return f"{time} {sign} {event.name}" + (f"  {event.text}" if event.text else "")


def _one_line(text: str) -> str:
    return "\\n".join(text.splitlines())


def _plain(value: object) -> str:
    if isinstance(value, str) and value and not any(char.isspace() for char in value):
        return value
    return json.dumps(value, ensure_ascii=False)
