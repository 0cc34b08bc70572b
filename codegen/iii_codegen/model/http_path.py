"""Path templates: google.api.http's grammar and the engine's `/orders/:id` (wire.md 7.1), as one value.

Template = "/" Segments [ ":" LITERAL ] ;
Segments = Segment { "/" Segment } ;
Segment  = "*" | "**" | LITERAL | "{" FieldPath [ "=" Segments ] "}" ;
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["PathError", "PathTemplate", "parse_engine_path", "parse_template"]

_FIELD_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_LITERAL: Final = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()+,;=@]|%[0-9A-Fa-f]{2})+")


class PathError(ValueError):
    """A path that is not well-formed; the text says where."""


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A parsed path. `parameters` are the engine's parameter names, in order."""

    template: str
    """As google.api.http writes it: `/v1/orders/{order_id}`."""
    fields: tuple[str, ...]
    """The field paths of the variables, in order."""
    segments: tuple[str, ...]
    """As the engine writes them: literals, and `:name` for parameters."""
    verb: str = ""

    @property
    def engine_path(self) -> str:
        """The `api_path` of a trigger: `/v1/orders/:order_id`."""
        return "/" + "/".join(self.segments) + (f":{self.verb}" if self.verb else "")

    @property
    def shape(self) -> str:
        """Equal for routes the engine cannot tell apart: parameter names do not count."""
        shape = "/".join(":" if segment.startswith(":") else segment for segment in self.segments)
        return f"/{shape}:{self.verb}" if self.verb else f"/{shape}"


def parse_template(template: str) -> PathTemplate:
    """Parses a google.api.http path. Raises PathError."""
    if not template.startswith("/"):
        raise PathError(f"path {template} does not begin with a slash")
    body, verb = _split_verb(template)
    fields: list[str] = []
    segments: list[str] = []
    for piece in _split_segments(body[1:]):
        segments.extend(_segment(piece, fields, template))
    repeated = {name for name in fields if fields.count(name) > 1}
    if repeated:
        raise PathError(f"path {template} binds {min(repeated)} twice")
    return PathTemplate(template, tuple(fields), tuple(segments), verb)


def parse_engine_path(path: str) -> PathTemplate:
    """Parses an `api_path` such as `/orders/:id`; the leading slash may be left out. Raises PathError."""
    pieces = path.removeprefix("/").split("/")
    written = ["{" + piece[1:] + "}" if piece.startswith(":") else piece for piece in pieces]
    for piece in pieces:
        if "{" in piece or "*" in piece:
            raise PathError(f"path {path} uses {piece}; parameters are written :name")
    return parse_template("/" + "/".join(written))


def _split_verb(template: str) -> tuple[str, str]:
    slash, colon, brace = template.rfind("/"), template.rfind(":"), template.rfind("}")
    if colon > max(slash, brace):
        verb = template[colon + 1 :]
        if not _LITERAL.fullmatch(verb):
            raise PathError(f"path {template} ends in a verb that is no literal")
        return template[:colon], verb
    return template, ""


def _split_segments(body: str) -> list[str]:
    """Splits at slashes outside of braces."""
    pieces: list[str] = [""]
    depth = 0
    for char in body:
        depth += (char == "{") - (char == "}")
        if char == "/" and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += char
    return pieces if body else []


def _segment(piece: str, fields: list[str], template: str) -> list[str]:
    if piece.startswith("{") and piece.endswith("}"):
        name, equals, pattern = piece[1:-1].partition("=")
        if not _FIELD_PATH.fullmatch(name):
            raise PathError(f"path {template} has a variable that is no field path: {name or 'empty'}")
        fields.append(name)
        if not equals or pattern in ("*", "**"):
            return [f":{name}"]
        return [_wildcard(part, f"{name}.{index}", template) for index, part in enumerate(pattern.split("/"), 1)]
    return [_wildcard(piece, "wildcard", template)]


def _wildcard(piece: str, name: str, template: str) -> str:
    if piece in ("*", "**"):
        return f":{name}"
    if not _LITERAL.fullmatch(piece):
        raise PathError(f"path {template} has a segment that is not well-formed: {piece or 'empty'}")
    return piece
