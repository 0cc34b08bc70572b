"""`make soak`: minutes of calls and streams, connections cut, while objects, tasks, memory and descriptors are watched.

By hand. The first fifth warms up; after it nothing may grow. The last line is JSON; exits with 1 when something does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import gc
import json
import logging
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from iii_bridge import Bridge, BridgeError
from tests.bridge.contracts import shop
from tests.bridge.streams import Watch, orders, until
from tests.faults.load import Ledger, Ledgered, load
from tests.faults.proxy import Proxy
from tests.faults.suite import setting

__all__ = ["Sample"]

_ROUND = 2.0
"""Seconds."""


@dataclass(frozen=True)
class Sample:
    """What this process holds at one moment, while nothing is being called and no stream is being wound up."""

    objects: int
    tasks: int
    blocks: int
    """Of Python's allocator: what is really held, where resident memory counts whole arenas."""
    kilobytes: int
    descriptors: int

    @classmethod
    def now(cls) -> Sample:
        """Linux only: it reads /proc. Memory that the allocator keeps free for the next time does not count."""
        gc.collect()
        with contextlib.suppress(AttributeError):  # glibc's
            ctypes.CDLL(None).malloc_trim(0)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(
            objects=len(gc.get_objects()),
            tasks=len(asyncio.all_tasks()),
            blocks=sys.getallocatedblocks(),
            kilobytes=pages * os.sysconf("SC_PAGE_SIZE") // 1024,
            descriptors=len(os.listdir("/proc/self/fd")),
        )

    def grown(self, later: Sample) -> dict[str, int]:
        """What a later sample has more, beyond what caches and a few partly used arenas of 1 MiB take."""
        room = {
            "objects": max(500, self.objects // 100),
            "tasks": 2,
            "blocks": max(2000, self.blocks // 100),
            "kilobytes": 4096,
            "descriptors": 2,
        }
        differences = {name: value - getattr(self, name) for name, value in asdict(later).items()}
        return {name: more for name, more in differences.items() if more > room[name]}


async def soak(seconds: float, lanes: int) -> tuple[list[Sample], int]:
    """Samples, one for each fifth of the time, and how many calls and streams were made."""
    samples: list[Sample] = []
    made = 0
    async with setting(1) as (_, proxy, bridges):
        worker, *callers = bridges
        served, watch = Ledger(), Watch()
        await worker.serve(Ledgered(served))
        await worker.serve(watch)
        for _ in range(5):
            end = asyncio.get_running_loop().time() + seconds / 5
            while asyncio.get_running_loop().time() < end:
                made += await _round(callers, proxy, served, lanes)
                watch.contexts.clear()
            await until(lambda: not any(len(each._streams.lingering) + each._dispatcher.running for each in bridges))
            samples.append(Sample.now())
            sys.stdout.write(f"{samples[-1]}\n")
    return samples, made


async def _round(callers: list[Bridge], proxy: Proxy, served: Ledger, lanes: int) -> int:
    """Calls and streams, a connection cut under them. Short, so that what this program itself notes stays small."""
    ledger, stop = Ledger(executed=served.executed), asyncio.Event()
    loads = [asyncio.create_task(load(each, ledger, stop, lanes, f"c{n}")) for n, each in enumerate(callers)]
    streams = [asyncio.create_task(_streams(each, stop)) for each in callers]
    await asyncio.sleep(_ROUND / 2)
    await proxy.inject("cut", 0)
    await asyncio.sleep(_ROUND / 2)
    stop.set()
    await asyncio.gather(*loads)
    finished = sum(await asyncio.gather(*streams))
    wrong = ledger.faults()
    if wrong:
        raise AssertionError("; ".join(wrong))
    calls = len(ledger.made)
    served.executed.clear()
    return calls + finished


async def _streams(bridge: Bridge, stop: asyncio.Event) -> int:
    """Streams of every kind, one after the other; some are left half way. How many there were."""
    client = shop.WatchClient(bridge)
    count = 0
    while not stop.is_set():
        count += 1
        with contextlib.suppress(BridgeError):  # the cut; how streams end under faults is for the tests
            if count % 4 == 0:
                await client.upload(orders(50), timeout=10)
            elif count % 4 == 1:
                async with client.watch(shop.GetRequest(limit=50), timeout=10) as answers:
                    assert len([answer async for answer in answers]) == 50
            elif count % 4 == 2:
                async with client.watch(shop.GetRequest(limit=50, order_id="wait"), timeout=10) as answers:
                    await anext(answers)
            else:
                assert len([answer async for answer in client.chat(orders(50), timeout=10)]) == 50
    return count


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
