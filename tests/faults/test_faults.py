"""A bounded run of the fault suite: real sockets, a killed engine, and nothing lost."""

from __future__ import annotations

import asyncio

from iii_bridge import Outcome
from tests.faults.load import Ending, Ledger
from tests.faults.suite import run_faults


def test_nothing_is_lost_and_nothing_ends_or_runs_twice() -> None:
    report = asyncio.run(run_faults(8.0, seed=7, lanes=6, kills=1))
    assert report.faults == []
    assert report.leftovers == []
    assert sum(report.injected.values()) >= 8
    assert report.injected["engine killed"] == 1
    summary = report.summary()
    assert summary["calls"] >= 100
    assert summary["reconnects"] >= 3
    assert summary["outcomes"]["ok"] >= 100


def test_the_ledger_finds_what_it_looks_for() -> None:
    ledger = Ledger()
    for name, verb in (
        ("lost", "get"),
        ("twice", "place"),
        ("untrue", "place"),
        ("made-up", "get"),
        ("queued", "enqueue"),
    ):
        ledger.made[name] = verb
    ledger.endings["twice"] = [Ending("place", "twice", "ok")] * 2
    ledger.endings["untrue"] = [Ending("place", "untrue", "InvocationTimeoutError", Outcome.NOT_SENT.value)]
    ledger.endings["made-up"] = [Ending("get", "made-up", "ok")]
    ledger.endings["queued"] = [Ending("enqueue", "queued", "ok")]
    ledger.executed.update({"untrue": 2})
    assert ledger.faults() == [
        "get lost ended 0 times",
        "place twice ended 2 times",
        "place untrue ran 2 times",
        "place untrue ran although it was not sent",
        "get made-up was answered although it did not run",
    ]
    assert ledger.undelivered() == ["queued"]
