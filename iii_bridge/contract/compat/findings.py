"""What a comparison says: a verdict, and a finding for each place that is not proven to fit."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from iii_bridge.errors import Side
from iii_bridge.types import Json

__all__ = ["Comparison", "Finding", "Verdict"]


class Verdict(enum.Enum):
    """How two schemas fit; ordered from good to bad by `rank`."""

    COMPATIBLE = "compatible"
    """Everything the producer describes is accepted; proven."""
    UNKNOWN = "unknown"
    """Neither proven nor refuted."""
    INCOMPATIBLE = "incompatible"
    """Some document the producer describes is refused; `Finding.witness` is one."""

    @property
    def rank(self) -> int:
        """0 for compatible, 1 for unknown, 2 for incompatible."""
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where the two sides are not proven to fit.

    `path` is the place in the document (`$.items[*].quantity`), `produced` and
    `accepted` say what either schema describes there, `problem` says what is
    wrong in one line without the path.
    """

    verdict: Verdict
    side: Side
    path: str
    produced: str
    accepted: str
    problem: str
    witness: Json = None
    """For an incompatible finding: a whole document that one schema describes and the other refuses. Made up here."""

    def __str__(self) -> str:
        return f"{self.side.value}: {self.problem} at {self.path}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The findings of one comparison, worst first; none when everything is proven to fit."""

    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Comparison:
        """Sorts the findings, and drops repeated ones."""
        distinct = {(item.verdict, item.side, item.path, item.problem): item for item in findings}
        return cls(tuple(sorted(distinct.values(), key=lambda item: -item.verdict.rank)))

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all findings."""
        return max((item.verdict for item in self.findings), key=lambda item: item.rank, default=Verdict.COMPATIBLE)
