"""What is wrong with a contract: a place, a stable code, a sentence and a hint; all of it at once."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass, field
from pathlib import PurePath

from iii_bridge.types import Json
from iii_codegen.model.codes import CODES
from iii_codegen.model.nodes import Place

__all__ = ["Diagnostic", "Report", "Severity"]


class Severity(enum.Enum):
    """Errors stop the run; warnings are shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One finding. `code` is one of `iii_codegen.model.codes.CODES`."""

    place: Place
    code: str
    problem: str
    hint: str

    @property
    def severity(self) -> Severity:
        """As the code's entry in the table says."""
        return Severity.WARNING if CODES[self.code].warning else Severity.ERROR

    def below(self, root: PurePath) -> Diagnostic:
        """The same finding with its file, an import name, below a directory."""
        return dataclasses.replace(self, place=dataclasses.replace(self.place, file=str(root / self.place.file)))

    def as_json(self) -> Json:
        """For programs: every part by name."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "problem": self.problem,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        problem = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in self.problem)
        return f"{self.place}: {self.severity.value} {self.code}: {problem}\n    hint: {self.hint}"


@dataclass(slots=True)
class Report:
    """Collects findings while the model is built and checked."""

    found: set[Diagnostic] = field(default_factory=lambda: set[Diagnostic]())

    def add(self, code: str, place: Place, problem: str, hint: str = "") -> None:
        """Records a finding; without `hint` the one of the code's table entry is shown."""
        self.found.add(Diagnostic(place, code, problem, hint or CODES[code].hint))

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Every finding, by place."""
        return sorted(self.found)

    @property
    def errors(self) -> list[Diagnostic]:
        """The findings that stop the run."""
        return [item for item in self.diagnostics if item.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Diagnostic]:
        """The findings that do not."""
        return [item for item in self.diagnostics if item.severity is Severity.WARNING]
