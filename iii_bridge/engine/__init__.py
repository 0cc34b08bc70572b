"""The embedded engine: for development, tests and small installations (wire.md)."""

from iii_bridge.engine.queue_runner import QueueConfig
from iii_bridge.engine.server import Engine

__all__ = ["Engine", "QueueConfig"]
