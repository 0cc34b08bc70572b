"""Oneofs, from the members a schema does not let stand together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from iii_bridge.contract.compat.document import as_object, list_of
from iii_bridge.types import Json
from iii_codegen.importing.schema import Node

__all__ = ["oneof_members"]


def oneof_members(node: Node) -> tuple[dict[str, str], list[str]]:
    """The oneof of each member that is in one, and what else `not` says, which no contract can.

    Ours are written as pairs that exclude each other; members that all exclude
    each other are a oneof. What it was called is not known.
    """
    denied = node.keys.get("not")
    if denied is None:
        return {}, []
    pairs, problems = _pairs(denied, set(node.properties()))
    beside: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        beside[one].add(other)
        beside[other].add(one)
    found: dict[str, str] = {}
    number = 0
    for member in node.properties():
        group = beside.get(member, set()) | {member}
        if member in found or len(group) < 2:
            continue
        if any((beside[other] | {other}) != group for other in group):
            problems.append(f"{' and '.join(sorted(group))} exclude each other in part")
            continue
        number += 1
        name = _free("choice" if number == 1 else f"choice_{number}", set(node.properties()))
        found.update(dict.fromkeys(group, name))
    return found, list(dict.fromkeys(problems))


def _pairs(denied: Json, members: set[str]) -> tuple[list[tuple[str, str]], list[str]]:
    choices = list_of((as_object(denied) or {}).get("anyOf")) or [denied]
    pairs: list[tuple[str, str]] = []
    problems: list[str] = []
    for choice in choices:
        keys: Mapping[str, Any] = as_object(choice) or {"": choice}
        required = list_of(keys.get("required"))
        if not keys.keys() - {"required", "properties"} and len(required) == 2 and set(required) <= members:
            pairs.append((required[0], required[1]))
        else:
            problems.append("a combination of members is excluded")
    return pairs, problems


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
