"""What `iii-bridge watch` tells: log records, and how what is registered differs from what was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from iii_bridge.bridge.catalogue import Catalogue
from iii_bridge.contract.compat.document import as_object
from iii_bridge.errors import BridgeError
from iii_bridge.types import Json

__all__ = ["Event", "Registrations", "log_event"]

_NOTHING: Final[Mapping[str, Json]] = MappingProxyType({})
_NANOS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line: a log record, or something that came or went."""

    kind: str
    """`log`, `worker`, `function` or `trigger`."""
    change: str
    """`added` or `removed`; of a log record its level."""
    name: str
    """An id; of a log record the name of the service."""
    text: str = ""
    """The message; of a function its worker; of a trigger its source."""
    details: Mapping[str, Json] = field(default_factory=lambda: _NOTHING)
    severity: int = 0
    """Of a log record its number (wire.md 7.7)."""
    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self) -> dict[str, Json]:
        """For programs: every part by name."""
        return {
            "time": self.time.isoformat(timespec="milliseconds"),
            "kind": self.kind,
            "change" if self.kind != "log" else "level": self.change,
            "name": self.name,
            "text": self.text,
            "details": dict(self.details),
        }


def log_event(payload: Json) -> Event | None:
    """The record a `log` trigger hands over; None for what is none."""
    record = as_object(payload)
    if record is None:
        return None
    body, level, severity = record.get("body"), record.get("severity_text"), record.get("severity_number")
    nanos = record.get("timestamp_unix_nano")
    details = dict(as_object(record.get("attributes")) or {})
    details.update({name: record[name] for name in ("trace_id", "span_id") if record.get(name)})
    return Event(
        kind="log",
        change=str(level or "").lower(),
        name=str(record.get("service_name") or ""),
        text=body if isinstance(body, str) else json.dumps(body, ensure_ascii=False),
        details=details,
        severity=severity if isinstance(severity, int) else 0,
        time=datetime.fromtimestamp(nanos / _NANOS, UTC) if isinstance(nanos, int | float) else datetime.now(UTC),
    )


Known = dict[tuple[str, str], tuple[str, Mapping[str, Json]]]
"""By kind and identity: the text and the details of what is there."""


class Registrations:
    """Workers, functions and triggers of an engine, as they were when last looked at."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: Known = {}

    async def look(self) -> list[Event]:
        """What came and went since the last look; nothing when the engine cannot be asked just now."""
        try:
            found = await self._now()
        except BridgeError:
            return []
        events = [*_differing("added", found, self._known), *_differing("removed", self._known, found)]
        self._known = found
        return events

    async def _now(self) -> Known:
        found: Known = {("worker", name): ("", _NOTHING) for name in await self._catalogue.worker_names()}
        for item in await self._catalogue.functions():
            details = {"namespace": item.namespace, "method": item.method or None, "digest": item.digest or None}
            place = item.function_id if item.namespace == "default" else f"{item.namespace}/{item.function_id}"
            found["function", place] = (item.worker_name, details)
        for trigger in await self._catalogue.triggers():
            source = " ".join([trigger.trigger_type, *map(str, trigger.config.values())])
            found["trigger", f"{trigger.function_id} {source}"] = (source, trigger.config)
        return found


def _differing(change: str, there: Known, other: Known) -> Iterator[Event]:
    for (kind, identity), (text, details) in there.items():
        if (kind, identity) not in other or other[kind, identity][0] != text:
            name = identity.partition(" ")[0] if kind == "trigger" else identity
            yield Event(kind=kind, change=change, name=name, text=text, details=details)
