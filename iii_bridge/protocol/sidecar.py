"""What calls carry beside their payload: one reserved member of the invocation metadata (design decision 8).

{"iii-bridge": {"remaining_ms": 1500, "attempt": 1}, …the user's own members…}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

import msgspec
from msgspec import UNSET, Raw, UnsetType

from iii_bridge.types import Json

__all__ = ["MEMBER", "Sidecar", "attach_sidecar", "detach_sidecar"]

MEMBER: Final = "iii-bridge"
"""The reserved member."""

_decode = msgspec.json.Decoder().decode
_NOTHING: Final[Mapping[str, Json]] = MappingProxyType({})


class Sidecar(NamedTuple):
    """What arrived beside a payload. `remaining` in seconds; `present` says whether there was one at all."""

    metadata: Mapping[str, Json]
    remaining: float | None = None
    attempt: int = 1
    present: bool = False
    asks: bool = False
    """Whether the caller takes metadata of the response (design decision 35)."""


def attach_sidecar(metadata: Raw | UnsetType, remaining: float, attempt: int, *, asks: bool = False) -> Raw:
    """Puts the sidecar in front of encoded metadata, which must be an object. `remaining` in seconds, or infinite.

    `asks`: the answer may carry metadata.
    """
    flag = b',"response_metadata":true' if asks else b""
    if math.isinf(remaining):
        ours = b'{"iii-bridge":{"attempt":%d%s}}' % (attempt, flag)
    else:
        ours = b'{"iii-bridge":{"remaining_ms":%d,"attempt":%d%s}}' % (max(0, int(remaining * 1000)), attempt, flag)
    if metadata is UNSET:
        return Raw(ours)
    members = bytes(metadata)[1:]
    return Raw(ours[:-1] + (members if members == b"}" else b"," + members))


def detach_sidecar(metadata: Raw | UnsetType) -> Sidecar:
    """Splits metadata into the user's part and ours; metadata that is no object counts as none."""
    if metadata is UNSET:
        return Sidecar(_NOTHING)
    try:
        value: Any = _decode(metadata)
    except (msgspec.DecodeError, RecursionError):
        return Sidecar(_NOTHING)
    if not isinstance(value, dict):
        return Sidecar(_NOTHING)
    members = cast("dict[str, Json]", value)
    ours = members.pop(MEMBER, None)
    if not isinstance(ours, dict):
        return Sidecar(members)
    read = cast("dict[str, Json]", ours)
    asks = read.get("response_metadata") is True
    return Sidecar(members, _seconds(read.get("remaining_ms")), _attempt(read.get("attempt")), True, asks)


def _seconds(value: Json) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    return value / 1000 if good else None


def _attempt(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 1 else 1
