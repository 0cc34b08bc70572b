"""Values and texts as Python source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

from iii_bridge.types import Json

__all__ = ["bytes_lines", "docstring", "literal", "text"]

_ODD: Final = re.compile(r"[^ !-\[\]-~]")
"""A backslash, or anything but printable ASCII."""
_SHORT: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def text(value: str) -> str:
    """A string literal in double quotes, on one line."""
    return '"' + _escape(value).replace('"', '\\"') + '"'


def _escape(value: str) -> str:
    return _ODD.sub(_escaped, value)


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    if char in _SHORT:
        return _SHORT[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def literal(value: Json) -> str:
    """A JSON value, or a tuple of them, as an expression."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, (tuple, list)):
        items = [literal(item) for item in cast("Sequence[Json]", value)]
        if isinstance(value, list):
            return "[" + ", ".join(items) + "]"
        return f"({items[0]},)" if len(items) == 1 else "(" + ", ".join(items) + ")"
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Json]", value)
        return "{" + ", ".join(f"{text(key)}: {literal(item)}" for key, item in members.items()) + "}"
    return repr(value)


def docstring(comment: str) -> list[str]:
    """The lines of a docstring that reads as the comment does; none for an empty comment."""
    if not comment.strip():
        return []
    lines = ["\t".join(_escape(part) for part in line.split("\t")) for line in comment.split("\n")]
    if lines[-1].endswith('"'):
        lines[-1] = lines[-1][:-1] + '\\"'
    lines = [line.replace('"""', '\\"\\"\\"') for line in lines]
    lines[0] = '"""' + lines[0]
    if len(lines) == 1:
        return [lines[0] + '"""']
    return [*lines, '"""']


def bytes_lines(data: bytes, width: int = 100) -> list[str]:
    """Bytes literals to be written below each other, each about `width` characters long."""
    lines: list[str] = []
    current = '"'
    for byte in data:
        current += _BYTES[byte]
        if len(current) >= width:
            lines.append(f'b{current}"')
            current = '"'
    return [*lines, f'b{current}"'] if current != '"' or not lines else lines


_BYTES: Final = [
    f"\\{chr(byte)}" if chr(byte) in '"\\' else chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"
    for byte in range(256)
]
