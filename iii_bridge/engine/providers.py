"""The one place where trigger types meet the engine: a provider per type.

A type with a provider here is carried; a type in `NOT_CARRIED` is refused by
name; any other type is parked until a worker provides it (wire.md 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from iii_bridge.protocol.engine_state import Binding, TriggerType

__all__ = ["NOT_CARRIED", "NOT_CARRIED_FUNCTIONS", "TriggerProvider", "TriggerRefused"]


class TriggerRefused(Exception):
    """A provider does not take a trigger; the text goes to the worker that registered it."""


class TriggerProvider(Protocol):
    """Serves one trigger type: is told of each binding, and fires them."""

    @property
    def kind(self) -> TriggerType:
        """The type it serves, as discovery shows it; `provider` is None."""
        ...

    def register(self, binding: Binding) -> None:
        """Takes a binding; raises `TriggerRefused` with the reason."""
        ...

    def unregister(self, binding: Binding) -> None:
        """Forgets a binding; one it does not hold is fine."""
        ...


def _refusal(kind: str) -> str:
    return (
        f"trigger type '{kind}' is not carried by this engine version; "
        "attach a worker that provides it, or use the full iii engine"
    )


NOT_CARRIED: Final[Mapping[str, str]] = {
    kind: _refusal(kind)
    for kind in (
        "configuration",
        "trace",
    )
}
"""Known trigger types without a provider here, and the text that refuses each."""

NOT_CARRIED_FUNCTIONS: Final[Mapping[str, str]] = {
    "configuration::": "the configuration worker",
    "engine::alerts::": "alerts",
    "engine::health::": "health checks",
    "engine::logs::": "queries of logs",
    "engine::metrics::": "queries of metrics",
    "engine::rollups::": "queries of metrics",
    "engine::sampling::": "sampling rules",
    "engine::traces::": "queries of traces",
}
"""How ids begin that a full engine has functions for and this one has not, and what they are (wire.md 7.7, 7.8)."""
