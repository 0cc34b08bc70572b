"""Streams between a typed bridge and workers on the official SDKs, which know the convention and nothing of ours."""

from __future__ import annotations

import gc
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import iii
import pytest

from iii_bridge import BridgeSync, ContractError, InvocationError, StreamTruncatedError, connect_sync
from iii_bridge.aio.portal import Portal
from iii_bridge.engine import Engine
from tests.bridge.contracts import shop
from tests.bridge.stream_peer import Peer
from tests.bridge.streams import WatchSync

# The Python SDK leaves its loop and sockets to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).resolve().parents[2]
HUNDRED = [str(number) for number in range(100)]


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Set up first, so torn down last: the collector runs inside the filters above."""
    yield
    gc.collect()


@pytest.fixture
def url() -> Iterator[str]:
    portal = Portal()
    engine = portal.call(Engine(port=0, http_port=0).__aenter__)
    yield engine.url
    portal.call(lambda: engine.__aexit__(None, None, None))
    portal.close()


@contextmanager
def python_peer(url: str) -> Iterator[Callable[[BridgeSync], None]]:
    worker = iii.register_worker(url, iii.InitOptions(worker_name="theirs", otel={"enabled": False}))
    peer = Peer(worker, url)
    try:
        yield lambda bridge: peer.serve()
    finally:
        worker.shutdown()


@contextmanager
def node_peer(url: str) -> Iterator[Callable[[BridgeSync], None]]:
    process = subprocess.Popen(["node", str(ROOT / "tests/bridge/stream_peer.mjs"), url], cwd=ROOT)
    try:
        yield lambda bridge: bridge.call("theirs::serve") and None
    finally:
        process.kill()
        process.wait()


def until_listed(bridge: BridgeSync, *function_ids: str) -> None:
    """The SDKs have no acknowledgement of a registration."""
    pause = threading.Event()
    for _ in range(1000):
        found = bridge.call("engine::functions::list", {})["functions"]
        if set(function_ids) <= {row["function_id"] for row in found}:
            return
        pause.wait(0.02)
    raise AssertionError(f"{function_ids} were never listed")


@pytest.mark.parametrize("start", [python_peer, node_peer])
def test_a_worker_on_an_official_sdk_is_either_end(start: Callable[..., object], url: str) -> None:
    with start(url) as serve:  # type: ignore[attr-defined]
        with connect_sync(url, worker_name="ours") as bridge:
            check_ours_serves(bridge)
        with connect_sync(url, worker_name="ours") as bridge:
            serve(bridge)
            until_listed(bridge, "watch::watch", "watch::upload", "watch::chat")
            check_theirs_serves(bridge)


def check_ours_serves(bridge: BridgeSync) -> None:
    bridge.serve(WatchSync())
    until_listed(bridge, "theirs::drive")
    got = bridge.call("theirs::drive", timeout=60)
    assert got["watch"] == {"result": {"items": 100}, "totals": HUNDRED}
    assert got["upload"]["total"] == "4950"
    assert got["chat"] == {"result": {"items": 100}, "totals": [str(2 * number) for number in range(100)]}


def check_theirs_serves(bridge: BridgeSync) -> None:
    client = shop.WatchClientSync(bridge)
    assert [receipt.total for receipt in client.watch(shop.GetRequest(order_id="o", limit=100))] == list(range(100))
    hundred = [shop.PlaceRequest(sku=f"s{number}", quantity=number) for number in range(100)]
    assert client.upload(hundred) == shop.Receipt(order_id="all", total=4950)
    assert [receipt.total for receipt in client.chat(hundred)] == [2 * number for number in range(100)]
    for order, error, problem in (
        ("fail", InvocationError, "enough"),
        ("wrong", ContractError, r"expected a string.* at \$\[3\]\.orderId"),
        ("short", StreamTruncatedError, "3 of 4 items arrived"),
    ):
        seen: list[int] = []
        stream = client.watch(shop.GetRequest(order_id=order, limit=3))
        with pytest.raises(error, match=problem):
            for receipt in stream:
                seen += [receipt.total]
        assert seen == [0, 1, 2], "what came before is whole"
