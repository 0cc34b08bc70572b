"""Log records: `engine::log::*`, telemetry of kind LOGS, and trigger type `log` (wire.md 7.7)."""

from __future__ import annotations

import logging
import time
from typing import Any, Final, cast

import msgspec
from msgspec import UNSET, UnsetType

from iii_bridge.engine.builtins import Builtin, BuiltinCall, Handler
from iii_bridge.engine.firing import Firing, Target, Targets, read_config
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.providers import TriggerRefused
from iii_bridge.engine.trigger_schemas import NULLABLE_TEXT, TEXT, object_schema
from iii_bridge.protocol.engine_state import Binding, TriggerType
from iii_bridge.wire.codec import raw
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["LogRecord", "Logs"]

_WORKER: Final = "iii-observability"
_ALL: Final = "all"
_SEVERITIES: Final = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17}
_PYTHON: Final = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}
_worker_log = logging.getLogger("iii_bridge.engine.worker")


class LogRecord(msgspec.Struct):
    """One record as triggers get it; times are unix nanoseconds."""

    timestamp_unix_nano: int
    observed_timestamp_unix_nano: int
    severity_number: int
    severity_text: str
    body: str
    attributes: dict[str, Any]
    trace_id: str | None
    span_id: str | None
    resource: dict[str, str]
    service_name: str
    instrumentation_scope_name: str | UnsetType = UNSET
    instrumentation_scope_version: str | UnsetType = UNSET


class _Request(msgspec.Struct):
    message: str
    data: Any = None
    trace_id: str | None = None
    span_id: str | None = None
    service_name: str | None = None


class _Config(msgspec.Struct):
    level: str | None = None


_COUNT: Final[dict[str, Any]] = {"type": "integer"}
_KIND: Final = TriggerType(
    namespace=DEFAULT_NAMESPACE,
    id="log",
    description="Log trigger",
    provider=None,
    worker_name=_WORKER,
    configuration_schema=object_schema(
        "LogTriggerConfig", {"level": {"enum": [_ALL, *_SEVERITIES, None], "description": "exactly this one"}}
    ),
    request_schema=object_schema(
        "LogCallRequest",
        {
            "timestamp_unix_nano": _COUNT,
            "observed_timestamp_unix_nano": _COUNT,
            "severity_number": _COUNT,
            "severity_text": TEXT,
            "body": TEXT,
            "attributes": {"type": "object"},
            "trace_id": NULLABLE_TEXT,
            "span_id": NULLABLE_TEXT,
            "resource": {"type": "object", "additionalProperties": TEXT},
            "service_name": TEXT,
            "instrumentation_scope_name": TEXT,
            "instrumentation_scope_version": TEXT,
        },
        ("timestamp_unix_nano", "severity_number", "severity_text", "body"),
    ),
)


class Logs:
    """Takes records from functions and telemetry, and calls who listens for their level."""

    def __init__(self, hub: Hub) -> None:
        self._firing = Firing(hub, "log")
        self._targets: Targets[str] = Targets()

    @property
    def kind(self) -> TriggerType:
        """The trigger type, as discovery shows it."""
        return _KIND

    def register(self, binding: Binding) -> None:
        """Takes a binding; raises `TriggerRefused` for a level there is not."""
        level = (read_config(binding, _Config).level or _ALL).lower()
        if level not in (_ALL, *_SEVERITIES):
            raise TriggerRefused(f"level '{level}' is none of {', '.join((_ALL, *_SEVERITIES))}")
        # the function is found in `default`, whatever the binding says (wire.md 7.7)
        found = Binding(binding.id, binding.trigger_type, binding.function_id, binding.config, binding.metadata)
        self._targets.add(level, Target(found))

    def unregister(self, binding: Binding) -> None:
        """Forgets a binding."""
        self._targets.remove(binding.id)

    def builtins(self) -> list[Builtin]:
        """`engine::log::*`."""
        return [
            Builtin(f"engine::log::{level}", self._write(level), f"Write a log record at level {level}")
            for level in _PYTHON
        ]

    def take(self, record: LogRecord) -> None:
        """Hands a record to who listens for its level."""
        targets = self._targets.at(_ALL, record.severity_text.lower())
        if targets:
            self._firing.each(targets, raw(record))

    @property
    def wanted(self) -> bool:
        """Does anybody listen? If not, telemetry need not even be read."""
        return bool(self._targets)

    def close(self) -> None:
        """Forgets what is under way."""
        self._firing.close()

    def _write(self, level: str) -> Handler:
        def write(call: BuiltinCall) -> None:
            asked = call.read(_Request)
            _worker_log.log(_PYTHON[level], "%s: %s", asked.service_name or call.caller or "engine", asked.message)
            now = time.time_ns()
            self.take(
                LogRecord(
                    timestamp_unix_nano=now,
                    observed_timestamp_unix_nano=now,
                    severity_number=_SEVERITIES[level],
                    severity_text=level.upper(),
                    body=asked.message,
                    attributes=_attributes(asked.data),
                    trace_id=asked.trace_id,
                    span_id=asked.span_id,
                    resource={},
                    service_name=asked.service_name or "",
                )
            )

        return write


def _attributes(data: Any) -> dict[str, Any]:
    """What a caller sent beside the message: its members, or the whole under `data`."""
    if data is None:
        return {}
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {"data": data}
