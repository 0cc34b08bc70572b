"""`iii-bridge serve` as a process: readiness, signals, exit codes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from iii_bridge import connect
from iii_bridge.engine import Engine
from tests.bridge.contracts import shop
from tests.bridge.support import run_really

MODULE = """
from bridge_test_contracts.shop.v1 import GetRequest, OrdersService, PlaceRequest, Receipt

class Orders(OrdersService):
    def __init__(self, bridge):
        self.name = bridge.worker_name

    async def place(self, request, context, /):
        return Receipt(order_id=self.name)

    get = note = raw = place
"""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    contracts = Path(shop.__file__).parents[2].parent
    (folder / "orders_module.py").write_text(MODULE)
    return subprocess.Popen(
        [sys.executable, "-m", "iii_bridge", "serve", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(contracts), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_says_when_it_is_ready_serves_and_ends_well_on_a_signal(tmp_path: Path) -> None:
    async def main() -> None:
        async with Engine(port=0, http_port=0) as engine, connect(engine.url, worker_name="caller") as bridge:
            ready = tmp_path / "ready"
            options = ("--url", engine.url, "--name", "served", "--ready-file", str(ready))
            process = start(tmp_path, "orders_module:Orders", *options)
            try:
                assert process.stdout is not None
                line = await asyncio.to_thread(process.stdout.readline)
                assert line == "ready: orders_module:Orders as worker served\n"
                assert ready.read_text() == f"{process.pid}\n"
                answer = await shop.OrdersClient(bridge).place(shop.PlaceRequest(sku="tea"))
                assert answer.order_id == "served"
                process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, 20) == 0
                assert not ready.exists()
            finally:
                process.kill()
                process.communicate()

    run_really(main(), 60)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["orders_module"], 2, "write module:Service"),
        (["nothing_here:Orders"], 2, "module nothing_here"),
        (["orders_module:Order"], 2, "orders_module has no Order"),
        (["orders_module:Orders", "--url", "ws://127.0.0.1:9", "--connect-timeout", "0.2"], 1, "no connection within"),
    ],
)
def test_what_is_wrong_is_said_with_an_exit_code(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    process = start(tmp_path, *arguments)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert said in " ".join(errors.replace("│", " ").split())
