"""The two frames on a worker's hot path, and the limit both respect (wire.md 1.2, 3.9, 3.10)."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, Raw, UnsetType

from iii_bridge.errors import InvocationError
from iii_bridge.protocol.builtins import is_engine_function
from iii_bridge.wire import (
    NULL,
    Action,
    EnqueueAction,
    ErrorBody,
    InvocationResult,
    InvokeFunction,
    VoidAction,
    encode_message,
)
from iii_bridge.wire.limits import DEFAULT_NAMESPACE, FORWARDING_ROOM_BYTES, MAX_MESSAGE_BYTES

__all__ = ["call_frame", "reply_frame", "target_namespace"]

_VOID: Final = VoidAction()
_LIMIT: Final = MAX_MESSAGE_BYTES - FORWARDING_ROOM_BYTES
"""A message that outgrows the limit on its way costs the one it is for its connection, with all that is under way."""


def target_namespace(function_id: str, explicit: str | None, own: str | None) -> str | None:
    """Where a call goes (sdks.md 1.8): as said, else the worker's own, except for the engine's functions."""
    if explicit is not None:
        return explicit
    return DEFAULT_NAMESPACE if is_engine_function(function_id) else own


def call_frame(
    key: str,
    function_id: str,
    data: Raw,
    *,
    namespace: str | None,
    metadata: Raw | UnsetType,
    traceparent: str | None,
    baggage: str | None,
    queue: str | None,
    void: bool,
) -> bytes:
    """An invocation, without the members it does not have.

    Raises InvocationError with code `payload_too_large`, which is the SDKs' own (wire.md 12.3).
    """
    action: Action | UnsetType = _VOID if void else (EnqueueAction(queue) if queue is not None else UNSET)
    message = InvokeFunction(
        function_id=function_id,
        invocation_id=UNSET if void else key,
        data=data,
        traceparent=traceparent or UNSET,
        baggage=baggage or UNSET,
        action=action,
        metadata=metadata,
        namespace=UNSET if namespace is None else namespace,
    )
    frame = encode_message(message)
    if len(frame) > _LIMIT:
        raise _too_large(function_id, len(frame))
    return frame


def reply_frame(invocation_id: str, function_id: str, result: Raw | None, error: ErrorBody | None) -> bytes:
    """An answer; one that is too large becomes an error that says so. No result is written as null."""
    if error is not None:
        message = InvocationResult(invocation_id, function_id, error=error)
    else:
        message = InvocationResult(invocation_id, function_id, NULL if result is None else result)
    frame = encode_message(message)
    if len(frame) <= _LIMIT:
        return frame
    too_large = _too_large(function_id, len(frame))
    body = ErrorBody(too_large.code, too_large.message)
    return encode_message(InvocationResult(invocation_id, function_id, error=body))


def _too_large(function_id: str, size: int) -> InvocationError:
    problem = f"a message of {size} bytes exceeds the limit of {_LIMIT}; send it over a channel"
    return InvocationError("payload_too_large", problem, function_id)
