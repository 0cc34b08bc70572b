"""A receipt is a promise: it outlives the engine being killed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.engine.support import BareWorker


def start(data_dir: Path) -> tuple[subprocess.Popen[str], Any]:
    """The engine as a process, and where it is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "iii_bridge", "engine", "--port", "0", "--http-port", "0", "--data-dir", str(data_dir)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    url = process.stdout.readline().split()[3]
    return process, SimpleNamespace(url=url)


def stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_every_receipted_message_is_delivered_after_a_kill(tmp_path: Path) -> None:
    total = 200

    async def produce(engine: Any, kill: Any) -> set[int]:
        """Sends many at once and kills the engine while receipts are still coming."""
        producer = await BareWorker.join(engine)
        action = {"type": "enqueue", "queue": "default"}
        sent = {await producer.start("a::job", number, action=action): number for number in range(total)}
        receipted = set()
        for _ in range(total // 2):
            answer = await producer.receive("invocationresult")
            assert "messageReceiptId" in answer["result"]
            receipted.add(sent[answer["invocation_id"]])
        kill()
        producer.socket.transport.abort()
        await producer.socket.wait_closed()
        return receipted

    async def consume(engine: Any, wanted: set[int]) -> None:
        worker = await BareWorker.join(engine)
        await worker.function("a::job")
        got: set[int] = set()
        while not wanted <= got:
            got.add((await worker.answer("ok"))["data"])
        await worker.close()

    process, engine = start(tmp_path)
    try:
        receipted = asyncio.run(produce(engine, process.kill))
    finally:
        stop(process)
    assert len(receipted) == total // 2
    process, engine = start(tmp_path)
    try:
        asyncio.run(asyncio.wait_for(consume(engine, receipted), 30))
    finally:
        stop(process)
