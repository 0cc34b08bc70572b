"""What happens on a stream, as triggers and sockets get it: members in camelCase (wire.md 7.4)."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from msgspec import Raw

from iii_bridge.wire.codec import raw

__all__ = ["StreamEvent", "changed", "sent", "synced", "unauthorized"]


class StreamEvent(msgspec.Struct, rename="camel"):
    """The wrapper around every event; `timestamp` is unix milliseconds, `id` the item, None for the whole group."""

    type: str
    timestamp: int
    stream_name: str
    group_id: str
    id: str | None
    event: Raw


def _event(stream: str, group: str, item: str | None, event: dict[str, Any]) -> StreamEvent:
    return StreamEvent("stream", time.time_ns() // 1_000_000, stream, group, item, raw(event))


def changed(kind: str, stream: str, group: str, item: str, data: Raw) -> StreamEvent:
    """An item came (`create`), changed (`update`) or went (`delete`, with what it was)."""
    return _event(stream, group, item, {"type": kind, "data": data})


def sent(stream: str, group: str, item: str | None, kind: str, data: Raw) -> StreamEvent:
    """Something of a caller's own, sent with `stream::send` and kept nowhere."""
    return _event(stream, group, item, {"type": "event", "event": {"type": kind, "data": data}})


def synced(stream: str, group: str, item: str | None, data: Raw) -> StreamEvent:
    """What was there when a subscription began: the item or null, or the items of the group."""
    return _event(stream, group, item, {"type": "sync", "data": data})


def unauthorized(stream: str, group: str, item: str | None) -> StreamEvent:
    """The subscription was refused."""
    return _event(stream, group, item, {"type": "unauthorized"})
