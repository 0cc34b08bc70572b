"""A typed call of ours beside an untyped call of the official Python SDK.

Both go through one embedded engine in the same run, each from a process of its
own to a worker in a process of its own, in interleaved rounds. Ours encodes,
checks and decodes generated messages at both ends; theirs passes dicts. The
SDK's telemetry is off and its worker's handler is asynchronous, which is the
fastest it offers; of its two ways to call in sequence the faster one counts.

The last line is one JSON object, ours divided by theirs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
IN_FLIGHT = 64
UNIT_CENTS = 1250

Call = Callable[[], Awaitable[Any]]


# --- what is called --------------------------------------------------------------


def quote(sku: str, quantity: int) -> dict[str, Any]:
    """The work both workers do."""
    return {"sku": sku, "unitCents": UNIT_CENTS, "totalCents": UNIT_CENTS * quantity, "discountPercent": 0}


async def serve_engine() -> None:
    from iii_bridge.engine import Engine

    async with Engine(port=0, http_port=0) as engine:
        say(url=engine.url)
        await asyncio.to_thread(sys.stdin.readline)


async def serve_ours(url: str) -> None:
    from examples.pricing.v1 import CountRequest, CountResponse, PricingService, Quotation, QuoteRequest, Tier

    from iii_bridge import Context, connect

    class Pricing(PricingService):
        async def quote(self, request: QuoteRequest, context: Context, /) -> Quotation:
            total = UNIT_CENTS * request.quantity
            return Quotation(sku=request.sku, unit_cents=UNIT_CENTS, total_cents=total, tier=Tier.TIER_LIST)

        async def count(self, request: CountRequest, context: Context, /) -> CountResponse:
            return CountResponse()

    async with connect(url, worker_name="bench-ours") as bridge:
        await bridge.serve(Pricing())
        say(ready=True)
        await asyncio.to_thread(sys.stdin.readline)


def serve_sdk(url: str) -> None:
    from iii import InitOptions, register_worker

    worker = register_worker(url, InitOptions(worker_name="bench-sdk", enable_metrics_reporting=False))

    async def handle(data: dict[str, Any]) -> dict[str, Any]:
        return {**quote(data["sku"], int(data["quantity"])), "tier": "TIER_LIST"}

    worker.register_function("sdk::quote", handle)
    say(ready=True)
    sys.stdin.readline()
    worker.shutdown()


# --- who calls -------------------------------------------------------------------


async def call_ours(url: str) -> None:
    from examples.pricing.v1 import PricingClient, QuoteRequest

    from iii_bridge import connect

    async with connect(url, worker_name="bench-ours-caller") as bridge:
        client = PricingClient(bridge)

        async def call() -> None:
            quotation = await client.quote(QuoteRequest(order_id="o-1", sku="pen-blue", quantity=12))
            assert quotation.total_cents == 12 * UNIT_CENTS

        await obey(call, None)


async def call_sdk(url: str) -> None:
    from iii import InitOptions, register_worker

    client = register_worker(url, InitOptions(worker_name="bench-sdk-caller", enable_metrics_reporting=False))
    payload = {"orderId": "o-1", "sku": "pen-blue", "quantity": "12"}
    request = {"function_id": "sdk::quote", "payload": payload}

    async def call() -> None:
        answer = await client.trigger_async(request)
        assert answer["totalCents"] == 12 * UNIT_CENTS

    def call_blocking() -> None:
        answer = client.trigger(request)
        assert answer["totalCents"] == 12 * UNIT_CENTS

    await obey(call, call_blocking)
    await asyncio.to_thread(client.shutdown)


async def obey(call: Call, call_blocking: Callable[[], None] | None) -> None:
    """Does the rounds it is told to do, and says how long each call, or each round, took."""
    await until_served(call)
    say(ready=True)
    while (line := sys.stdin.readline().split()) and line[0] != "end":
        kind, count = line[0], int(line[1])
        if kind == "sequence":
            say(p50=await sequence(call, count))
        elif kind == "blocking" and call_blocking is not None:
            say(p50=blocking_sequence(call_blocking, count))
        elif kind == "flight":
            say(rate=await flight(call, count))
        else:
            say(p50=None)


async def until_served(call: Call) -> None:
    """The worker's registration is acknowledged by nobody: try until it answers."""
    for _ in range(100):
        try:
            return await call()
        except Exception:  # not there yet, whatever the client calls it
            await asyncio.sleep(0.05)
    return await call()


