"""One change between two versions of a contract, and the list of them while it grows."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import PurePath

from iii_bridge.types import Json
from iii_codegen.model.breaking_codes import BREAKS, Break
from iii_codegen.model.nodes import Place

__all__ = ["Change", "Changes"]


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """A change: where in the new version (in the old one for what is gone as a whole), of what, from what to what."""

    place: Place
    code: str
    element: str
    """The full name of the service, method, message, field, enum or value."""
    problem: str
    """A sentence without the place, lower case."""
    old: str = ""
    new: str = ""

    @property
    def rule(self) -> Break:
        """The entry of the table."""
        return BREAKS[self.code]

    @property
    def breaks(self) -> bool:
        """Whether somebody who did nothing wrong stops working."""
        return not self.rule.note

    def below(self, root: PurePath) -> Change:
        """The same change with its file, an import name, below a directory."""
        return dataclasses.replace(self, place=dataclasses.replace(self.place, file=str(root / self.place.file)))

    def as_json(self) -> Json:
        """For programs: every part by name."""
        return {
            "code": self.code,
            "breaking": self.breaks,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "element": self.element,
            "old": self.old,
            "new": self.new,
            "problem": self.problem,
            "cure": self.rule.cure,
            "buf": self.rule.buf,
        }

    def __str__(self) -> str:
        severity = "breaking" if self.breaks else "note"
        return f"{self.place}: {severity} {self.code}: {self.problem}\n    instead: {self.rule.cure}"


@dataclass(slots=True)
class Changes:
    """Collects changes while two trees are compared."""

    found: set[Change] = field(default_factory=lambda: set[Change]())

    def add(self, code: str, place: Place, element: str, problem: str, old: object = "", new: object = "") -> None:
        """Records a change; `old` and `new` are shown as text."""
        self.found.add(Change(place, code, element, problem, str(old), str(new)))

    def sorted(self) -> list[Change]:
        """Every change, by place."""
        return sorted(self.found)
