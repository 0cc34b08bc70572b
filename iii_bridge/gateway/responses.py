"""What handlers say beside their answers, as initial and trailing metadata of gRPC.

Initial metadata goes before the first response, and a client that got it does not repeat the call any more. So what
comes with the end of a stream, or beside an error, goes among the trailers.
"""

from __future__ import annotations

import logging
from typing import Final

from iii_bridge.gateway.metadata import Forwarding, Pairs
from iii_bridge.protocol.response_metadata import ResponseMetadata

__all__ = ["ROOM", "initial", "metadata_size", "trailing"]

_log: Final = logging.getLogger("iii_bridge.gateway")

ROOM: Final = 7500
"""Bytes of metadata that clients surely take: gRPC's soft limit is 8 kB."""

_ENTRY: Final = 32  # bytes that HTTP/2 counts for each header besides its name and value
_FORWARDING: Final = Forwarding()


def initial(said: ResponseMetadata) -> Pairs:
    """The headers, as long as there is room."""
    return _fitting(_FORWARDING.to_rpc(said.headers), ROOM)


def trailing(said: ResponseMetadata, *, late: bool = False, taken: int = 0) -> Pairs:
    """The trailers; `late`: after the headers, which come too late. `taken` bytes of the room are used already."""
    pairs = _FORWARDING.to_rpc(said.headers) if late else []
    return _fitting([*pairs, *_FORWARDING.to_rpc(said.trailers)], ROOM - taken)


def metadata_size(pairs: Pairs) -> int:
    """Bytes that a client counts; binary values travel as base64."""
    return sum(len(name) + _ENTRY + len(value) * (4 if isinstance(value, bytes) else 3) // 3 for name, value in pairs)


def _fitting(pairs: list[tuple[str, str | bytes]], room: int) -> Pairs:
    found: list[tuple[str, str | bytes]] = []
    for pair in pairs:
        room -= metadata_size([pair])
        if room < 0:
            _log.warning("response metadata from %r on was left out: no client takes so much", pair[0])
            break
        found.append(pair)
    return tuple(found)
