"""Which of a queue's messages is next: in the order they came, or that within each group (wire.md 7.6)."""

from __future__ import annotations

from collections import deque
from typing import Protocol

import msgspec
from msgspec import Raw

from iii_bridge.engine.queue_config import QueueConfig
from iii_bridge.engine.storage.messages import Message

__all__ = ["GroupOrder", "Order", "PlainOrder", "group_of", "order_for"]


class Order(Protocol):
    """Messages in memory that wait for a slot."""

    def __len__(self) -> int:
        """Messages that wait, those behind another of their group among them."""
        ...

    def add(self, message: Message) -> None:
        """One more, behind those that are there."""
        ...

    def next(self) -> Message | None:
        """Takes the next one that may run; its group is closed until `finished` or `again`."""
        ...

    def finished(self, message: Message) -> None:
        """A message is through: handled, or dead."""
        ...

    def again(self, message: Message) -> None:
        """A message that failed is to be the first of its kind once more."""
        ...

    def clear(self) -> None:
        """Lets go of everything that waits."""
        ...


class PlainOrder:
    """First come, first served; nobody waits for anybody."""

    def __init__(self) -> None:
        self._ready: deque[Message] = deque()

    def __len__(self) -> int:
        return len(self._ready)

    def add(self, message: Message) -> None:
        """One more, behind the others."""
        self._ready.append(message)

    def next(self) -> Message | None:
        """Takes the first."""
        return self._ready.popleft() if self._ready else None

    def finished(self, message: Message) -> None:
        """Nothing waits for it."""

    def again(self, message: Message) -> None:
        """In front of the others."""
        self._ready.appendleft(message)

    def clear(self) -> None:
        """Lets go of everything."""
        self._ready.clear()


class GroupOrder:
    """One message of a group at a time, strictly in order; groups take turns. Without a field all are one group."""

    def __init__(self, group_field: str | None) -> None:
        self._field = group_field
        self._groups: dict[bytes, deque[Message]] = {}
        self._turns: deque[bytes] = deque()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, message: Message) -> None:
        """One more of its group."""
        group = self._group(message)
        waiting = self._groups.get(group)
        if waiting is None:
            waiting = self._groups[group] = deque()
            self._turns.append(group)
        waiting.append(message)
        self._count += 1

    def next(self) -> Message | None:
        """The first of the group whose turn it is."""
        if not self._turns:
            return None
        self._count -= 1
        return self._groups[self._turns.popleft()].popleft()

    def finished(self, message: Message) -> None:
        """Its group goes on."""
        group = self._group(message)
        if self._groups.get(group):
            self._turns.append(group)
        else:
            self._groups.pop(group, None)

    def again(self, message: Message) -> None:
        """The first of its group, which may run again."""
        group = self._group(message)
        self._groups.setdefault(group, deque()).appendleft(message)
        self._turns.append(group)
        self._count += 1

    def clear(self) -> None:
        """Lets go of everything that waits; groups with a message under way stay closed."""
        for group in self._turns:
            del self._groups[group]
        self._turns.clear()
        for waiting in self._groups.values():
            waiting.clear()
        self._count = 0

    def _group(self, message: Message) -> bytes:
        return b"" if self._field is None else group_of(message.data, self._field)


def group_of(data: bytes, group_field: str) -> bytes:
    """The group of a payload as JSON text; `null` where it has none."""
    try:
        members = msgspec.json.decode(data, type=dict[str, Raw])
    except (msgspec.DecodeError, RecursionError):
        return b"null"
    return bytes(members.get(group_field, Raw(b"null")))


def order_for(config: QueueConfig) -> Order:
    """The order a queue's settings ask for."""
    return GroupOrder(config.message_group_field) if config.fifo else PlainOrder()
