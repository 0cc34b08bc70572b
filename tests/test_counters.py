"""Counters with few labels, from many threads."""

from __future__ import annotations

import threading

import pytest

from iii_bridge.bridge import checks as bridge_checks
from iii_bridge.bridge.checks import checks_of
from iii_bridge.contract import unknown as contract_unknown
from iii_bridge.counters import LABELS, REST, Counters
from iii_bridge.errors import ContractError
from tests.bridge.contracts import shop


def test_labels_beyond_the_limit_count_as_one() -> None:
    counters = Counters(limit=2)
    for name in ("a", "b", "c", "a", "d"):
        counters.add("retries", name, "timeout")
    counters.add("reconnects", "w", times=3)
    found = counters.snapshot()
    assert found["retries"] == {("a", "timeout"): 2, ("b", "timeout"): 1, (REST, REST): 2}
    assert found["reconnects"] == {("w",): 3}
    assert set(found) == set(LABELS)


def test_threads_lose_nothing() -> None:
    counters = Counters()
    threads = [threading.Thread(target=lambda: [counters.add("hedges", "x") for _ in range(2000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters.snapshot()["hedges"] == {("x",): 8000}


def test_what_a_check_finds_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    # Those of the process may have reached their limit of labels by now.
    counters = Counters()
    monkeypatch.setattr(bridge_checks, "COUNTERS", counters)
    monkeypatch.setattr(contract_unknown, "COUNTERS", counters)

    def count(name: str, *labels: str) -> int:
        return counters.snapshot()[name].get(labels, 0)  # type: ignore[index]

    from msgspec import Raw

    checks = checks_of(shop.OrdersClient.place.method)
    violations = count("violations", "orders::place", "request")
    unknown = count("unknown_members", "shop.v1.PlaceRequest", "$.later")
    with pytest.raises(ContractError):
        checks.decode_request(Raw(b"{}"))
    checks.decode_request(Raw(b'{"sku":"a","later":1}'))
    assert count("violations", "orders::place", "request") == violations + 1
    assert count("unknown_members", "shop.v1.PlaceRequest", "$.later") == unknown + 1
