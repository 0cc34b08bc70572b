"""Path templates: google.api.http's grammar and the engine's `/orders/:id` (wire.md 7.1), as one value.

Template = "/" Segments [ ":" LITERAL ] ;
Segments = Segment { "/" Segment } ;
Segment  = "*" | "**" | LITERAL | "{" FieldPath [ "=" Segments ] "}" ;

The engine's parameters stand for one segment each. A variable of several
segments is several parameters there, put together again by `PathTemplate.bind`;
`**` is one route for every number of segments up to `MAX_REST`; and a custom
verb after a variable arrives as the end of the last parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

__all__ = ["MAX_REST", "PathError", "PathTemplate", "Variable", "parse_engine_path", "parse_template"]

MAX_REST: Final = 8
"""The most segments that `**` stands for: the engine has no parameter for the rest of a path."""

_FIELD_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_LITERAL: Final = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()+,;=@]|%[0-9A-Fa-f]{2})+")
_ENCODED_SLASH: Final = re.compile("(%2[Ff])")


class PathError(ValueError):
    """A path that is not well-formed; the text says where."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A field path and the segments it takes: `end` is one past the last of them."""

    field_path: str
    start: int
    end: int
    spans: bool
    """Whether it may hold several segments, so that encoded slashes stay as they are."""


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A parsed path: `segments` are literals, `*` and `**`."""

    template: str
    """As google.api.http writes it: `/v1/orders/{order_id}`."""
    segments: tuple[str, ...]
    variables: tuple[Variable, ...]
    verb: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The field paths of the variables, in order."""
        return tuple(variable.field_path for variable in self.variables)

    @property
    def engine_path(self) -> str:
        """The `api_path` of a trigger: `/v1/orders/:order_id`; of several, the one for a `**` of one segment."""
        return self._engine_path(1)

    @property
    def engine_paths(self) -> tuple[str, ...]:
        """Every `api_path` the template needs: one, or with `**` one for each number of segments it stands for."""
        lengths = range(MAX_REST + 1) if "**" in self.segments else range(1, 2)
        return tuple(self._engine_path(length) for length in lengths)

    @property
    def shape(self) -> str:
        """Equal for templates that match the same paths: the names of parameters do not count."""
        shape = "/" + "/".join(":" if segment == "*" else segment for segment in self.segments)
        return f"{shape}:{self.verb}" if self.verb else shape

    def bind(self, path: str, values: Sequence[str]) -> dict[str, str] | None:
        """The value of each field path, percent-decoded; None when the verb is another one.

        `path` is one of `engine_paths`, whatever its parameters are called,
        and `values` its parameters as they stand in the URL.
        """
        parts = [part for part in path.split("/")[1:] if part]
        waiting = iter(values)
        texts = [next(waiting) if part.startswith(":") else part for part in parts]
        if self._verb_is_matched:
            if not texts or not texts[-1].endswith(f":{self.verb}"):
                return None
            texts[-1] = texts[-1].removesuffix(f":{self.verb}")
        grown = len(texts) - len(self.segments)
        found: dict[str, str] = {}
        for variable in self.variables:
            end = variable.end + (grown if "**" in self.segments[variable.start : variable.end] else 0)
            taken = texts[variable.start : end]
            found[variable.field_path] = _decoded_path(taken) if variable.spans else unquote(taken[0])
        return found

    @property
    def _verb_is_matched(self) -> bool:
        """Whether the verb comes with a parameter, instead of being a literal of the engine's path."""
        return bool(self.verb) and self.segments[-1:] in (("*",), ("**",))

    def _engine_path(self, rest: int) -> str:
        path = "/" + "/".join(self._engine_segments(rest))
        return f"{path}:{self.verb}" if self.verb and not self._verb_is_matched else path

    def _engine_segments(self, rest: int) -> Iterator[str]:
        for index, segment in enumerate(self.segments):
            if segment == "*":
                yield ":" + self._parameter(index)
            elif segment == "**":
                yield from (f":{self._parameter(index)}__{number}" for number in range(1, rest + 1))
            else:
                yield segment

    def _parameter(self, index: int) -> str:
        """Letters, digits and underscores only: the engine's router may know no others."""
        for variable in self.variables:
            if variable.start <= index < variable.end:
                name = variable.field_path.replace(".", "__")
                return name if variable.end - variable.start == 1 else f"{name}__{index - variable.start + 1}"
        return f"wildcard__{index + 1}"


def parse_template(template: str) -> PathTemplate:
    """Parses a google.api.http path. Raises PathError."""
    if not template.startswith("/"):
        raise PathError(f"path {template} does not begin with a slash")
    body, verb = _split_verb(template)
    segments: list[str] = []
    variables: list[Variable] = []
    for piece in _split_segments(body[1:]):
        field_path, pattern = _piece(piece, template)
        start = len(segments)
        segments += [_plain_segment(part, template) for part in pattern.split("/")]
        if field_path:
            variables.append(Variable(field_path, start, len(segments), pattern != "*"))
    if "**" in segments[:-1]:
        raise PathError(f"path {template} goes on after **, which stands for the rest of it")
    names = [variable.field_path for variable in variables]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise PathError(f"path {template} binds {min(repeated)} twice")
    parsed = PathTemplate(template, tuple(segments), tuple(variables), verb)
    parameters = [part for part in parsed.engine_path.split("/") if part.startswith(":")]
    if len(set(parameters)) < len(parameters):
        raise PathError(f"path {template} gives the engine one parameter name twice; rename a field or leave one out")
    return parsed


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


def _piece(piece: str, template: str) -> tuple[str, str]:
    """The field path, empty for what is no variable, and the segments it stands for."""
    if not (piece.startswith("{") and piece.endswith("}")):
        return "", piece
    name, equals, pattern = piece[1:-1].partition("=")
    if not _FIELD_PATH.fullmatch(name):
        raise PathError(f"path {template} has a variable that is no field path: {name or 'empty'}")
    return name, pattern if equals else "*"


def _plain_segment(segment: str, template: str) -> str:
    if segment not in ("*", "**") and not _LITERAL.fullmatch(segment):
        raise PathError(f"path {template} has a segment that is not well-formed: {segment or 'empty'}")
    return segment


def _decoded_path(segments: Sequence[str]) -> str:
    """Several segments as one value: decoded, but for the slashes that do not separate segments."""
    pieces = _ENCODED_SLASH.split("/".join(segments))
    return "".join(piece if _ENCODED_SLASH.fullmatch(piece) else unquote(piece) for piece in pieces)
