"""Objects of a producer against those of a consumer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from iii_bridge.contract.compat.branches import Objects, Values
from iii_bridge.contract.compat.disjoint import never_sends, required_names
from iii_bridge.contract.compat.document import Document, Schema, as_object, both
from iii_bridge.contract.compat.evaluate import evaluate
from iii_bridge.contract.compat.normal import Normal
from iii_bridge.contract.compat.obstacles import Obstacle, Step, Voice
from iii_bridge.contract.compat.patterns import matches
from iii_bridge.contract.compat.presence import Clause, implied, model_of
from iii_bridge.contract.compat.samples import Samples, presence_clauses
from iii_bridge.contract.compat.words import words
from iii_bridge.errors import Side
from iii_bridge.types import Json

__all__ = ["MemberPairs", "member_obstacles"]

_FEW: Final = 4
_A_STRING: Final = Document({"type": "string"}).schema()


@dataclass(frozen=True, slots=True)
class MemberPairs:
    """What the comparison of two objects needs of the whole."""

    voice: Voice
    normal: Normal
    samples: Samples
    obstacles: Callable[[Schema, Schema], list[Obstacle]]


def member_obstacles(whole: MemberPairs, sent: Objects, accepted: Objects) -> list[Obstacle]:
    """Why some object the producer describes may be refused."""
    own = _Own(whole, sent)
    if own.impossible:
        return []
    found = [item for name in own.names for item in _named(whole, own, accepted, name)]
    found += _matched(whole, own, accepted)
    if own.open:
        found += _others(whole, own, accepted)
    found += _names(whole, own, accepted)
    found += [item for clause in accepted.clauses for item in _clause(whole, own, clause)]
    return [*found, *_counts(whole, own, accepted)]


class _Own:
    """What the producer's objects may hold, worked out once."""

    def __init__(self, whole: MemberPairs, sent: Objects) -> None:
        self.facts = sent
        self.clauses = [*sent.clauses, *presence_clauses(sent, whole.normal)]
        self.impossible = model_of(self.clauses, {}) is None
        listed = _listed_names(whole, sent)
        names = [*sent.named(), *(name for name in listed or () if name not in sent.named() and sent.sends_others())]
        self.names = [name for name in names if not implied(self.clauses, frozenset({(name, False)}))]
        """The members that may be there and have a name."""
        self.open = sent.sends_others() and listed is None and not whole.normal.never(sent.others())
        """Whether members of other names may be there."""


def _listed_names(whole: MemberPairs, sent: Objects) -> list[str] | None:
    """The names `propertyNames` allows, where they are listed."""
    branches = whole.normal.branches(both(sent.names, _A_STRING)) if sent.names else ()
    if len(branches) == 1 and isinstance(branches[0].facts, Values):
        return [str(name) for name in branches[0].facts.values]
    return None


def _placed(whole: MemberPairs, own: _Own, name: str, step: Step, found: list[Obstacle]) -> Iterator[Obstacle]:
    """Obstacles of a member, with documents of the whole object around their witnesses."""
    if not found:
        return
    base = whole.samples.object(own.facts, {name: True}, 0)

    def wrap(value: Json) -> Json | None:
        return None if base is None else {**base, name: value}

    for obstacle in found:
        yield obstacle.below(step, wrap)


def _named(whole: MemberPairs, own: _Own, accepted: Objects, name: str) -> Iterator[Obstacle]:
    sends, accepts = own.facts.member(name, strictly=False), accepted.member(name, strictly=True)
    if whole.normal.never(accepts) and not whole.normal.never(sends):
        problem = f"{{sender}} may send {name}, which {{receiver}} refuses"
        sent = words(whole.normal.branches(sends))
        found = [whole.voice.says(problem, sent, "no such member", whole.samples.of(sends))]
    else:
        found = whole.obstacles(sends, accepts)
    yield from _placed(whole, own, name, name, found)


def _matched(whole: MemberPairs, own: _Own, accepted: Objects) -> Iterator[Obstacle]:
    """Members the producer describes by expressions."""
    theirs = accepted.patterns()
    for pattern, sends in own.facts.patterns().items():
        accepts: Schema = () if pattern in theirs else accepted.others()
        for schema in theirs.values():
            accepts = both(accepts, schema)
        name = next((name for name in whole.samples.names(own.facts) if matches(pattern, name)), "")
        yield from _placed(whole, own, name, None, whole.obstacles(sends, accepts))
        for name in accepted.named():
            if name not in own.facts.named() and matches(pattern, name) is not False:
                found = whole.obstacles(sends, accepted.member(name, strictly=True))
                yield from _placed(whole, own, name, name, found)


