"""What this worker wants the engine to know: kept, and replayed on every connection (wire.md 2.7)."""

from __future__ import annotations

from collections.abc import Iterator

from iii_bridge.wire import RegisterFunction, RegisterTrigger, RegisterTriggerType

__all__ = ["DesiredState"]


class DesiredState:
    """Functions, triggers and trigger types by id, in the order they were first registered."""

    def __init__(self) -> None:
        self.functions: dict[str, RegisterFunction] = {}
        self.triggers: dict[str, RegisterTrigger] = {}
        self.trigger_types: dict[str, RegisterTriggerType] = {}

    def replay(self) -> Iterator[RegisterTriggerType | RegisterFunction | RegisterTrigger]:
        """Types, then functions, then triggers: a trigger never precedes what it needs."""
        yield from self.trigger_types.values()
        yield from self.functions.values()
        yield from self.triggers.values()
