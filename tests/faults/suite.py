"""The fault suite: an engine in a process of its own, workers and callers behind a proxy, and whatever can go wrong."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from iii_bridge import Bridge, Reconnect, connect
from iii_bridge.counters import COUNTERS
from tests.faults.load import Ledger, Ledgered, load
from tests.faults.proxy import KINDS, Proxy

__all__ = ["Report", "run_faults", "setting"]

_QUICK = Reconnect(initial=0.05, limit=0.5)
_HEARTBEAT = 0.5


class EngineProcess:
    """An engine that can be killed and started again on the same port, with what it had stored."""

    def __init__(self, data_dir: str) -> None:
        self._data_dir = data_dir
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "iii_bridge", "engine", "--port", str(self.port), "--http-port", "0",
            "--stream-port", "0", "--data-dir", self._data_dir,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode()
        assert line.startswith("engine ready"), line
        self.port = int(line.split()[3].rpartition(":")[2].strip("/"))

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()


@dataclass
class Report:
    """What was done, and what came of it."""

    injected: Counter[str]
    ledger: Ledger
    faults: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        made = Counter(self.ledger.made.values())
        found = ["faults injected: " + ", ".join(f"{kind} {count}" for kind, count in sorted(self.injected.items()))]
        for verb, count in sorted(made.items()):
            kinds = {kind: n for (each, kind), n in self.ledger.by_kind().items() if each == verb}
            text = ", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items(), key=lambda item: -item[1]))
            found.append(f"{verb}: {count} calls; {text}")
        found += [f"WRONG: {fault}" for fault in (*self.faults, *self.leftovers)]
        return found

    def summary(self) -> dict[str, Any]:
        """For machines."""
        retries = Counter[str]()
        for (_, reason), count in COUNTERS.snapshot()["retries"].items():
            retries[reason] += count
        return {
            "faults": dict(sorted(self.injected.items())),
            "calls": len(self.ledger.made),
            "outcomes": dict(Counter(kind for (_, kind), n in self.ledger.by_kind().items() for _ in range(n))),
            "retries": dict(retries),
            "reconnects": sum(COUNTERS.snapshot()["reconnects"].values()),
            "lost": sum(not endings for endings in self.ledger.endings.values()),
            "resolved_twice": sum(len(endings) > 1 for endings in self.ledger.endings.values()),
            "wrong": len(self.faults) + len(self.leftovers),
        }


async def run_faults(seconds: float, *, seed: int, lanes: int, kills: int, settle: float = 60.0) -> Report:
    """Makes calls and faults for so long, then lets everything come back and looks at what is left."""
    dice = random.Random(seed)
    async with setting(seed) as (engine, proxy, bridges):
        ledger = Ledger()
        worker, *callers = bridges
        await worker.serve(Ledgered(ledger))
        stop = asyncio.Event()
        loads = [
            asyncio.create_task(load(caller, ledger, stop, lanes, f"c{number}"))
            for number, caller in enumerate(callers)
        ]
        await _spoil(proxy, engine, seconds, dice, kills)
        stop.set()
        async with asyncio.timeout(settle):
            await asyncio.gather(*loads)
        report = Report(proxy.injected, ledger)
        await _delivered(ledger, settle)
        report.faults = ledger.faults() + [f"enqueue {name} never ran" for name in ledger.undelivered()]
        report.leftovers = [
            f"{bridge.worker_name} still has {bridge._session.protocol.pending_calls} calls open"
            for bridge in bridges
            if bridge._session.protocol.pending_calls
        ]
        return report


@asynccontextmanager
async def setting(seed: int) -> AsyncIterator[tuple[EngineProcess, Proxy, list[Bridge]]]:
    async with AsyncExitStack() as stack:
        engine = EngineProcess(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.push_async_callback(engine.kill)
        await engine.start()
        proxy = await stack.enter_async_context(Proxy(engine.port, seed))
        bridges: list[Bridge] = []
        for name in ("worker", "caller-1", "caller-2"):
            connecting = connect(
                proxy.url, worker_name=f"{name}-{os.getpid()}", reconnect=_QUICK, heartbeat=_HEARTBEAT, timeout=10.0
            )
            bridges.append(await stack.enter_async_context(connecting))
        yield engine, proxy, bridges


async def _spoil(proxy: Proxy, engine: EngineProcess, seconds: float, dice: random.Random, kills: int) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    deaths = sorted(loop.time() + seconds * (number + 0.5) / (kills + 0.5) for number in range(kills))
    while loop.time() < end:
        if deaths and loop.time() >= deaths[0]:
            deaths.pop(0)
            await engine.kill()
            proxy.injected["engine killed"] += 1
            await engine.start()
        else:
            await proxy.inject(dice.choice(KINDS), dice.uniform(0.05, 0.4))
        await asyncio.sleep(dice.uniform(0.05, 0.4))


async def _delivered(ledger: Ledger, seconds: float) -> None:
    """Waits until everything that was queued has run: a failed attempt is repeated with growing pauses."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while ledger.undelivered():
                ledger.changed.clear()
                await ledger.changed.wait()
