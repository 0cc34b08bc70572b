"""Channels as data: who may open which end, and which are swept away (wire.md 10).

The items themselves flow through the shell; this table only knows ids, keys,
claims and ages. `now` is any clock in seconds.
"""

from __future__ import annotations

import enum
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from iii_bridge.wire.limits import CHANNEL_BUFFER_DEFAULT, CHANNEL_BUFFER_MAX

__all__ = ["UNCLAIMED_SECONDS", "ChannelEntry", "ChannelRef", "ChannelTable", "Claim", "Direction"]

Direction = Literal["read", "write"]

UNCLAIMED_SECONDS: Final = 300.0
"""A channel with an end never claimed is swept at this age."""


class ChannelRef(msgspec.Struct, frozen=True):
    """What a worker needs to open one end: id, key and direction."""

    channel_id: str
    access_key: str
    direction: Direction


class Claim(enum.Enum):
    """Why an end could not be opened."""

    UNKNOWN = "unknown"
    TAKEN = "taken"


@dataclass(slots=True, eq=False)
class ChannelEntry:
    """One channel. `capacity` counts items; `payload` is the shell's own."""

    id: str
    key: str = field(repr=False)
    capacity: int
    created: float
    claimed: set[str] = field(default_factory=set[str])
    payload: Any = None

    def ref(self, direction: Direction) -> ChannelRef:
        """The reference to one end."""
        return ChannelRef(channel_id=self.id, access_key=self.key, direction=direction)


class ChannelTable:
    """Every channel of one engine. Each end opens once and never again."""

    def __init__(self, ids: Callable[[], str]) -> None:
        self._ids = ids
        self._entries: dict[str, ChannelEntry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def create(self, now: float, buffer_size: int | None = None) -> ChannelEntry:
        """A new channel of 1 to 1024 items, 64 unless told."""
        wanted = CHANNEL_BUFFER_DEFAULT if buffer_size is None else buffer_size
        capacity = min(max(wanted, 1), CHANNEL_BUFFER_MAX)
        entry = ChannelEntry(id=self._ids(), key=self._ids(), capacity=capacity, created=now)
        self._entries[entry.id] = entry
        return entry

    def find(self, channel_id: str, key: str) -> ChannelEntry | None:
        """The channel, if the key is right."""
        entry = self._entries.get(channel_id)
        if entry is None or not hmac.compare_digest(entry.key.encode(), key.encode()):
            return None
        return entry

    def claim(self, channel_id: str, key: str, direction: Direction) -> ChannelEntry | Claim:
        """Opens one end for good."""
        entry = self.find(channel_id, key)
        if entry is None:
            return Claim.UNKNOWN
        if direction in entry.claimed:
            return Claim.TAKEN
        entry.claimed.add(direction)
        return entry

    def remove(self, channel_id: str) -> None:
        """Forgets a channel; one that is gone already is fine."""
        self._entries.pop(channel_id, None)

    def clear(self) -> list[ChannelEntry]:
        """Removes and returns every channel."""
        entries = list(self._entries.values())
        self._entries.clear()
        return entries

    def sweep(self, now: float) -> list[ChannelEntry]:
        """Removes and returns the channels that waited too long for an end to be claimed."""
        old = [e for e in self._entries.values() if len(e.claimed) < 2 and now - e.created > UNCLAIMED_SECONDS]
        for entry in old:
            del self._entries[entry.id]
        return old
