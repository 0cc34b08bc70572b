"""How much of everything one engine takes before it says no: with a clear answer, instead of collapsing.

docs/reference/engine-limits.md shows them.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "CHANNEL_BYTES",
    "HEAD_BYTES",
    "HEAD_SECONDS",
    "MOST_CHANNELS",
    "MOST_CONNECTIONS",
    "MOST_OWN_CALLS",
    "MOST_REQUESTS",
    "MOST_STREAM_SOCKETS",
    "MOST_WAITING_CALLS",
]

MOST_CONNECTIONS: Final = 4096
"""Sockets on the workers' port, channels among them; and http connections. Further ones are answered 503."""

MOST_STREAM_SOCKETS: Final = 4096
"""Sockets on the streams' port; further ones are answered 503."""

MOST_CHANNELS: Final = 16_384
"""Channels that exist at once."""

CHANNEL_BYTES: Final = 16 * 1024 * 1024
"""Bytes buffered in one channel, beside its items: a single larger item is taken when the buffer is empty."""

HEAD_BYTES: Final = 64 * 1024
"""An http request's line and headers; more is answered 431."""

HEAD_SECONDS: Final = 10.0
"""How long an http request's line and headers may take to arrive (wire.md 1.1)."""

MOST_REQUESTS: Final = 1024
"""Http requests handled at once; further ones wait their turn."""

MOST_OWN_CALLS: Final = 1024
"""Calls of functions that the engine carries, waiting for the store; beyond it nobody is read from for a moment."""

MOST_WAITING_CALLS: Final = 10_000
"""Calls of functions that wait for workers or endpoints inside the engine; further ones are refused."""
