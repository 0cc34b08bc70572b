"""Comparing what came with what was recorded: ids, times and the recorder's address aside."""

from __future__ import annotations

import re
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIMES = {"connected_at_ms", "timestamp", "scheduled_time", "actual_time"}


class _Anything:
    def __repr__(self) -> str:
        return "ANY"


ANY = _Anything()
"""Matches whatever came."""


class Names:
    """Recorded ids and the live ones they stand for, one to one."""

    def __init__(self) -> None:
        self._live: dict[str, str] = {}
        self._recorded: dict[str, str] = {}

    def copy(self) -> Names:
        other = Names()
        other._live, other._recorded = dict(self._live), dict(self._recorded)
        return other

    def bind(self, recorded: str, live: str) -> bool:
        """Remembers the pair; False when either already stands for something else."""
        return self._live.setdefault(recorded, live) == live and self._recorded.setdefault(live, recorded) == recorded

    def to_live(self, value: Any) -> Any:
        """A frame to send: ids the engine chose are replaced, ids the client chose stay."""
        if isinstance(value, dict):
            return {key: self.to_live(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.to_live(item) for item in value]
        if isinstance(value, str) and UUID.fullmatch(value):
            if value not in self._live:
                self.bind(value, value)
            return self._live[value]
        return value


def mismatch(expected: Any, actual: Any, names: Names, path: str = "$") -> str | None:
    """Why the two differ, or None. Binds ids in `names` as it goes."""
    if expected is ANY:
        return None
    if isinstance(expected, dict) and isinstance(actual, dict):
        if expected.keys() != actual.keys():
            return f"{path}: members {sorted(expected)} but came {sorted(actual)}"
        members = ((key, item) for key, item in expected.items() if not _any(key, actual[key]))
        return _first(mismatch(item, actual[key], names, f"{path}.{key}") for key, item in members)
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return f"{path}: {len(expected)} items but came {len(actual)}"
        pairs = zip(expected, actual, strict=True)
        return _first(mismatch(item, other, names, f"{path}[{i}]") for i, (item, other) in enumerate(pairs))
    if isinstance(expected, str) and isinstance(actual, str) and UUID.fullmatch(expected) and UUID.fullmatch(actual):
        return None if names.bind(expected, actual) else f"{path}: another id than before"
    if type(expected) is not type(actual) or expected != actual:
        return f"{path}: {expected!r} but came {actual!r}"
    return None


def replaced(value: Any, old: str, new: str) -> Any:
    """The value with one text changed for another in every string."""
    if isinstance(value, dict):
        return {key: replaced(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, old, new) for item in value]
    return value.replace(old, new) if isinstance(value, str) else value


def _any(key: str, actual: Any) -> bool:
    if key in _TIMES:
        return isinstance(actual, int | str)
    return key == "error_id" and bool(re.fullmatch(r"[0-9a-f]{1,12}", str(actual)))


def _first(problems: Any) -> str | None:
    return next((problem for problem in problems if problem is not None), None)
