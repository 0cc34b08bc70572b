"""Kills the engine under load, again and again, and counts what was acknowledged and lost.

    make kill-test              at least 200 kills; prints what it did, the last line is JSON

One client writes state and stream items, enqueues, publishes to a durable topic, deletes and updates; another
handles the messages, and fails some of them once. Each run of the engine ends with SIGKILL while both are busy.
Everything acknowledged in any run has to be there at the end, and each message has to have been delivered.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.engine.support import BareWorker

KEYS = 20
UNDER_WAY = 16
DRAIN_SECONDS = 60.0
WHERE = {"stream_name": "st", "group_id": "g"}


def start(data_dir: Path, around: Sequence[str] = ()) -> tuple[subprocess.Popen[str], Any]:
    """The engine as a process, and where it is; `around` is the beginning of a command that runs another."""
    options = ["--port", "0", "--http-port", "0", "--data-dir", str(data_dir)]
    process = subprocess.Popen(
        [*around, sys.executable, "-m", "iii_bridge", "engine", *options],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("engine ready"), line
    return process, SimpleNamespace(url=line.split()[3])


def stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@dataclass
class Ledger:
    """What was asked for, acknowledged and delivered, over all runs of the engine."""

    acknowledged: set[int] = field(default_factory=set)
    delivered: dict[int, int] = field(default_factory=dict)
    asked: dict[str, list[Any]] = field(default_factory=dict)
    safe: dict[str, int] = field(default_factory=dict)
    numbers: int = 0

    def next(self) -> int:
        self.numbers += 1
        return self.numbers

    def lost_messages(self) -> set[int]:
        return self.acknowledged - self.delivered.keys()

    def ask(self, key: str, value: Any) -> int:
        """A write to a key is on its way; its place among the writes to that key."""
        self.asked.setdefault(key, []).append(value)
        return len(self.asked[key]) - 1

    def holds(self, key: str, value: Any) -> bool:
        """Is what is stored the last write acknowledged, or one asked for after it?"""
        least = self.safe.get(key, -1)
        return value in self.asked.get(key, [])[max(least, 0) :] or (least < 0 and value is None)


@contextlib.asynccontextmanager
async def _joined(engine: Any) -> AsyncIterator[BareWorker]:
    """A worker whose socket is closed in any case."""
    worker = await BareWorker.join(engine)
    try:
        yield worker
    finally:
        await worker.close()


async def produce(engine: Any, ledger: Ledger, choice: random.Random) -> None:
    """Writes of every kind, several under way, until the engine is gone."""
    async with _joined(engine) as worker:
        await _produce(worker, ledger, choice)


async def _produce(worker: BareWorker, ledger: Ledger, choice: random.Random) -> None:
    waiting: dict[str, tuple[str, Any]] = {}
    busy: set[str] = set()
    while True:
        while len(waiting) < UNDER_WAY:
            kind, what, frame = _one(ledger, choice, busy)
            waiting[await worker.start(**frame)] = (kind, what)
        answer = await worker.receive("invocationresult")
        assert "error" not in answer, answer
        kind, what = waiting.pop(answer["invocation_id"])
        if kind == "message":
            ledger.acknowledged.add(what)
        else:
            key, place = what
            busy.discard(key)
            ledger.safe[key] = place


def _one(ledger: Ledger, choice: random.Random, busy: set[str]) -> tuple[str, Any, dict[str, Any]]:
    """A write: of a message, or to a key that none is under way to, so that their order is known."""
    number = ledger.next()
    kind = choice.choice(["queue", "topic", "state", "state", "stream"])
    free = [n for n in range(KEYS) if f"{kind} {n}" not in busy]
    if kind == "queue" or not free:
        action = {"type": "enqueue", "queue": "default"}
        return "message", number, {"function_id": "on::message", "data": number, "action": action}
    if kind == "topic":
        published = {"topic": "news", "data": number}
        return "message", number, {"function_id": "iii::durable::publish", "data": published}
    slot = choice.choice(free)
    key = f"{kind} {slot}"
    busy.add(key)
    if kind == "stream":
        place = ledger.ask(key, number)
        item = {**WHERE, "item_id": str(slot), "data": number}
        return "key", (key, place), {"function_id": "stream::set", "data": item}
    where = {"scope": "s", "key": str(slot)}
    if choice.random() < 0.2:
        return "key", (key, ledger.ask(key, None)), {"function_id": "state::delete", "data": where}
    if choice.random() < 0.3:
        ops = [{"type": "set", "path": "", "value": number}]
        return "key", (key, ledger.ask(key, number)), {"function_id": "state::update", "data": {**where, "ops": ops}}
    return "key", (key, ledger.ask(key, number)), {"function_id": "state::set", "data": {**where, "value": number}}


async def consume(engine: Any, ledger: Ledger) -> None:
    """Handles messages until the engine is gone; every seventh fails the first time."""
    async with _joined(engine) as worker:
        await _consume(worker, ledger)


async def _consume(worker: BareWorker, ledger: Ledger) -> None:
    await worker.function("on::message")
    settings = {"topic": "news", "queue_config": {"backoffDelayMs": 50}}
    await worker.trigger("t", "durable:subscriber", "on::message", settings)
    while True:
        call = await worker.receive("invokefunction")
        number = call["data"]
        first = number not in ledger.delivered
        body: dict[str, Any] = {"result": None}
        if first and number % 7 == 0:
            body = {"error": {"code": "x", "message": "not yet"}}
        ledger.delivered[number] = ledger.delivered.get(number, 0) + 1
        await worker.send(
            type="invocationresult", invocation_id=call["invocation_id"], function_id=call["function_id"], **body
        )


async def one_run(process: subprocess.Popen[str], engine: Any, ledger: Ledger, choice: random.Random) -> None:
    """Load on one engine process until it is killed, some time after the first acknowledgement."""
    tasks = [
        asyncio.create_task(_until_gone(work)) for work in (consume(engine, ledger), produce(engine, ledger, choice))
    ]
    before = len(ledger.acknowledged)
    async with asyncio.timeout(DRAIN_SECONDS):
        while len(ledger.acknowledged) == before:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.005)
    await asyncio.sleep(choice.random() * 0.25)
    process.kill()
    await asyncio.gather(*tasks)


async def _until_gone(work: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(ConnectionClosed, OSError):
        await work


async def settle(engine: Any, ledger: Ledger) -> list[str]:
    """After the last start: what was lost."""
    consumer = asyncio.create_task(consume(engine, ledger))
    end = time.monotonic() + DRAIN_SECONDS
    while ledger.lost_messages() and time.monotonic() < end and not consumer.done():  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.05)
    consumer.cancel()
    await asyncio.gather(consumer, return_exceptions=True)
    problems = [f"message {number} was acknowledged and never delivered" for number in sorted(ledger.lost_messages())]
    reader = await BareWorker.join(engine)
    for key in ledger.asked:
        kind, slot = key.split()
        if kind == "stream":
            answer = await reader.call("stream::get", {**WHERE, "item_id": slot})
        else:
            answer = await reader.call("state::get", {"scope": "s", "key": slot})
        value = answer.get("result")
        if not ledger.holds(key, value):
            problems.append(f"{key} holds {value}, acknowledged was {ledger.asked[key][ledger.safe[key]]}")
    await reader.close()
    return problems


@dataclass
class Report:
    """What happened: problems come first."""

    problems: list[str]
    kills: int
    acknowledged_messages: int
    acknowledged_writes: int
    deliveries: int
    seconds: float


def kill_again_and_again(data_dir: Path, kills: int, seed: int) -> Report:
    """The whole test."""
    begin, ledger, choice = time.monotonic(), Ledger(), random.Random(seed)
    for _ in range(kills):
        process, engine = start(data_dir)
        try:
            asyncio.run(one_run(process, engine, ledger, choice))
        finally:
            stop(process)
    process, engine = start(data_dir)
    try:
        problems = asyncio.run(settle(engine, ledger))
    finally:
        stop(process)
    writes = sum(place + 1 for place in ledger.safe.values())
    deliveries = sum(ledger.delivered.values())
    return Report(problems, kills, len(ledger.acknowledged), writes, deliveries, time.monotonic() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory() as data:
        report = kill_again_and_again(Path(data), asked.kills, asked.seed)
    for problem in report.problems:
        print(problem)
    print(json.dumps({**vars(report), "problems": len(report.problems), "seconds": round(report.seconds, 1)}))
    sys.exit(1 if report.problems else 0)


if __name__ == "__main__":
    main()
