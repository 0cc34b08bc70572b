"""`make soak`: minutes of calls, a reconnect now and then, while objects, tasks, memory and descriptors are watched.

By hand. The first fifth warms up; after it nothing may grow. The last line is JSON; exits with 1 when something does.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.load import Ledger, Ledgered, load
from tests.faults.suite import setting

__all__ = ["Sample"]


@dataclass(frozen=True)
class Sample:
    """What this process holds at one moment, while nothing is being called."""

    objects: int
    tasks: int
    kilobytes: int
    descriptors: int

    @classmethod
    def now(cls) -> Sample:
        """Linux only: it reads /proc."""
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(
            objects=len(gc.get_objects()),
            tasks=len(asyncio.all_tasks()),
            kilobytes=pages * os.sysconf("SC_PAGE_SIZE") // 1024,
            descriptors=len(os.listdir("/proc/self/fd")),
        )

    def grown(self, later: Sample) -> dict[str, int]:
        """What a later sample has more, beyond what caches and allocators take."""
        room = {"objects": max(500, self.objects // 100), "tasks": 2, "kilobytes": 4096, "descriptors": 2}
        differences = {name: value - getattr(self, name) for name, value in asdict(later).items()}
        return {name: more for name, more in differences.items() if more > room[name]}


async def soak(seconds: float, lanes: int) -> tuple[list[Sample], int]:
    """Samples, one for each fifth of the time, and how many calls were made."""
    samples: list[Sample] = []
    calls = 0
    async with setting(1) as (_, proxy, bridges):
        worker, *callers = bridges
        served = Ledger()
        await worker.serve(Ledgered(served))
        for _ in range(5):
            ledger, stop = Ledger(), asyncio.Event()
            loads = [asyncio.create_task(load(each, ledger, stop, lanes, "s")) for each in callers]
            await asyncio.sleep(seconds / 10)
            await proxy.inject("cut", 0)
            await asyncio.sleep(seconds / 10)
            stop.set()
            await asyncio.gather(*loads)
            calls += len(ledger.made)
            served.executed.clear()
            del ledger, loads
            samples.append(Sample.now())
            sys.stdout.write(f"{samples[-1]}\n")
    return samples, calls


def main() -> None:
    """Runs and judges."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--lanes", type=int, default=16)
    options = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    samples, calls = asyncio.run(soak(options.seconds, options.lanes))
    grown = samples[0].grown(samples[-1])
    sys.stdout.write(json.dumps({"calls": calls, "grown": grown}) + "\n")
    sys.exit(1 if grown else 0)


if __name__ == "__main__":
    main()
