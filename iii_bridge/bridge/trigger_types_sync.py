"""A trigger type of this worker for code without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from iii_bridge.aio.portal import Portal
from iii_bridge.bridge.trigger_types import OnBinding, TriggerBinding, TriggerType
from iii_bridge.types import Json

__all__ = ["TriggerTypeSync", "told_in_a_thread"]

Config = TypeVar("Config")


class TriggerTypeSync(Generic[Config]):
    """As `TriggerType`, blocking; `BridgeSync.register_trigger_type` makes it."""

    def __init__(self, portal: Portal, trigger_type: TriggerType[Config]) -> None:
        self._portal = portal
        self._type = trigger_type

    @property
    def id(self) -> str:
        """The id others bind to."""
        return self._type.id

    @property
    def bindings(self) -> Mapping[str, TriggerBinding[Config]]:
        """As `TriggerType.bindings`. Raises ClosedError once the bridge is closed."""

        async def read() -> Mapping[str, TriggerBinding[Config]]:
            return self._type.bindings

        return self._portal.call(read)

    def fire(self, binding: TriggerBinding[Config], payload: Any, *, timeout: float | None = None) -> Json:
        """As `TriggerType.fire`."""
        return self._portal.call(lambda: self._type.fire(binding, payload, timeout=timeout))

    def unregister(self) -> None:
        """As `TriggerType.unregister`."""

        async def withdraw() -> None:
            self._type.unregister()

        self._portal.call(withdraw)


def told_in_a_thread(callback: OnBinding | None) -> OnBinding | None:
    """`callback` where it may block, and call the bridge: in a thread of its own, one after the other."""
    if callback is None:
        return None

    async def tell(binding: TriggerBinding[Any]) -> None:
        told = await asyncio.to_thread(callback, binding)
        if told is not None:
            await told

    return tell
