"""Which event loop programs of ours run on: uvloop where it is installed."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable

__all__ = ["new_event_loop"]


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A new loop, for `asyncio.Runner(loop_factory=…)` and for loops in threads."""
    try:
        factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
    except ModuleNotFoundError:
        factory = asyncio.new_event_loop
    return factory()
