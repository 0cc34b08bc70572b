"""Metadata of gRPC as metadata of an invocation.

A name that comes once is a string, one that comes again a list of them; a name
that ends in `-bin` holds base64. What belongs to the transport stays behind,
what belongs to us cannot be sent by a client, and credentials go no further
than the gateway unless they are named.
"""

from __future__ import annotations

import base64
import fnmatch
import functools
import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from iii_bridge.protocol.response_metadata import BINARY_SUFFIX, header_value
from iii_bridge.types import Json

__all__ = ["OWN_PREFIX", "UNTRACED", "Forwarding", "Pairs", "Trace", "trace_of"]

_log: Final = logging.getLogger("iii_bridge.gateway")

Pairs = Sequence[tuple[str, str | bytes]]
"""Metadata as gRPC hands it over: names in lower case, in order, repeated ones included."""

OWN_PREFIX: Final = "iii-"
"""Names that only a gateway writes."""

_TRANSPORT: Final = frozenset(
    {
        "accept-encoding",
        "baggage",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    }
)
_CREDENTIALS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_RESERVED: Final = (":", "grpc-", OWN_PREFIX)


class Trace(NamedTuple):
    """The W3C trace context of a call, as it arrived."""

    traceparent: str | None = None
    tracestate: str | None = None
    baggage: str | None = None


UNTRACED: Final = Trace()
"""What a client without traces sends."""


class Forwarding:
    """Which names travel, by patterns as shells have them."""

    def __init__(self, patterns: Iterable[str] = ("*",)) -> None:
        """A credential travels only where a pattern is its very name."""
        wanted = [pattern.lower() for pattern in patterns]
        self._named = frozenset(wanted)
        self._patterns = re.compile("|".join(map(fnmatch.translate, wanted)) or r"(?!)")
        self._travels = functools.lru_cache(maxsize=1000)(self._decide)

    def to_invocation(self, pairs: Pairs) -> dict[str, Json]:
        """The members of an invocation's metadata."""
        found: dict[str, Json] = {}
        for name, value in pairs:
            if not self._travels(name):
                continue
            text = base64.b64encode(value).decode() if isinstance(value, bytes) else value
            before = found.get(name)
            if before is None:
                found[name] = text
            elif isinstance(before, list):
                before.append(text)  # pyright: ignore[reportUnknownMemberType] -- a list of ours
            else:
                found[name] = [before, text]
        return found

    def to_rpc(self, metadata: Mapping[str, Json]) -> list[tuple[str, str | bytes]]:
        """The way back: metadata of an invocation as what a gRPC client sends.

        Numbers and truth values are sent as JSON writes them. What no header can say is named in the log and stays
        behind: objects, text that is not printable ASCII, names with other characters than letters, digits and `_-.`.
        """
        found: list[tuple[str, str | bytes]] = []
        for member, value in metadata.items():
            name = member.lower()
            if not self._travels(name):
                continue
            values: list[Json] = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType] -- a list of JSON
            try:
                found += [(name, header_value(name, _as_text(name, each))) for each in values]
            except ValueError as error:
                _log.warning("metadata %r is not sent on: %s", member[:100], error)
        return found

    def _decide(self, name: str) -> bool:
        if name in _TRANSPORT or name.startswith(_RESERVED):
            return False
        if name in _CREDENTIALS:
            return name in self._named
        return self._patterns.match(name) is not None


def _as_text(name: str, value: Json) -> Json:
    """Numbers and truth values as JSON writes them, anything else as it is; base64 is a string from the beginning."""
    return json.dumps(value) if isinstance(value, bool | int | float) and not name.endswith(BINARY_SUFFIX) else value


def trace_of(pairs: Pairs) -> Trace:
    """The trace context a client sent; a name that comes twice counts once, but baggage adds up."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if isinstance(value, bytes):
            continue
        if name == "baggage" and name in found:
            found[name] += f",{value}"
        elif name in ("baggage", "traceparent", "tracestate"):
            found.setdefault(name, value)
    return Trace(**found) if found else UNTRACED