async def sequence(call: Call, count: int) -> float:
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        await call()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def blocking_sequence(call: Callable[[], None], count: int) -> float:
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


async def flight(call: Call, count: int) -> float:
    """Calls per second with IN_FLIGHT calls under way."""
    left = count

    async def keep_calling() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await call()

    begin = time.perf_counter()
    await asyncio.gather(*(keep_calling() for _ in range(IN_FLIGHT)))
    return count / (time.perf_counter() - begin)


# --- the processes ---------------------------------------------------------------


def say(**words: Any) -> None:
    print(json.dumps(words), flush=True)


class Role:
    """A process of this program, told what to do line by line."""

    def __init__(self, *arguments: str) -> None:
        path = os.pathsep.join([str(ROOT), str(ROOT / "examples/python/example_contracts")])
        environment = {**os.environ, "OTEL_ENABLED": "false", "PYTHONPATH": path}
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--role", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise SystemExit(f"{self._process.args} ended with {self._process.wait()}")

    def ask(self, line: str) -> dict[str, Any]:
        self.tell(line)
        return self.hear()

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def end(self) -> None:
        if self._process.poll() is None:
            try:
                self.tell("end")
                self._process.wait(10)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self._process.kill()
        self._process.wait()


def measure(rounds: int, sequential: int, flying: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Latencies in seconds and rates in calls per second, by who called, one value a round."""
    engine = Role("engine")
    url = engine.hear()["url"]
    roles = [engine]
    try:
        for name in ("worker-ours", "worker-sdk"):
            roles.append(Role(name, url))
            roles[-1].hear()
        callers = {"ours": Role("caller-ours", url), "sdk": Role("caller-sdk", url)}
        roles += callers.values()
        for caller in callers.values():
            caller.hear()
            caller.ask("sequence 200")  # warm
        latency: dict[str, list[float]] = {"ours": [], "sdk": [], "sdk, blocking": []}
        rate: dict[str, list[float]] = {"ours": [], "sdk": []}
        for _ in range(rounds):
            latency["ours"].append(callers["ours"].ask(f"sequence {sequential}")["p50"])
            latency["sdk"].append(callers["sdk"].ask(f"sequence {sequential}")["p50"])
            latency["sdk, blocking"].append(callers["sdk"].ask(f"blocking {sequential}")["p50"])
            for name, caller in callers.items():
                rate[name].append(caller.ask(f"flight {flying}")["rate"])
        return latency, rate
    finally:
        for role in reversed(roles):
            role.end()


def report(latency: dict[str, list[float]], rate: dict[str, list[float]]) -> None:
    print(f"{'one call at a time':<24}{'p50 µs':>10}{'rounds from–to':>18}")
    for name, values in latency.items():
        low, high = min(values) * 1e6, max(values) * 1e6
        print(f"  {name:<22}{statistics.median(values) * 1e6:>10.0f}{f'{low:.0f}–{high:.0f}':>18}")
    print(f"{f'{IN_FLIGHT} in flight':<24}{'calls/s':>10}{'rounds from–to':>18}")
    for name, values in rate.items():
        print(f"  {name:<22}{statistics.median(values):>10.0f}{f'{min(values):.0f}–{max(values):.0f}':>18}")
    sdk = min(statistics.median(latency["sdk"]), statistics.median(latency["sdk, blocking"]))
    ratios = {
        "p50_vs_sdk": round(statistics.median(latency["ours"]) / sdk, 3),
        "throughput64_vs_sdk": round(statistics.median(rate["ours"]) / statistics.median(rate["sdk"]), 3),
    }
    print(json.dumps(ratios))


def main() -> None:
    """Measures, or plays the part it was started for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sequential", type=int, default=500, help="calls of a round, one at a time")
    parser.add_argument("--flying", type=int, default=3000, help=f"calls of a round, {IN_FLIGHT} in flight")
    parser.add_argument("--role", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    match options.role:
        case None:
            report(*measure(options.rounds, options.sequential, options.flying))
        case ["engine"]:
            asyncio.run(serve_engine())
        case ["worker-ours", url]:
            asyncio.run(serve_ours(url))
        case ["worker-sdk", url]:
            serve_sdk(url)
        case ["caller-ours", url]:
            asyncio.run(call_ours(url))
        case ["caller-sdk", url]:
            asyncio.run(call_sdk(url))
        case _:
            parser.error("unknown role")


if __name__ == "__main__":
    main()
