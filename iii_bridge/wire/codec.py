"""Frames to messages and back: one JSON object in one text frame (wire.md 1.2)."""

from __future__ import annotations

import json
import re
from typing import Any, Final, TypeGuard, cast

import msgspec
from msgspec import UNSET, Raw, UnsetType

from iii_bridge.wire.messages import MalformedMessage, Message, UnknownMessage

__all__ = ["NULL", "decode_message", "encode_message", "raw", "text_or_none"]

NULL: Final = Raw(b"null")
"""JSON null, undecoded."""


class _Peek(msgspec.Struct):
    type: str


_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_peek: msgspec.json.Decoder[_Peek] = msgspec.json.Decoder(_Peek)
_encoder: Final = msgspec.json.Encoder()
_KNOWN_TYPES: Final = frozenset(str(member.__struct_config__.tag) for member in Message.__args__)
_MEMBER: Final = {
    name: re.compile(rf'"{name}"\s*:\s*"([^"\\]{{1,256}})"') for name in ("type", "invocation_id", "function_id")
}


def decode_message(frame: str) -> Message | UnknownMessage | MalformedMessage:
    """Reads one text frame. Never raises: what cannot be read comes back as data.

    Takes `str`, whose UTF-8 the WebSocket layer has already checked: an
    undecoded `Raw` payload is not checked for it.
    """
    try:
        return _decoder.decode(frame)
    except msgspec.ValidationError as error:
        return _not_a_known_message(frame, str(error))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return _recognise(frame, _describe(error))


def encode_message(message: Message) -> bytes:
    """One text frame as UTF-8. `Raw` members are copied as they are, unchecked."""
    return _encoder.encode(message)


def raw(value: Any) -> Raw:
    """Encodes any JSON-like value (or struct) into an undecoded payload."""
    return Raw(_encoder.encode(value))


def text_or_none(value: str | UnsetType | None) -> str | None:
    """Absent, null and the empty string are one thing to most readers (wire.md 5.5)."""
    return None if value is UNSET or not value else value


def _not_a_known_message(frame: str, problem: str) -> UnknownMessage | MalformedMessage:
    try:
        kind = _peek.decode(frame).type
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _recognise(frame, problem)
    if kind in _KNOWN_TYPES:
        return _recognise(frame, problem)
    return UnknownMessage(kind, Raw(frame.encode()))


def _describe(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _recognise(frame: str, problem: str) -> MalformedMessage:
    """Finds the ids in a frame that is not valid JSON or not a valid message.

    json.loads takes NaN and lone surrogates, which two SDKs send (sdks.md 1.10);
    what even it refuses is searched for its members as text.
    """
    try:
        value: Any = json.loads(frame)
    except (ValueError, RecursionError):
        found = {name: pattern.search(frame) for name, pattern in _MEMBER.items()}
        return MalformedMessage(problem, **{name: hit.group(1) for name, hit in found.items() if hit})
    if not isinstance(value, dict):
        return MalformedMessage(problem)
    members = cast("dict[str, Any]", value)
    return MalformedMessage(problem, **{name: v for name in _MEMBER if _is_text(v := members.get(name))})


def _is_text(value: Any) -> TypeGuard[str]:
    """A string that can be sent back: half a surrogate pair cannot."""
    return isinstance(value, str) and value.isprintable()
