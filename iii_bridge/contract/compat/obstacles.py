"""What stands between a producer's schema and a consumer's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from iii_bridge.contract.problems import Path
from iii_bridge.errors import Side
from iii_bridge.types import Json

__all__ = ["Obstacle", "Step", "Voice", "path_text"]

_WITNESSES: Final = 24

Step = str | int | None
"""The name of a member, the index of an item, or None for any of them."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One place where the producer is not proven to fit."""

    produced: str
    accepted: str
    problem: str
    witnesses: tuple[Json, ...] = ()
    """Candidates: documents for the schema the obstacle was met at."""
    decidable: bool = True
    """False where a witness would prove nothing: the finding stays unknown."""
    steps: tuple[Step, ...] = ()

    def widened(self, others: Iterable[Obstacle]) -> Obstacle:
        """The same obstacle, accepting also what the other choices of a union accept at its place."""
        accepted = list(dict.fromkeys(item.accepted for item in others if item.steps == self.steps))
        text = " or ".join([self.accepted, *(item for item in accepted if item != self.accepted)])
        return replace(self, accepted=text, problem=self.problem.replace(self.accepted, text))

    def below(self, step: Step, wrap: Callable[[Json], Json | None]) -> Obstacle:
        """The same obstacle seen from one level up; `wrap` puts a document into one of the outer schema."""
        wrapped = (wrap(witness) for witness in self.witnesses)
        kept = tuple(document for document in wrapped if document is not None)
        return replace(self, steps=(step, *self.steps), witnesses=kept)


def path_text(steps: tuple[Step, ...]) -> str:
    """`$.items[*].quantity`."""
    return "$" + "".join("[*]" if step is None else str(_path(step))[1:] for step in steps)


def _path(step: str | int) -> Path:
    return Path().item(step) if isinstance(step, int) else Path().member(step)


@dataclass(frozen=True, slots=True)
class Voice:
    """Who sends and who receives on one side of a call, for texts."""

    side: Side

    @property
    def sender(self) -> str:
        """`the caller` sends requests, `the function` responses."""
        return "the function" if self.side is Side.RESPONSE else "the caller"

    @property
    def receiver(self) -> str:
        """The other one."""
        return "the caller" if self.side is Side.RESPONSE else "the function"

    def differs(
        self, produced: str, accepted: str, witnesses: Iterable[Json] = (), *, decidable: bool = True
    ) -> Obstacle:
        """The usual obstacle: one sends this, the other accepts that."""
        problem = f"{self.sender} sends {produced}, {self.receiver} accepts {accepted}"
        return Obstacle(produced, accepted, problem, tuple(islice(witnesses, _WITNESSES)), decidable)

    def says(
        self, problem: str, produced: str, accepted: str, witnesses: Iterable[Json] = (), *, decidable: bool = True
    ) -> Obstacle:
        """An obstacle with a text of its own; `{sender}` and `{receiver}` are filled in."""
        text = problem.replace("{sender}", self.sender).replace("{receiver}", self.receiver)
        return Obstacle(produced, accepted, text, tuple(islice(witnesses, _WITNESSES)), decidable)
