"""Telemetry frames: OTLP in JSON behind four letters (wire.md 1.2, 1.4).

Records of kind LOGS reach the log triggers; traces and metrics are accepted
and dropped.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import msgspec
from msgspec import UNSET

from iii_bridge.engine.logs import LogRecord, Logs

__all__ = ["Telemetry"]

_KINDS: Final = (b"OTLP", b"MTRC", b"LOGS")
_LEVELS: Final = ((1, "TRACE"), (5, "DEBUG"), (9, "INFO"), (13, "WARN"), (17, "ERROR"), (21, "FATAL"))
_log = logging.getLogger("iii_bridge.engine")


class _Value(msgspec.Struct, rename="camel"):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: str | int | None = None
    double_value: float | str | None = None
    bytes_value: str | None = None
    array_value: _Values | None = None
    kvlist_value: _Pairs | None = None

    def plain(self) -> Any:
        """The value as JSON would have it."""
        if self.int_value is not None:
            return int(self.int_value)
        if self.array_value is not None:
            return [value.plain() for value in self.array_value.values]
        if self.kvlist_value is not None:
            return _plain(self.kvlist_value.values)
        simple = (self.string_value, self.bool_value, self.double_value, self.bytes_value)
        return next((value for value in simple if value is not None), None)


class _Pair(msgspec.Struct):
    key: str
    value: _Value = msgspec.field(default_factory=_Value)


class _Values(msgspec.Struct):
    values: list[_Value] = []


class _Pairs(msgspec.Struct):
    values: list[_Pair] = []


class _Attributes(msgspec.Struct):
    attributes: list[_Pair] = []


class _Scope(msgspec.Struct):
    name: str | None = None
    version: str | None = None


class _Record(msgspec.Struct, rename="camel"):
    time_unix_nano: str | int = 0
    observed_time_unix_nano: str | int = 0
    severity_number: int = 0
    severity_text: str = ""
    body: _Value = msgspec.field(default_factory=_Value)
    attributes: list[_Pair] = []
    trace_id: str = ""
    span_id: str = ""


class _ScopeLogs(msgspec.Struct, rename="camel"):
    scope: _Scope = msgspec.field(default_factory=_Scope)
    log_records: list[_Record] = []


class _ResourceLogs(msgspec.Struct, rename="camel"):
    resource: _Attributes = msgspec.field(default_factory=_Attributes)
    scope_logs: list[_ScopeLogs] = []


class _LogsData(msgspec.Struct, rename="camel"):
    resource_logs: list[_ResourceLogs] = []


class Telemetry:
    """Takes binary frames of protocol and telemetry sockets."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._decoder: msgspec.json.Decoder[_LogsData] = msgspec.json.Decoder(_LogsData)

    def take(self, frame: bytes) -> bool:
        """Takes a frame if it is telemetry; one that cannot be read is dropped with a line in the log."""
        if not frame.startswith(_KINDS):
            return False
        if frame.startswith(b"LOGS") and self._logs.wanted:
            try:
                data = self._decoder.decode(memoryview(frame)[4:])
                records = [record for group in data.resource_logs for record in _records(group)]
            except (msgspec.DecodeError, RecursionError, ValueError) as error:
                _log.info("log telemetry could not be read: %s", error)
                return True
            for record in records:
                self._logs.take(record)
        return True


def _records(group: _ResourceLogs) -> list[LogRecord]:
    resource = {
        name: value if isinstance(value, str) else str(value)
        for name, value in _plain(group.resource.attributes).items()
    }
    return [_record(record, scoped.scope, resource) for scoped in group.scope_logs for record in scoped.log_records]


def _record(record: _Record, scope: _Scope, resource: dict[str, str]) -> LogRecord:
    body = record.body.plain()
    return LogRecord(
        timestamp_unix_nano=int(record.time_unix_nano),
        observed_timestamp_unix_nano=int(record.observed_time_unix_nano or record.time_unix_nano),
        severity_number=record.severity_number,
        severity_text=record.severity_text.upper() or _level(record.severity_number),
        body=body if isinstance(body, str) else msgspec.json.encode(body).decode(),
        attributes=_plain(record.attributes),
        trace_id=record.trace_id or None,
        span_id=record.span_id or None,
        resource=resource,
        service_name=resource.get("service.name", ""),
        instrumentation_scope_name=scope.name or UNSET,
        instrumentation_scope_version=scope.version or UNSET,
    )


def _plain(pairs: list[_Pair]) -> dict[str, Any]:
    return {pair.key: pair.value.plain() for pair in pairs}


def _level(number: int) -> str:
    """The name of a severity that came without one."""
    return next((name for least, name in reversed(_LEVELS) if number >= least), "INFO")
