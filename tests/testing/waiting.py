"""Waiting for what nobody announces."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["until"]

_PAUSE = threading.Event()


def until(condition: Callable[[], bool], timeout: float = 60.0) -> None:
    """Asks again and again; fails after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        _PAUSE.wait(0.02)
