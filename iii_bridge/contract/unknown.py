"""Members the contract does not know: refused, or counted and told once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from iii_bridge.contract.json_text import check_ignored
from iii_bridge.contract.problems import Path
from iii_bridge.contract.spec import UnknownMembers

__all__ = ["UnknownLog"]

_logger: Final = logging.getLogger("iii_bridge.contract")
_LIMIT: Final = 100
_REST: Final = "…"
"""Counts every name beyond the first hundred."""


class UnknownLog:
    """What one codec does with unknown members, and which it has seen."""

    def __init__(self, message_name: str, policy: UnknownMembers) -> None:
        self._message_name = message_name
        self._policy = policy
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
        name = path.pattern()
        if name in self._counts:
            self._counts[name] += times
        elif len(self._counts) < _LIMIT:
            self._counts[name] = times
            level = logging.WARNING if self._policy is UnknownMembers.WARN else logging.DEBUG
            _logger.log(level, "%s: the contract does not know the member %s; it is ignored", self._message_name, name)
        else:
            self._counts[_REST] = self._counts.get(_REST, 0) + times
