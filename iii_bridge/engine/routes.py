"""Routes of http triggers: `/orders/:id`, static segments before parameters (wire.md 7.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

__all__ = ["Match", "RouteConflict", "Routes"]

T = TypeVar("T")


class RouteConflict(Exception):
    """Another route has the same structure and other parameter names."""

    def __init__(self, method: str, path: str, known: str) -> None:
        super().__init__(
            f"Route '{method} {path}' conflicts with already-registered route '{method} {known}': "
            "routes with identical structure but different path-parameter names are not supported"
        )


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """What a request path leads to: the values by method, and the raw text of each parameter."""

    by_method: dict[str, T]
    parameters: tuple[str, ...]


@dataclass(slots=True)
class _Node(Generic[T]):
    static: dict[str, _Node[T]] = field(default_factory=dict[str, "_Node[T]"])
    parameter: _Node[T] | None = None
    by_method: dict[str, T] = field(default_factory=dict[str, T])
    templates: dict[str, str] = field(default_factory=dict[str, str])


class Routes(Generic[T]):
    """A tree of path segments. `find` is linear in the path, but for ambiguous parameters."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, method: str, path: str, value: T) -> None:
        """Adds or replaces a route; raises `RouteConflict` for other parameter names in the same places."""
        node = self._root
        for segment in _segments(path):
            if segment.startswith(":"):
                if node.parameter is None:
                    node.parameter = _Node()
                node = node.parameter
            else:
                node = node.static.setdefault(segment, _Node())
        known = node.templates.get(method)
        if known is not None and known != path:
            raise RouteConflict(method, path, known)
        node.templates[method] = path
        node.by_method[method] = value

    def get(self, method: str, path: str) -> T | None:
        """The value of exactly this template."""
        node = self._walk(path)
        return None if node is None else node.by_method.get(method)

    def remove(self, method: str, path: str) -> None:
        """Removes a route; one that is not there is fine."""
        node = self._walk(path)
        if node is not None:
            node.by_method.pop(method, None)
            node.templates.pop(method, None)

    def find(self, path: str) -> Match[T] | None:
        """The route of a request path, which is taken raw: not percent-decoded."""
        return _find(self._root, path.split("/")[1:], 0, ())

    def _walk(self, path: str) -> _Node[T] | None:
        node: _Node[T] | None = self._root
        for segment in _segments(path):
            if node is None:
                return None
            node = node.parameter if segment.startswith(":") else node.static.get(segment)
        return node


def _segments(path: str) -> list[str]:
    return path.split("/")[1:]


def _find(node: _Node[T], segments: list[str], at: int, parameters: tuple[str, ...]) -> Match[T] | None:
    if at == len(segments):
        return Match(node.by_method, parameters) if node.by_method else None
    segment = segments[at]
    static = node.static.get(segment)
    if static is not None:
        match = _find(static, segments, at + 1, parameters)
        if match is not None:
            return match
    if node.parameter is None or not segment:
        return None
    return _find(node.parameter, segments, at + 1, (*parameters, segment))
