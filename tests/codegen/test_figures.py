"""The figures of the contract tools hold: no planted break is missed, and nothing harmless is called one."""

from __future__ import annotations

from tests.codegen.figures import breaking_figures, import_figures


def test_planted_breaks_and_false_alarms() -> None:
    """A tenth of what `python -m tests.codegen.figures` tries."""
    found = breaking_figures(step=10)
    assert found["planted"] > 80
    assert found["harmless"] > 20
    assert (found["found"], found["missed"]) == (found["planted"], [])
    assert (found["false_alarms"], found["wrong"]) == (0, [])


def test_imports() -> None:
    found = import_figures()
    assert found["by_schemas"].get("incompatible", 0) == 0
    assert (found["findings"], found["same_digest_by_reflection"]) == (0, found["services"])
