"""How a message with fields marked `debug_redact` shows itself."""

from __future__ import annotations

import dataclasses
from typing import Any

__all__ = ["redacted_repr"]


def redacted_repr(message: Any, hidden: tuple[str, ...]) -> str:
    """What `repr` says of a generated message: fields that are not at their default, the contents of `hidden` ones not.

    Called by the `__repr__` of generated messages.
    """
    parts: list[str] = []
    for field in dataclasses.fields(message):
        value = getattr(message, field.name)
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        if value != default:
            parts.append(f"{field.name}={'<redacted>' if field.name in hidden else repr(value)}")
    return f"{type(message).__name__}({', '.join(parts)})"
