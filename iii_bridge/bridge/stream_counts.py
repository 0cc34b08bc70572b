"""How streams end, and how much they carry, as counters."""

from __future__ import annotations

import asyncio
from typing import Literal

from iii_bridge.counters import COUNTERS
from iii_bridge.errors import BridgeError
from iii_bridge.status import StatusCode

__all__ = ["count_stream", "outcome_name"]


def count_stream(
    function_id: str, side: Literal["client", "server"], outcome: str, *, sent: int = 0, received: int = 0
) -> None:
    """A stream has ended; `outcome` is as `outcome_name` says, `sent` and `received` count its messages."""
    COUNTERS.add("streams", function_id, side, outcome)
    for direction, times in (("sent", sent), ("received", received)):
        if times:
            COUNTERS.add("stream_items", function_id, side, direction, times=times)


def outcome_name(error: BaseException | None) -> str:
    """`ok`, the status of an error of ours, else its type: texts may hold what metrics and traces should not."""
    if error is None:
        return "ok"
    if isinstance(error, asyncio.CancelledError):
        return StatusCode.CANCELLED.name
    return error.status.name if isinstance(error, BridgeError) else type(error).__name__