def _others(whole: MemberPairs, own: _Own, accepted: Objects) -> Iterator[Obstacle]:
    """Members the producer may send without naming them."""
    known = own.facts.named()
    for name in accepted.named():
        if name not in known and evaluate(own.facts.names, name) is not False:
            yield from _named(whole, own, accepted, name)
    sends, accepts = own.facts.others(), accepted.others()
    for schema in accepted.patterns().values():
        accepts = both(accepts, schema)
    free = (name for name in whole.samples.names(own.facts) if name not in known and name not in accepted.named())
    names = list(islice(free, _FEW))
    if not whole.normal.never(accepts):
        for name in names or [""]:
            yield from _placed(whole, own, name, None, whole.obstacles(sends, accepts))
        return
    base = whole.samples.object(own.facts, {}, 0)
    value = next(whole.samples.of(sends), None)
    witnesses = [{**base, name: value} for name in names] if base is not None else []
    problem = "{sender} may send members that are not described, which {receiver} refuses"
    yield whole.voice.says(problem, "any members", "those described only", witnesses)


def _names(whole: MemberPairs, own: _Own, accepted: Objects) -> Iterator[Obstacle]:
    """`propertyNames` of the consumer."""
    if not accepted.names:
        return
    refused = [name for name in own.names if evaluate(accepted.names, name) is not True]
    for name in refused:
        base = whole.samples.object(own.facts, {name: True}, 0)
        problem = f"{{sender}} may send {name}, a name {{receiver}} refuses"
        yield whole.voice.says(problem, "the name", "other names", [] if base is None else [base])
    if not (own.open or own.facts.patterns()):
        return
    base = whole.samples.object(own.facts, {}, 0) or {}
    value = next(whole.samples.of(own.facts.others()), None)
    for item in whole.obstacles(both(own.facts.names, _A_STRING), accepted.names):
        names = (name for name in item.witnesses if isinstance(name, str))
        problem = "{sender} may send members of names {receiver} refuses"
        witnesses = [{**base, name: value} for name in names]
        yield whole.voice.says(problem, item.produced, item.accepted, witnesses)


def _clause(whole: MemberPairs, own: _Own, clause: Clause) -> Iterator[Obstacle]:
    """One demand of the consumer on which members are there."""
    listed = {name for name, _ in clause}
    absent = [
        frozenset({(name, False)}) for name in listed if name not in own.names and (not own.open or _unable(own, name))
    ]
    known = [*own.clauses, *absent]
    if implied(known, clause):
        return
    needed = sorted(name for name, wanted in clause if wanted)
    others = sorted(name for name, wanted in clause if not wanted)
    given = {name: not wanted for name, wanted in clause}
    witness = whole.samples.object(own.facts, given, 0)
    witnesses = [] if witness is None else [witness]
    if len(clause) == 1 and needed:
        yield _missing(whole, own, needed[0], witnesses)
    else:
        yield whole.voice.says(_rule(needed, others), "them otherwise", "nothing else", witnesses)


def _unable(own: _Own, name: str) -> bool:
    return evaluate(own.facts.names, name) is False or never_sends(own.facts, name)


def _rule(needed: list[str], others: list[str]) -> str:
    if not others:
        return f"{{sender}} may leave out all of {', '.join(needed)}, {{receiver}} requires one of them"
    if not needed:
        return f"{{sender}} may send {' and '.join(others)} together, which {{receiver}} refuses"
    return f"{{sender}} may send {' and '.join(others)} without {' or '.join(needed)}, which {{receiver}} refuses"


def _missing(whole: MemberPairs, own: _Own, name: str, witnesses: list[Json]) -> Obstacle:
    wanted = "a required member"
    defaulted = any("default" in (as_object(part.raw) or {}) for part in own.facts.member(name, strictly=False))
    if name in own.names and defaulted and whole.voice.side is Side.RESPONSE:
        # Pydantic and serde write members that have a default, though their schemas do not require them.
        problem = f"{{sender}} describes {name} with a default and may leave it out, {{receiver}} requires it"
        found = whole.voice.says(problem, "a member with a default", wanted, decidable=False)
    elif name in own.names:
        problem = f"{{sender}} may leave out {name}, which {{receiver}} requires"
        found = whole.voice.says(problem, "an optional member", wanted, witnesses)
    else:
        problem = f"{{sender}} does not send {name}, which {{receiver}} requires"
        found = whole.voice.says(problem, "no such member", wanted, witnesses)
    return found.below(name, lambda document: document)


def _counts(whole: MemberPairs, own: _Own, accepted: Objects) -> Iterator[Obstacle]:
    least = max(own.facts.least, len(required_names(own.facts)))
    bounded = not own.open and not own.facts.patterns()
    most = len(own.names) if bounded else own.facts.most
    if bounded and own.facts.most is not None:
        most = min(len(own.names), own.facts.most)
    if least < accepted.least:
        witnesses = list(whole.samples.objects(own.facts, 0))
        yield whole.voice.differs("an object", f"one of at least {accepted.least} members", witnesses)
    if accepted.most is not None and (most is None or most > accepted.most):
        witnesses = [*whole.samples.objects(own.facts, 0), *_wide(whole, own, accepted.most + 1)]
        yield whole.voice.differs("an object", f"one of at most {accepted.most} members", witnesses)


def _wide(whole: MemberPairs, own: _Own, count: int) -> list[Json]:
    if count > 64:
        return []
    facts = own.facts
    wider = Objects(facts.views, facts.clauses, facts.names, count, facts.most)
    made = whole.samples.object(wider, {}, 0)
    return [] if made is None else [made]
