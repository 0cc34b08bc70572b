"""The pytest plugin, in test runs of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]

WORKER = """
import asyncio, os, sys
from example_contracts.examples.inventory.v1 import CountRequest, CountResponse
from example_contracts.examples.inventory.v1 import InventoryService, ReserveRequest, Reservation
from iii_bridge import Context, run

class Inventory(InventoryService):
    async def reserve(self, request: ReserveRequest, context: Context, /) -> Reservation:
        print("reserving", request.sku, flush=True)
        return Reservation(reservation_id=request.sku)

    async def count(self, request: CountRequest, context: Context, /) -> CountResponse:
        os._exit(3)

if __name__ == "__main__":
    print("about to serve", flush=True)
    run(Inventory(), worker_name="inventory")
"""

CONFTEST = """
import sys
import pytest
from example_contracts.examples.inventory.v1 import InventoryService

@pytest.fixture
def worker(iii_worker):
    return iii_worker([sys.executable, "worker.py"], services=[InventoryService], name="the inventory")
"""

TESTS = """
import asyncio
import pytest
from example_contracts.examples.inventory.v1 import InventoryClient, InventoryClientSync
from example_contracts.examples.inventory.v1 import InventoryService, ReserveRequest
from iii_bridge import BridgeError, FunctionNotFoundError, StatusCode, StatusError

def test_a_blocking_client(worker, iii_client):
    assert iii_client(InventoryClientSync).reserve(ReserveRequest(sku="tea")).reservation_id == "tea"

def test_an_asynchronous_client(worker, iii_async_client):
    async def main():
        async with iii_async_client(InventoryClient) as inventory:
            return await inventory.reserve(ReserveRequest(sku="mug"))
    assert asyncio.run(main()).reservation_id == "mug"

def test_the_log_is_shown(worker, iii_client):
    iii_client(InventoryClientSync).reserve(ReserveRequest(sku="shown-on-failure"))
    assert False

def test_a_killed_worker_is_gone(worker, iii_connection):
    worker.kill()
    assert not worker.process.running
    with pytest.raises(FunctionNotFoundError):
        iii_connection.call("inventory::reserve", {})

def test_a_worker_that_ends_by_itself(worker, iii_connection):
    with pytest.raises(BridgeError):
        iii_connection.call("inventory::count", {})
    assert worker.process.wait(60) == 3

def test_a_mock_and_its_contract(iii_mock, iii_contract, iii_client):
    inventory = iii_mock(InventoryService)
    inventory["Reserve"].fails(StatusCode.FAILED_PRECONDITION, "sold out")
    with pytest.raises(StatusError, match="sold out"):
        iii_client(InventoryClientSync).reserve(ReserveRequest(sku="tea"))
    inventory.forget()
    outcomes = iii_contract(InventoryService, examples=5)
    assert {outcome.verdict.value for outcome in outcomes} == {"passed"}
    assert iii_contract("examples.inventory.v1.InventoryService", examples=1, skip=frozenset({"refuses"}))

def test_a_worker_that_breaks_its_contract(worker, iii_contract):
    iii_contract(InventoryService, examples=5)

def test_a_worker_that_never_serves(iii_worker):
    iii_worker(["python", "-c", "print('no worker')"], functions=["inventory::reserve"])
"""


@pytest.fixture(autouse=True)
def _example_contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'examples' / 'python'}")
    monkeypatch.delenv("III_URL", raising=False)


def test_fixtures(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(worker=WORKER, conftest=CONFTEST, test_inventory=TESTS)
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    (pytester.path / "proto" / "examples").mkdir(parents=True)
    (pytester.path / "proto" / "examples" / "inventory").symlink_to(ROOT / "proto" / "examples" / "inventory")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=5, failed=3)
    result.stdout.fnmatch_lines(["inventory::count: answers: failed with UNAVAILABLE *"])
    result.stdout.fnmatch_lines(["*worker the inventory*", "about to serve", "reserving shown-on-failure"])
    result.stdout.fnmatch_lines(["*python ended before it registered inventory::reserve (exit code 0); it printed*"])
    assert "reserving tea" not in result.stdout.str()  # of a test that passed


def test_an_engine_in_a_process_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(iii_engine, iii_connection):
            assert iii_engine.process.running and iii_engine.http_url.startswith("http://")
            assert iii_connection.call("engine::functions::list", {})["functions"] is not None
        """
    )
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    pytester.runpytest_subprocess("--iii-engine", "process").assert_outcomes(passed=1)


def test_an_engine_that_runs_already(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(iii_url):\n    assert iii_url == 'ws://127.0.0.1:1'\n")
    pytester.makeini("[pytest]\niii_url = ws://127.0.0.1:1\n")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_it_costs_nothing_where_it_is_not_used() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import iii_bridge.testing.plugin; "
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('iii_bridge')), "
        "sorted(name for name in sys.modules if name.startswith('iii_bridge')))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[] ['iii_bridge', 'iii_bridge.testing', 'iii_bridge.testing.plugin']"
