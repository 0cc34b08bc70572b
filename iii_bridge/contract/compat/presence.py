"""Which members an object must have and may have together, as clauses over their names.

A clause is a set of literals of which one must hold: `{+a}` says that `a` is
required, `{-a, -b}` that `a` and `b` cannot stand together, `{-a, +b}` that
`b` comes with `a`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from iii_bridge.contract.compat.document import as_object, list_of
from iii_bridge.types import Json

__all__ = ["Clause", "Literal", "clauses_of", "implied", "model_of", "negated_clauses", "positive_clauses"]

Literal = tuple[str, bool]
"""A name, and whether it is there."""
Clause = frozenset[Literal]


def clauses_of(raw: Mapping[str, Any]) -> list[Clause]:
    """`required` and the dependencies of one schema object; not what stands below `not`."""
    clauses = [frozenset({(str(name), True)}) for name in list_of(raw.get("required"))]
    for keyword in ("dependentRequired", "dependencies"):
        for name, needed in (as_object(raw.get(keyword)) or {}).items():
            clauses += [frozenset({(name, False), (str(other), True)}) for other in list_of(needed)]
    return clauses


def negated_clauses(raw: Json) -> tuple[list[Clause], bool] | None:
    """What `not` over a schema says about names, and whether it refuses values that are no objects.

    None when the schema speaks of anything but names.
    """
    schema = as_object(raw)
    if schema is None or len(schema) != 1:
        return None
    match next(iter(schema.items())):
        case ("required", [*names]) if names:
            return [frozenset((str(name), False) for name in names)], True
        case ("anyOf", [*choices]) if choices:
            found = [negated_clauses(choice) for choice in choices]
            some = [item for item in found if item is not None]
            clauses = [clause for own, _ in some for clause in own]
            return (clauses, any(refuses for _, refuses in some)) if len(some) == len(found) else None
        case ("not", inner):
            inside = _double_negation(inner)
            return None if inside is None else (inside, False)
        case _:
            return None


def _double_negation(raw: Json) -> list[Clause] | None:
    schema = as_object(raw) or {}
    if list(schema) == ["required"]:
        return [frozenset({(str(name), True)}) for name in list_of(schema["required"])]
    return positive_clauses(schema["anyOf"]) if list(schema) == ["anyOf"] else None


def positive_clauses(choices: Json) -> list[Clause] | None:
    """What `anyOf` over schemas says when each is no more than one required name, else None."""
    names = [_only_required(choice) for choice in list_of(choices)]
    if not names or None in names:
        return None
    return [frozenset((name, True) for name in names if name is not None)]


def _only_required(raw: Json) -> str | None:
    schema = as_object(raw) or {}
    names = list_of(schema.get("required"))
    return str(names[0]) if len(schema) == 1 and len(names) == 1 else None


def implied(known: Iterable[Clause], clause: Clause) -> bool:
    """Whether every choice of members that satisfies the known clauses satisfies this one."""
    refuting = {name: not wanted for name, wanted in clause}
    return len(refuting) < len(clause) or model_of(known, refuting) is None


def model_of(clauses: Iterable[Clause], given: Mapping[str, bool]) -> dict[str, bool] | None:
    """Names that are there or not so that every clause holds, as few there as is easily found; None when none can.

    `given` is decided already. Names that are in no clause and not given stay out of the answer.
    """
    chosen = dict(given)
    open_clauses: list[Clause] = [clause for clause in clauses if not _holds(clause, chosen)]
    while open_clauses:
        shortest = min((_undecided(clause, chosen) for clause in open_clauses), key=len)
        if not shortest:
            return None
        if len(shortest) > 1:
            return _branch(open_clauses, chosen, shortest)
        name, wanted = shortest[0]
        chosen[name] = wanted
        open_clauses = [clause for clause in open_clauses if not _holds(clause, chosen)]
    return chosen


def _branch(clauses: list[Clause], chosen: dict[str, bool], literals: list[Literal]) -> dict[str, bool] | None:
    name, wanted = min(literals, key=lambda literal: (literal[1], literal[0]))
    for value in (wanted, not wanted):
        model = model_of(clauses, {**chosen, name: value})
        if model is not None:
            return model
    return None


def _holds(clause: Clause, chosen: Mapping[str, bool]) -> bool:
    return any(chosen.get(name) is wanted for name, wanted in clause)


def _undecided(clause: Clause, chosen: Mapping[str, bool]) -> list[Literal]:
    return sorted(literal for literal in clause if literal[0] not in chosen)
