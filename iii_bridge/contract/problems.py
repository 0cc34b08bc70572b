"""Where and why JSON does not fit a message; never with what values."""

from __future__ import annotations

import json
import re
from typing import Any, Final

__all__ = ["CodecError", "MapKey", "Path", "Problem", "describe", "shown_name"]

_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME_LIMIT: Final = 64


class CodecError(ValueError):
    """JSON that does not fit a message, or a message that has no JSON form.

    `path` is the place (`$.items[2].quantity`), `problem` what is wrong there,
    in lower case and without any value.
    """

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{problem} at {path}")

    def __reduce__(self) -> tuple[type[CodecError], tuple[str, str]]:
        return type(self), (self.path, self.problem)


class Problem(ValueError):
    """A value that does not fit, before its place is known. The text is the problem."""


class MapKey:
    """A step into a map: its key, shown unless the field hides it (debug_redact)."""

    __slots__ = ("key",)

    def __init__(self, key: str) -> None:
        self.key = key


class Path:
    """A place in a JSON document: the place around it and the last step. The root has neither.

    Below a redacted field, map keys and names the contract does not know are hidden.
    """

    __slots__ = ("hidden", "parent", "step")  # no dataclass: one is made for every member the exact codec meets

    def __init__(
        self, parent: Path | None = None, step: str | int | MapKey | None = None, hidden: bool = False
    ) -> None:
        self.parent = parent
        self.step = step
        self.hidden = hidden

    def member(self, name: str, hidden: bool = False) -> Path:
        """The place of a field; `hidden` for a redacted one."""
        return Path(self, name, self.hidden or hidden)

    def key(self, key: str) -> Path:
        """The place of a map's value."""
        return Path(self, MapKey(key), self.hidden)

    def unknown(self, name: str) -> Path:
        """The place of a member the contract does not name."""
        return self.key(name) if self.hidden else self.member(name)

    def item(self, index: int) -> Path:
        """The place of a list item."""
        return Path(self, index, self.hidden)

    def fail(self, problem: str) -> CodecError:
        """The error to raise for this place."""
        return CodecError(str(self), problem)

    def pattern(self) -> str:
        """The place without indices and map keys: `$.items[*].quantity`."""
        return self._text(general=True)

    def __str__(self) -> str:
        return self._text(general=False)

    def _text(self, general: bool) -> str:
        steps: list[str] = []
        place: Path | None = self
        while place is not None and place.step is not None:
            steps.append(_show(place.step, place.hidden, general))
            place = place.parent
        return "$" + "".join(reversed(steps))


def _show(step: str | int | MapKey, hidden: bool, general: bool) -> str:
    if isinstance(step, int):
        return "[*]" if general else f"[{step}]"
    if isinstance(step, MapKey):
        return "[*]" if hidden or general else f"[{shown_name(step.key)}]"
    return f".{step}" if len(step) <= _NAME_LIMIT and _PLAIN_NAME.fullmatch(step) else f"[{shown_name(step)}]"


def shown_name(name: str) -> str:
    """A member name as messages show it: quoted, escaped, at most 64 characters."""
    return json.dumps(name if len(name) <= _NAME_LIMIT else name[: _NAME_LIMIT - 1] + "…")


def describe(value: Any) -> str:
    """What kind of JSON value something is, without showing it."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
