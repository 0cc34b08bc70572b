"""Values as Rust writes them."""

from __future__ import annotations

__all__ = ["byte_string", "option", "text"]


def text(value: str) -> str:
    """A string literal."""
    return '"' + "".join(_character(char) for char in value) + '"'


def _character(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\u{{{ord(char):x}}}"


def option(value: str | None) -> str:
    """`None`, or `Some` around a literal."""
    return "None" if value is None else f"Some({value})"


def byte_string(data: bytes) -> str:
    """A literal of bytes, in lines of at most 100 characters."""
    pieces: list[str] = []
    for byte in data:
        char = chr(byte)
        plain = 0x20 <= byte < 0x7F and char not in '"\\'
        pieces.append(char if plain else f"\\x{byte:02x}")
    lines = [""]
    for piece in pieces:
        # A line must not begin with a blank, which the continuation would swallow.
        if len(lines[-1]) + len(piece) > 96 and piece != " ":
            lines.append("")
        lines[-1] += piece
    return 'b"' + "\\\n".join(lines) + '"'
