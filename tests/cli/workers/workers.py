"""Workers of the official SDKs on one engine: the demo's three, and one written by hand for each SDK."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from iii_bridge import connect_sync
from tests.cli.live import live_engine
from tests.meta.source import ROOT

HERE = Path(__file__).parent
DEMO = {"inventory::reserve", "orders::place", "pricing::quote", "receipts::write"}
TYPED = {"node::reserve", "python::reserve", "rust::reserve"}
WITHIN = 60.0
_PYTHONPATH = os.pathsep.join(map(str, (ROOT, ROOT / "codegen", ROOT / "examples/python")))


def _commands(url: str) -> list[Sequence[str]]:
    return [
        [sys.executable, str(HERE / "pydantic_worker.py"), url],
        ["node", str(ROOT / "tests/node/zod_worker.mjs"), url],
        [str(ROOT / "target/debug/typed-worker"), url],
        ["node", str(ROOT / "examples/typescript/dist/main.js")],
        [str(ROOT / "target/debug/iii-bridge-example-worker")],
        [sys.executable, "-m", "shop", "orders"],
        [sys.executable, "-m", "shop", "receipts"],
    ]


@contextmanager
def sdk_workers() -> Iterator[str]:
    """The engine's address, once it lists every function."""
    with live_engine() as url, ExitStack() as stack:
        environment = {**os.environ, "III_URL": url, "OTEL_ENABLED": "false", "PYTHONPATH": _PYTHONPATH}
        for command in _commands(url):
            process = stack.enter_context(
                subprocess.Popen(
                    command, cwd=ROOT, env=environment,
                    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )
            )  # fmt: skip
            stack.callback(process.kill)
        _wait(url)
        yield url


def _wait(url: str) -> None:
    end = time.monotonic() + WITHIN
    with connect_sync(url, worker_name="looks") as bridge:
        while True:
            rows = bridge.call("engine::functions::list", {})["functions"]
            missing = (DEMO | TYPED) - {row["function_id"] for row in rows}
            if not missing:
                return
            assert time.monotonic() < end, f"never registered: {', '.join(sorted(missing))}"
            time.sleep(0.1)
