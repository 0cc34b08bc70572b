"""The comparison of two schemas, and of the two sides of a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from iii_bridge.contract.compat.contain import Containment
from iii_bridge.contract.compat.document import Document, Schema, as_object
from iii_bridge.contract.compat.evaluate import evaluate
from iii_bridge.contract.compat.findings import Comparison, Finding, Verdict
from iii_bridge.contract.compat.obstacles import Obstacle, Voice, path_text
from iii_bridge.errors import Side
from iii_bridge.types import Json

__all__ = ["Sides", "compare", "compare_function"]

_ANNOTATIONS: Final = frozenset(
    {"$schema", "$id", "$comment", "title", "description", "examples", "$defs", "definitions"}
)


@dataclass(frozen=True, slots=True)
class Sides:
    """What one worker says of a function: schemas as decoded JSON, None where it says nothing."""

    request: Json = None
    response: Json = None


def compare_function(caller: Sides, function: Sides) -> Comparison:
    """Whether a function fits its caller.

    The request the caller sends must be accepted by the function, and the
    response the function sends by the caller.
    """
    request = compare(caller.request, function.request, Side.REQUEST)
    response = compare(function.response, caller.response, Side.RESPONSE)
    return Comparison.of((*request.findings, *response.findings))


def compare(producer: Json, consumer: Json, side: Side = Side.REQUEST) -> Comparison:
    """Whether every document the producer's schema describes is valid under the consumer's.

    Dialects may differ: 2020-12, draft-07 and what stands between them are
    read alike. A producer that names members and does not mention others is
    taken to send those it names only. `side` decides who is called the caller
    in the texts.
    """
    voice = Voice(side)
    unsaid = _unsaid(producer, voice.sender, sends=True) or _unsaid(consumer, voice.receiver, sends=False)
    if unsaid is not None:
        return Comparison.of([Finding(Verdict.UNKNOWN, side, "$", "nothing known", "nothing known", unsaid)])
    sent, accepted = Document(producer).schema(), Document(consumer).schema()
    found = Containment(voice).obstacles(sent, accepted)
    return Comparison.of(_finding(obstacle, sent, accepted, side) for obstacle in found)


def _unsaid(schema: Json, who: str, *, sends: bool) -> str | None:
    """Why a schema says nothing that could be compared."""
    if schema is None:
        return f"{who} registers no schema"
    raw = as_object(schema)
    if raw is None:
        return None if isinstance(schema, bool) else f"{who} registers something that is no JSON Schema"
    if isinstance(raw.get("body"), list) and "properties" not in raw:
        return f"{who} registers a format that is no JSON Schema"
    if sends and raw.keys() <= _ANNOTATIONS:
        return f"{who} does not describe what it sends"
    return None


def _finding(obstacle: Obstacle, sent: Schema, accepted: Schema, side: Side) -> Finding:
    path = path_text(obstacle.steps)
    for witness in obstacle.witnesses if obstacle.decidable else ():
        if evaluate(sent, witness) is True and evaluate(accepted, witness) is False:
            facts = obstacle.produced, obstacle.accepted, obstacle.problem
            return Finding(Verdict.INCOMPATIBLE, side, path, *facts, witness)
    return Finding(Verdict.UNKNOWN, side, path, obstacle.produced, obstacle.accepted, obstacle.problem)
