"""Values and comments as TypeScript."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from iii_codegen.emit.file import Lines

__all__ = ["Code", "add_value", "documentation", "text"]

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Code:
    """An expression that stands as it is among values."""

    source: str


def text(value: str) -> str:
    """A string literal, in ASCII: no line separator of JavaScript's is left in it."""
    return json.dumps(value)


def add_value(lines: Lines, value: Any, before: str = "", after: str = "") -> None:
    """Adds a literal, over several lines where it holds others; `before` and `after` stand on its first and last."""
    if isinstance(value, Mapping) and value:
        members: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType] -- of names, by its callers
        with lines.indented(f"{before}{{", f"}}{after}"):
            for name, member in members.items():
                add_value(lines, member, f"{_key(name)}: ", ",")
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        items: Sequence[Any] = value  # pyright: ignore[reportUnknownVariableType]
        with lines.indented(f"{before}[", f"]{after}"):
            for item in items:
                add_value(lines, item, "", ",")
    else:
        lines.add(f"{before}{value.source if isinstance(value, Code) else json.dumps(value)}{after}")


def _key(name: str) -> str:
    """`"__proto__": …` would set the prototype."""
    if name == "__proto__":
        return f"[{text(name)}]"
    return name if _IDENTIFIER.fullmatch(name) else text(name)


def documentation(comment: str, *more: str) -> list[str]:
    """A comment as JSDoc; nothing for none."""
    told = [line.rstrip().replace("*/", "* /") for line in comment.strip().split("\n")] if comment.strip() else []
    lines = [*told, *more]
    if len(lines) < 2:
        return [f"/** {line} */" for line in lines]
    return ["/**", *(f" * {line}".rstrip() for line in lines), " */"]
