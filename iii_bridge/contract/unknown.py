"""Members and names of enum values the contract does not know: refused, or counted and told once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from iii_bridge.contract.json_text import check_ignored
from iii_bridge.contract.problems import Path
from iii_bridge.contract.spec import UnknownEnumNames, UnknownMembers
from iii_bridge.counters import COUNTERS

__all__ = ["UnknownLog"]

_logger: Final = logging.getLogger("iii_bridge.contract")
_LIMIT: Final = 100
_REST: Final = "…"
"""Counts every name beyond the first hundred."""


class UnknownLog:
    """What one codec does with what is unknown, and what it has seen of it."""

    def __init__(
        self, message_name: str, policy: UnknownMembers, enum_names: UnknownEnumNames = UnknownEnumNames.REJECT
    ) -> None:
        self._message_name = message_name
        self._policy = policy
        self.skips_enum_names = enum_names is UnknownEnumNames.IGNORE
        self._counts: dict[str, int] = {}

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each was seen, by path without indices and map keys; at most a hundred and one entries."""
        return MappingProxyType(self._counts)

    @property
    def refuses(self) -> bool:
        """Whether unknown members are violations."""
        return self._policy is UnknownMembers.REJECT

    def found(self, path: Path, value: Any) -> None:
        """Takes note of one member. Raises CodecError under REJECT, or when it is no clean JSON inside."""
        if self.refuses:
            raise path.fail("the contract does not know the member")
        check_ignored(value, path)
        self.note(path)

    def note(self, path: Path, times: int = 1) -> None:
        """Counts a member that was read and passed by, and tells of it the first time."""
        self._note(path, times, "the contract does not know the member %s; it is ignored")

    def note_enum_name(self, path: Path) -> None:
        """The same for the name of an enum value; the name itself is nowhere shown."""
        self._note(path, 1, "the contract does not know the name of the enum value %s; it is ignored")

    def _note(self, path: Path, times: int, text: str) -> None:
        name = path.pattern()
        COUNTERS.add("unknown_members", self._message_name, name, times=times)
        if name in self._counts:
            self._counts[name] += times
        elif len(self._counts) < _LIMIT:
            self._counts[name] = times
            level = logging.WARNING if self._policy is UnknownMembers.WARN else logging.DEBUG
            _logger.log(level, f"%s: {text}", self._message_name, name)
        else:
            self._counts[_REST] = self._counts.get(_REST, 0) + times
