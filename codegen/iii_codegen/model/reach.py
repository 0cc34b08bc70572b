"""Which messages travel in requests and which in responses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from iii_codegen.model.nodes import Tree

__all__ = ["Reach", "closure", "reach"]


@dataclass(frozen=True, slots=True)
class Reach:
    """Full names of messages and enums by the side of the calls they are part of."""

    requests: frozenset[str]
    responses: frozenset[str]

    def sides(self, name: str) -> tuple[bool, bool]:
        """Whether a type is part of requests, and of responses; one that is part of neither may be of both."""
        sides = name in self.requests, name in self.responses
        return sides if any(sides) else (True, True)


def reach(tree: Tree) -> Reach:
    """The types reachable from the methods of a tree's own files."""
    methods = [m for file in tree.generated_files() for service in file.services for m in service.methods]
    return Reach(
        frozenset(closure(tree, (method.request for method in methods))),
        frozenset(closure(tree, (method.response for method in methods))),
    )


def closure(tree: Tree, roots: Iterable[str]) -> set[str]:
    """The full names of these types and of all they hold."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name and name not in found:
            found.add(name)
            message = tree.messages.get(name)
            waiting.extend(field.element.type_name for field in (message.fields if message else ()))
    return found
