"""Whether what one side sends is what the other accepts, decided from JSON Schemas."""

from iii_bridge.contract.compat.compare import Sides, compare, compare_function
from iii_bridge.contract.compat.findings import Comparison, Finding, Verdict

__all__ = ["Comparison", "Finding", "Sides", "Verdict", "compare", "compare_function"]
