"""What an answer carries beside its result, for a caller that asked (design decision 35).

A result becomes {"iii-bridge": {"headers": {…}, "trailers": {…}, "result": …the result…}}; an error has the same two
members under `metadata` in its status line. Nobody else ever sees either: callers ask by a flag of their sidecar.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Raw

from iii_bridge.errors import LocalProtocolError
from iii_bridge.protocol.sidecar import MEMBER
from iii_bridge.status import status_line_metadata

__all__ = [
    "BINARY_SUFFIX",
    "ResponseMetadata",
    "attach_response_metadata",
    "checked_metadata",
    "detach_response_metadata",
    "error_metadata",
    "header_value",
]

BINARY_SUFFIX: Final = "-bin"
"""Names that end so hold base64."""

_NAME: Final = re.compile(r"[0-9a-z_.-]+")
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*")
_HEAD: Final = 32  # bytes of a result in which the reserved member begins, if it is the one that wraps it


class ResponseMetadata(msgspec.Struct, omit_defaults=True):
    """Names in lower case, with a string or, where a name comes again, a list of them."""

    headers: dict[str, str | list[str]] = {}
    trailers: dict[str, str | list[str]] = {}


class _Answer(ResponseMetadata, kw_only=True):
    result: Raw


class _Wrapped(msgspec.Struct, forbid_unknown_fields=True):
    ours: _Answer = msgspec.field(name=MEMBER)


_encode: Final = msgspec.json.Encoder().encode
_wrapped: Final = msgspec.json.Decoder(_Wrapped)
_member: Final = f'"{MEMBER}"'.encode()


def attach_response_metadata(result: Raw, said: ResponseMetadata) -> Raw:
    """Wraps an encoded result, which may be any JSON."""
    return Raw(_encode(_Wrapped(_Answer(headers=said.headers, trailers=said.trailers, result=result))))


def detach_response_metadata(result: Raw) -> tuple[Raw, ResponseMetadata]:
    """Splits an answer again; one that is not wrapped is the result itself."""
    if _member not in bytes(memoryview(result)[:_HEAD]):
        return result, ResponseMetadata()
    try:
        found = _wrapped.decode(result).ours
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return result, ResponseMetadata()
    return found.result, ResponseMetadata(found.headers, found.trailers)


def error_metadata(stacktrace: str | None) -> ResponseMetadata:
    """What stands in the status line of an error; nothing where there is none, or something else."""
    try:
        return msgspec.convert(status_line_metadata(stacktrace) or {}, ResponseMetadata)
    except msgspec.ValidationError:
        return ResponseMetadata()


def checked_metadata(given: Mapping[str, str | Sequence[str]]) -> dict[str, str | list[str]]:
    """What a handler says, names in lower case. Raises LocalProtocolError for what no header can say."""
    found: dict[str, str | list[str]] = {}
    for member, value in given.items():
        name = member.lower()
        try:
            for each in (value,) if isinstance(value, str) else value:
                header_value(name, each)
        except ValueError as error:
            raise LocalProtocolError(f"response metadata {member[:100]!r} cannot be sent: {error}") from None
        found[name] = value if isinstance(value, str) else list(value)
    return found


def header_value(name: str, value: object) -> str | bytes:
    """One value as gRPC sends it. Raises ValueError for what no header can say."""
    if _NAME.fullmatch(name) is None:
        raise ValueError("its name is no header's; use letters, digits and _-.")
    if name.endswith(BINARY_SUFFIX):
        if not isinstance(value, str):
            raise ValueError("a name that ends in -bin holds base64")
        return base64.b64decode(value, validate=True)
    if not isinstance(value, str) or _PRINTABLE.fullmatch(value) is None:
        raise ValueError("only printable ASCII can be; a name that ends in -bin holds base64 of anything")
    return value
