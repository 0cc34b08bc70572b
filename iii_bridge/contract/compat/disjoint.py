"""Whether two branches have no value in common, as far as that can be shown."""

from __future__ import annotations

from typing import Final

from iii_bridge.contract.compat.branches import KINDS, Branch, Numbers, Objects, Strings, Values
from iii_bridge.contract.compat.document import Schema
from iii_bridge.contract.compat.evaluate import evaluate, json_type
from iii_bridge.contract.compat.normal import Normal

__all__ = ["Disjoint", "never_sends", "required_names"]

_DEEPEST: Final = 3


def required_names(facts: Objects) -> set[str]:
    """The members that must be there."""
    return {name for clause in facts.clauses if len(clause) == 1 for name, wanted in clause if wanted}


def never_sends(facts: Objects, name: str) -> bool:
    """Whether a producer does not describe a member at all."""
    return not facts.sends_others() and name not in facts.named() and not facts.patterns()


class Disjoint:
    """Answers for one comparison; the first argument is always the producer's."""

    def __init__(self, normal: Normal) -> None:
        self._normal = normal

    def schemas(self, sent: Schema, other: Schema, depth: int = 0) -> bool:
        """Whether nothing the producer describes is valid under the other schema."""
        return all(self.schema(branch, other, depth) for branch in self._normal.branches(sent))

    def schema(self, sent: Branch, other: Schema, depth: int = 0) -> bool:
        """The same for one branch of the producer's."""
        if isinstance(sent.facts, Values):
            return all(evaluate(other, value) is False for value in sent.facts.values)
        return all(self.branches(sent, branch, depth) for branch in self._normal.branches(other))

    def branches(self, sent: Branch, other: Branch, depth: int = 0) -> bool:
        """The same for two branches."""
        match sent.facts, other.facts:
            case Numbers() as one, Numbers() as two:
                return _apart(one, two) or _apart(two, one)
            case Strings() as one, Strings() as two:
                return _shorter(one, two) or _shorter(two, one)
            case Objects() as one, Objects() as two:
                return depth < _DEEPEST and self._objects(one, two, depth)
            case one, Values(values=values):
                return KINDS[type(one)] not in {json_type(value) for value in values}
            case one, two:
                return type(one) is not type(two)

    def _objects(self, one: Objects, two: Objects, depth: int) -> bool:
        """Apart when a member that must be there cannot be what both say."""
        if any(never_sends(one, name) for name in required_names(two)):
            return True
        return any(
            self.schemas(one.member(name, strictly=False), two.member(name, strictly=False), depth + 1)
            for name in sorted(required_names(one) | required_names(two))
        )


def _apart(one: Numbers, two: Numbers) -> bool:
    if one.high is None or two.low is None:
        return False
    return one.high[0] < two.low[0] or (one.high[0] == two.low[0] and (one.high[1] or two.low[1]))


def _shorter(one: Strings, two: Strings) -> bool:
    return one.most is not None and one.most < two.least
