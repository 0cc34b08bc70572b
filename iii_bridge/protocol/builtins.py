"""Payloads of the engine's own functions that lie on our path (wire.md 2.3 and 8)."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from iii_bridge.protocol.channel import ChannelRef

__all__ = [
    "CHANNELS_CREATE",
    "FUNCTIONS_INFO",
    "FUNCTIONS_INFO_LIMIT",
    "TRIGGERS_INFO",
    "WORKERS_REGISTER",
    "ChannelCreated",
    "EnqueueResult",
    "FunctionsInfo",
    "FunctionsInfoRequest",
    "FunctionsInfoRow",
    "TriggersInfoRequest",
    "WorkerRegistration",
    "WorkerTelemetry",
    "clean_name",
    "is_engine_function",
]

WORKERS_REGISTER: Final = "engine::workers::register"
FUNCTIONS_INFO: Final = "engine::functions::info"
FUNCTIONS_INFO_LIMIT: Final = 32
"""Ids in one batch (wire.md 8)."""
TRIGGERS_INFO: Final = "engine::triggers::info"
CHANNELS_CREATE: Final = "engine::channels::create"

_ENGINE_PREFIXES: Final = ("engine::", "configuration::")
_NAME_LIMIT: Final = 280
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


class WorkerTelemetry(msgspec.Struct, frozen=True, omit_defaults=True):
    """wire.md 2.3."""

    language: str = ""
    framework: str = ""
    project_name: str = ""


class WorkerRegistration(msgspec.Struct, frozen=True):
    """Input of `engine::workers::register` (wire.md 2.3). A worker without `pid` is hidden from listings."""

    runtime: str
    version: str
    name: str
    os: str
    pid: int
    namespace: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    isolation: str | UnsetType = UNSET
    telemetry: WorkerTelemetry | UnsetType = UNSET


class FunctionsInfoRequest(msgspec.Struct, frozen=True):
    """Input of `engine::functions::info` for up to FUNCTIONS_INFO_LIMIT ids (wire.md 8)."""

    function_ids: list[str]
    namespace: str


class FunctionsInfoRow(msgspec.Struct, frozen=True):
    """What a batch says of one function; `error` is `forbidden` or `not_found` (wire.md 8)."""

    function_id: str
    error: str | None = None
    namespace: str = ""
    worker_name: str | None = None
    metadata: Any = None
    request_schema: Raw | UnsetType = UNSET
    response_schema: Raw | UnsetType = UNSET


class FunctionsInfo(msgspec.Struct, frozen=True):
    """Output of `engine::functions::info` for a batch (wire.md 8)."""

    functions: list[FunctionsInfoRow]


class TriggersInfoRequest(msgspec.Struct, frozen=True):
    """Input of `engine::triggers::info`: a trigger type (wire.md 8)."""

    id: str
    namespace: str


class EnqueueResult(msgspec.Struct, frozen=True):
    """What the engine answers to an enqueued call (wire.md 5.3)."""

    message_receipt_id: str = msgspec.field(name="messageReceiptId")


class ChannelCreated(msgspec.Struct, frozen=True):
    """What `engine::channels::create` answers (wire.md 10)."""

    writer: ChannelRef
    reader: ChannelRef


def clean_name(name: str) -> str:
    """A worker name as the engine stores it (wire.md 2.3), so that the two can be compared."""
    return _UNPRINTABLE.sub("", name).strip()[:_NAME_LIMIT]


def is_engine_function(function_id: str) -> bool:
    """Whether an id is always looked up in `default` (sdks.md 1.8)."""
    return function_id.startswith(_ENGINE_PREFIXES)
