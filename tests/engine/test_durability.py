"""What is acknowledged outlives the engine being killed; `make kill-test` does the same for minutes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.engine.killing import Ledger, kill_again_and_again


def test_nothing_acknowledged_is_lost_when_the_engine_is_killed(tmp_path: Path) -> None:
    report = kill_again_and_again(tmp_path, kills=3, seed=7)
    assert report.problems == []
    assert report.acknowledged_messages > 20
    assert report.acknowledged_writes > 20
    assert report.deliveries >= report.acknowledged_messages
    database = sqlite3.connect(tmp_path / "engine.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_the_ledger_notices_a_loss() -> None:
    ledger = Ledger()
    ledger.acknowledged |= {1, 2}
    ledger.delivered[1] = 1
    assert ledger.lost_messages() == {2}
    for value in ("a", "b", None, "c"):
        place = ledger.ask("k", value)
        if value == "b":
            ledger.safe["k"] = place
    assert [ledger.holds("k", value) for value in ("a", "b", None, "c", "z")] == [False, True, True, True, False]
    ledger.ask("new", "x")
    assert ledger.holds("new", None)
    assert ledger.holds("new", "x")
