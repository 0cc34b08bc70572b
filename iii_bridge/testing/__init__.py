"""Contract tests as a product: strategies, workers under test, mocks, the contract runner.

Names are loaded on first use; each needs what the extra `pytest` installs. The
fixtures are in `iii_bridge.testing.plugin`, which pytest finds by itself.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from iii_bridge.testing.engines import live_engine
    from iii_bridge.testing.processes import ProcessError
    from iii_bridge.testing.strategies import strategy_for
    from iii_bridge.testing.workers import WorkerProcess

__all__ = ["ProcessError", "WorkerProcess", "live_engine", "strategy_for"]

_HOMES: Final = {
    "ProcessError": "processes",
    "WorkerProcess": "workers",
    "live_engine": "engines",
    "strategy_for": "strategies",
}
"""Where a public name lives."""


def __getattr__(name: str) -> Any:
    """Loads a public name on first use (PEP 562): the plugin must cost nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
