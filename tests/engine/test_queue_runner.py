"""How a queue is declared, and how its runner treats time and stopping."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest
from msgspec import Raw

from iii_bridge.engine import QueueConfig
from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.queue_runner import QueueRunner
from iii_bridge.engine.store import Message, Store
from tests.engine.support import asynchronous


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", QueueConfig("a")),
        ("a:fifo", QueueConfig("a", type="fifo")),
        ("a:standard", QueueConfig("a")),
    ],
)
def test_a_queue_on_the_command_line(text: str, expected: QueueConfig) -> None:
    assert QueueConfig.parse(text) == expected


@pytest.mark.parametrize("text", ["", ":fifo", "a:", "a:lifo", "a:fifo:x"])
def test_what_is_no_queue(text: str) -> None:
    with pytest.raises(ValueError, match="NAME"):
        QueueConfig.parse(text)


@pytest.mark.parametrize("wrong", [{"concurrency": 0}, {"max_retries": 0}, {"backoff_ms": -1}])
def test_a_queue_that_cannot_run(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="'q' needs"):
        QueueConfig("q", **wrong)


def message(name: str, due: float = 0.0) -> Message:
    return Message(name, "q", "f", "default", b"1", due=due)


@asynchronous
async def test_a_message_that_is_due_later_waits_for_its_time() -> None:
    hub, store = Hub(), Store(None)
    await store.open()
    ran: list[float] = []
    done = asyncio.Event()

    def handle(_call: BuiltinCall) -> None:
        ran.append(time.time())
        done.set()

    hub.add_builtins([Builtin("f", handle, "")])
    runner = QueueRunner(QueueConfig("q"), hub, store)
    due = time.time() + 0.05
    await store.add(message("a"))
    runner.push(message("a", due))
    assert (runner.depth, ran) == (1, [])
    async with asyncio.timeout(5):
        await done.wait()
    assert ran[0] >= due - 0.01
    assert runner.depth == 0
    await store.close()


@asynchronous
async def test_a_stopped_runner_leaves_its_messages_in_the_store() -> None:
    hub, store = Hub(), Store(None)
    await store.open()
    begun = asyncio.Event()

    async def hang(_call: BuiltinCall) -> Raw | None:
        begun.set()
        await asyncio.Event().wait()
        return None

    hub.add_builtins([Builtin("f", hang, "")])
    runner = QueueRunner(QueueConfig("q", concurrency=1), hub, store)
    for name in ("a", "b"):
        await store.add(message(name))
        runner.push(message(name))
    await begun.wait()
    runner.stop()
    await hub.close(1012, "")
    assert await store.dead_counts() == {}
    runner.push(message("c"))
    assert runner.depth == 2
    await store.close()


@asynchronous
async def test_pauses_double() -> None:
    hub, store = Hub(), Store(None)
    await store.open()
    at: list[float] = []
    dead = asyncio.Event()

    def fail(_call: BuiltinCall) -> None:
        at.append(asyncio.get_running_loop().time())
        if len(at) == 4:
            dead.set()
        raise BuiltinFailure("c", "m")

    hub.add_builtins([Builtin("f", fail, "")])
    runner = QueueRunner(QueueConfig("q", max_retries=4, backoff_ms=20), hub, store)
    await store.add(message("a"))
    runner.push(message("a"))
    async with asyncio.timeout(5):
        await dead.wait()
    pauses = [later - sooner for sooner, later in itertools.pairwise(at)]
    assert all(pause >= wanted for pause, wanted in zip(pauses, (0.018, 0.038, 0.078), strict=True)), pauses
    await store.close()
