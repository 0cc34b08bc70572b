"""Values of options in the text format."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["Word", "literal"]


class Word(str):
    """The name of an enum's value, which stands without quotes."""

    __slots__ = ()


def literal(value: Any) -> str:
    """A message, a list, or a scalar on one line."""
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # protoc reads the same escapes
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        inside = " ".join(f"{name}: {literal(item)}" for name, item in value.items())  # pyright: ignore[reportUnknownVariableType]
        return f"{{ {inside} }}"
    if isinstance(value, list):
        return f"[{', '.join(literal(item) for item in value)}]"  # pyright: ignore[reportUnknownVariableType]
    return repr(value)
