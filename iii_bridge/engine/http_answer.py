"""Answers of http triggers: what a handler returned, and errors, as status, headers and body (wire.md 7.1)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Final, cast

import msgspec
from msgspec import Raw

from iii_bridge.wire.codec import NULL

__all__ = ["BODILESS", "Answer", "Headers", "error_answer", "from_result", "header_line", "preflight", "with_cors"]

BODILESS: Final = frozenset({204, 304})
"""Statuses whose answer has neither a body nor a length (RFC 9110)."""

Headers = list[tuple[bytes, bytes]]
"""Header lines as ASGI takes them, names in lower case."""

_VARY: Final = (b"vary", b"origin, access-control-request-method, access-control-request-headers")
_CORS: Final[Headers] = [_VARY, (b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"*")]
_PREFLIGHT: Final[Headers] = [
    _VARY,
    (b"access-control-allow-methods", b"*"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-allow-origin", b"*"),
]
_JSON: Final = (b"content-type", b"application/json")
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding", b"connection"})
_encoder: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response; `cors` is False for the 504, which carries no CORS headers, and a preflight, with its own."""

    status: int
    headers: Headers
    body: bytes = b""
    cors: bool = True

    def lines(self) -> Headers:
        """Every header line, with length and date."""
        headers = with_cors(self.headers) if self.cors else [*self.headers, _date()]
        if self.status not in BODILESS:
            headers.append((b"content-length", str(len(self.body)).encode()))
        return headers


class _Returned(msgspec.Struct):
    """The members of a handler's object that count. The Python SDK's model spells the status in its own way."""

    status_code: Any = None
    camel_status: Any = msgspec.field(default=None, name="statusCode")
    headers: Raw = NULL
    body: Raw = Raw(b"{}")


_returned: Final = msgspec.json.Decoder(_Returned)


def with_cors(headers: Headers) -> Headers:
    """Adds the CORS and date lines every answer but the 504 carries."""
    return [*headers, *_CORS, _date()]


def preflight(allow: Iterable[str] | None) -> Answer:
    """The answer to any OPTIONS: it never reaches a handler."""
    headers = list(_PREFLIGHT)
    if allow is not None:
        headers.append((b"allow", ",".join(sorted(allow)).encode()))
    return Answer(200, headers, cors=False)


def error_answer(status: int, code: str, message: str, error_id: str | None = None, **more: Any) -> Answer:
    """The error envelope; `error_id` goes with 500s and is the one in the log."""
    error: dict[str, Any] = {"code": code, "message": message}
    if error_id is not None:
        error["error_id"] = error_id
    return Answer(status, [_JSON], _encoder.encode({"error": error, **more}))


def from_result(result: Raw) -> Answer:
    """A handler's non-null return value. Anything but an object is 200 and `{}`."""
    text = bytes(result)
    if not text.startswith(b"{"):
        return Answer(200, [_JSON], b"{}")
    try:
        returned = _returned.decode(text)
        headers = _header_lines(returned.headers)
    except msgspec.DecodeError as error:  # a lone surrogate, which Node and Python send (sdks.md 1.10)
        return error_answer(500, "INTERNAL_ERROR", f"the handler's answer could not be read: {error}")
    status = returned.camel_status if returned.status_code is None else returned.status_code
    if isinstance(status, bool) or not isinstance(status, int):
        status = 200
    if not 200 <= status <= 599:
        return error_answer(500, "INTERNAL_ERROR", f"the handler's status_code {status} is not between 200 and 599")
    content_type = next((value for name, value in headers if name == b"content-type"), None)
    if content_type is None:
        headers.append(_JSON)
    body = bytes(returned.body)
    if content_type is not None and b"json" not in content_type.lower():
        body = _as_text(body)
    return Answer(status, headers, b"" if status in BODILESS else body)


def _as_text(body: bytes) -> bytes:
    """Not JSON by its content type: a string as it is, null as nothing, the rest as compact JSON."""
    if body.startswith(b'"'):
        return cast(str, json.loads(body)).encode("utf-8", "replace")
    if body == b"null":
        return b""
    return msgspec.json.format(body, indent=-1)


def _header_lines(headers: Raw) -> Headers:
    """An object of strings, or a list of `Name: value` lines, which alone can repeat a name."""
    pairs: list[tuple[Any, Any]] = []
    text = bytes(headers)
    if text.startswith(b"{"):
        pairs = list(msgspec.json.decode(text, type=dict[str, Any]).items())
    elif text.startswith(b"["):
        split = [line.partition(":") for line in msgspec.json.decode(text, type=list[Any]) if isinstance(line, str)]
        pairs = [(name, value.strip()) for name, colon, value in split if colon]
    return [line for name, value in pairs if (line := header_line(name, value)) is not None]


def header_line(name: Any, value: Any) -> tuple[bytes, bytes] | None:
    """One header line, or None when it is no valid one, or one that only the server may set."""
    if not isinstance(name, str) or not isinstance(value, str):
        return None
    key = name.strip().lower()
    if not key or not key.isascii() or not all(c.isalnum() or c in "!#$%&'*+-.^_`|~" for c in key):
        return None
    if any((c < " " and c != "\t") or c == "\x7f" for c in value) or key.encode() in _FRAMING:
        return None
    return key.encode(), value.encode("utf-8")


def _date() -> tuple[bytes, bytes]:
    return b"date", formatdate(time.time(), usegmt=True).encode()
