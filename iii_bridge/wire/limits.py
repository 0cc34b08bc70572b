"""Sizes both sides must respect (wire.md 1.2 and 10, sdks.md 1.7)."""

from __future__ import annotations

from typing import Final

__all__ = [
    "CHANNEL_BUFFER_DEFAULT",
    "CHANNEL_BUFFER_MAX",
    "DEFAULT_NAMESPACE",
    "DEFAULT_URL",
    "FORWARDING_ROOM_BYTES",
    "FRAGMENT_BYTES",
    "MAX_FRAME_BYTES",
    "MAX_FUNCTIONS",
    "MAX_HELD_FRAMES",
    "MAX_MESSAGE_BYTES",
    "MAX_PENDING_CALLS",
    "MAX_TRIGGERS",
    "MAX_TRIGGER_TYPES",
    "OLD_PYTHON_MESSAGE_BYTES",
]

MAX_MESSAGE_BYTES: Final = 64 * 1024 * 1024
FORWARDING_ROOM_BYTES: Final = 4096
"""What the engine may add to a message it passes on: the caller's id, the trace (wire.md 5.4, 5.5)."""
MAX_FRAME_BYTES: Final = 16 * 1024 * 1024
FRAGMENT_BYTES: Final = 1024 * 1024
OLD_PYTHON_MESSAGE_BYTES: Final = 1024 * 1024
"""Python SDKs before 0.25 drop the connection on a larger message."""

MAX_PENDING_CALLS: Final = 65_536
"""Calls of one worker that the engine lets wait for an answer; further ones are refused."""
MAX_HELD_FRAMES: Final = 100_000
"""Registrations a connection may send before its namespace is known (wire.md 2.2); beyond it is `default`."""

MAX_FUNCTIONS: Final = 200_000
"""Functions of all workers that the engine records; further ones are left out, with a line in its log."""
MAX_TRIGGERS: Final = 200_000
"""Triggers the engine holds, parked ones among them; further ones are refused."""
MAX_TRIGGER_TYPES: Final = 10_000
"""Trigger types of workers; further ones are left out, with a line in the log."""

CHANNEL_BUFFER_DEFAULT: Final = 64
CHANNEL_BUFFER_MAX: Final = 1024

DEFAULT_NAMESPACE: Final = "default"
DEFAULT_URL: Final = "ws://127.0.0.1:49134"
