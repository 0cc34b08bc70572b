"""Contract tests as a product: strategies, workers under test, mocks, the contract runner.

Names are loaded on first use; each needs what the extra `pytest` installs. The
fixtures are in `iii_bridge.testing.plugin`, which pytest finds by itself.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from iii_bridge.testing.engines import linked, live_engine
    from iii_bridge.testing.mock import MockWorker
    from iii_bridge.testing.outcomes import Outcome, Verdict
    from iii_bridge.testing.processes import ProcessError
    from iii_bridge.testing.runner import RunnerOptions, run_contract
    from iii_bridge.testing.strategies import strategy_for
    from iii_bridge.testing.workers import WorkerProcess

__all__ = [
    "MockWorker",
    "Outcome",
    "ProcessError",
    "RunnerOptions",
    "Verdict",
    "WorkerProcess",
    "linked",
    "live_engine",
    "run_contract",
    "strategy_for",
]

_HOMES: Final = {
    "MockWorker": "mock",
    "Outcome": "outcomes",
    "ProcessError": "processes",
    "RunnerOptions": "runner",
    "Verdict": "outcomes",
    "WorkerProcess": "workers",
    "linked": "engines",
    "live_engine": "engines",
    "run_contract": "runner",
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
