"""Streamed messages per second, beside a channel of the official Python SDK with json.

    make bench-streams                                  on an embedded engine, which it starts
    .venv/bin/python benchmarks/bench_streams.py --url ws://127.0.0.1:49134     on any other

A worker streams orders, of 1.1 kB and of 0.2 kB, to a caller, each of them a
process of its own, through one engine. Ours is a method with a stream of
responses: every message is encoded, checked and decoded. The SDK's worker is
given a reference to a channel and sends each message as one text item of
`json.dumps`; its caller reads it with `json.loads`. Rounds are interleaved, and
the best of each counts. The time to the first message is what opening a stream
costs: channels, sockets and the invocation.

The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.bench_codec import order  # noqa: E402
from benchmarks.bench_rpc import Role, hear_end, say, until_served  # noqa: E402

NAMES = ("ours", "sdk")
SIZES = {"1.1 kB": 10, "0.2 kB": 1}
"""Lines of an order, by how large that makes it."""

Stream = Callable[[int, int], Awaitable[None]]
"""Receives that many orders of that many lines."""


# --- ours ------------------------------------------------------------------------


def orders_service() -> Any:
    """A service with one streaming method, as generated code declares it."""
    from iii_bridge.abi import v1 as abi

    name = "bench.v1.OrdersService/Watch"
    schemas = {name: abi.MethodSchemas("{}", "{}", "{}", "{}")}
    method = abi.MethodSpec(
        full_name=name,
        name="watch",
        function_id="ours::watch",
        kind=abi.MethodKind.SERVER_STREAM,
        request=type(order(1)),
        response=type(order(1)),
        schemas=lambda: schemas,
    )

    class Orders(abi.Service):
        _service = abi.ServiceSpec(full_name="bench.v1.OrdersService", methods=(method,), digest="none")

        async def watch(self, request: Any, context: abi.Context, /) -> AsyncIterator[Any]:
            message = order(int(context.metadata["lines"]))
            for _ in range(int(context.metadata["count"])):
                yield message

    return Orders()


async def serve_ours(url: str) -> None:
    from iii_bridge import connect

    async with connect(url, worker_name="bench-ours") as bridge:
        await bridge.serve(orders_service())
        say(ready=True)
        await hear_end()


async def call_ours(url: str) -> None:
    from iii_bridge import connect

    method = orders_service()._service.methods[0]
    request = order(1)
    async with connect(url, worker_name="bench-ours-caller") as bridge:

        async def stream(count: int, lines: int) -> None:
            seen = 0
            async for message in bridge.stream_method(method, request, metadata={"count": count, "lines": lines}):
                assert message.order_id == request.order_id
                seen += 1
            assert seen == count

        await obey(stream)


# --- the SDK's -------------------------------------------------------------------


def as_json(lines: int) -> dict[str, Any]:
    from iii_bridge.contract.protojson import codec_for

    message = order(lines)
    payload: dict[str, Any] = json.loads(codec_for(type(message)).encode(message))
    return payload


def serve_sdk(url: str) -> None:
    from iii import InitOptions, register_worker

    worker = register_worker(url, InitOptions(worker_name="bench-sdk", enable_metrics_reporting=False))

    async def watch(data: dict[str, Any]) -> dict[str, Any]:
        payload = as_json(data["lines"])
        for _ in range(data["count"]):
            await data["responses"].send_message_async(json.dumps(payload))
        await data["responses"].close_async()
        return {"items": data["count"]}

    worker.register_function("sdk::watch", watch)
    say(ready=True)
    asyncio.run(hear_end())
    worker.shutdown()


def call_sdk(url: str) -> None:
    from iii import InitOptions, register_worker
    from iii.channel import ChannelReader, StreamChannelRef

    client = register_worker(url, InitOptions(worker_name="bench-sdk-caller", enable_metrics_reporting=False))
    order_id = as_json(1)["orderId"]

    async def stream(count: int, lines: int) -> None:
        made = await client.trigger_async({"function_id": "engine::channels::create", "payload": {}})
        reader = ChannelReader(url, StreamChannelRef(**made["reader"]))
        seen = 0

        def take(text: str) -> None:
            nonlocal seen
            assert json.loads(text)["orderId"] == order_id
            seen += 1

        reader.on_message(take)
        payload = {"count": count, "lines": lines, "responses": made["writer"]}
        reading = asyncio.ensure_future(reader.read_all())
        try:
            answer = await client.trigger_async({"function_id": "sdk::watch", "payload": payload})
            await reading
        finally:
            reading.cancel()  # nothing will come when there is no worker yet
        assert answer["items"] == seen == count

    asyncio.run(obey(stream))
    client.shutdown()


# --- the whole -------------------------------------------------------------------


async def obey(stream: Stream) -> None:
    """Receives the streams it is told to, and says how long that took."""
    await until_served(lambda: stream(1, 1))
    say(ready=True)
    while (line := (await asyncio.to_thread(sys.stdin.readline)).split()) and line[0] != "end":
        count, lines, times = (int(number) for number in line)
        taken = []
        for _ in range(times):
            begin = time.perf_counter()
            await stream(count, lines)
            taken.append(time.perf_counter() - begin)
        say(seconds=statistics.median(taken))


def measure(url: str | None, rounds: int, count: int) -> dict[str, Any]:
    """The best rate by size and who streamed, and what opening a stream takes."""
    roles: list[Role] = []

    def start(*arguments: str) -> Role:
        roles.append(Role(*arguments, script=__file__))
        return roles[-1]

    try:
        if url is None:
            url = str(start("engine").hear()["url"])
        workers = {name: start(f"worker-{name}", url) for name in NAMES}
        callers = {name: start(f"caller-{name}", url) for name in NAMES}
        for role in (*workers.values(), *callers.values()):
            role.hear()
        rates: dict[str, dict[str, float]] = {size: dict.fromkeys(NAMES, 0.0) for size in SIZES}
        cpu: dict[str, dict[str, float]] = {size: dict.fromkeys(NAMES, 0.0) for size in SIZES}
        opening = dict.fromkeys(NAMES, float("inf"))
        for _ in range(rounds):
            for size, lines in SIZES.items():
                for name, caller in callers.items():
                    before = caller.cpu() + workers[name].cpu()
                    rate = count / caller.ask(f"{count} {lines} 1")["seconds"]
                    rates[size][name] = max(rates[size][name], rate)
                    cpu[size][name] += (caller.cpu() + workers[name].cpu() - before) / (rounds * count)
            for name, caller in callers.items():
                opening[name] = min(opening[name], caller.ask("1 1 20")["seconds"])
        return {"rates": rates, "cpu": cpu, "opening": opening}
    finally:
        for role in reversed(roles):
            role.end()


def report(found: dict[str, Any]) -> None:
    """A table, and the line of JSON."""
    for size, rates in found["rates"].items():
        print(f"{f'messages of {size}':<28}{'messages/s':>12}{'CPU µs/message':>16}")
        for name in NAMES:
            print(f"  {name:<26}{rates[name]:>12.0f}{found['cpu'][size][name] * 1e6:>16.0f}")
    print(f"{'a stream of one message':<28}{'ms':>12}")
    for name in NAMES:
        print(f"  {name:<26}{found['opening'][name] * 1e3:>12.1f}")
    large, small = (found["rates"][size] for size in SIZES)
    line = {
        "messages_per_s": round(large["ours"]),
        "throughput_vs_sdk": round(large["ours"] / large["sdk"], 3),
        "small_messages_per_s": round(small["ours"]),
        "small_throughput_vs_sdk": round(small["ours"] / small["sdk"], 3),
        "one_message_vs_sdk": round(found["opening"]["ours"] / found["opening"]["sdk"], 3),
    }
    print(json.dumps(line))


async def serve_engine(_url: str) -> None:
    from iii_bridge.engine import Engine

    async with Engine(port=0, http_port=0) as engine:
        say(url=engine.url)
        await hear_end()


def play(role: str, url: str) -> None:
    """One part of the whole, in this process."""
    from iii_bridge.aio.loops import new_event_loop

    parts: dict[str, Callable[[str], Coroutine[Any, Any, None]]] = {
        "engine": serve_engine,
        "worker-ours": serve_ours,
        "caller-ours": call_ours,
    }
    if role in parts:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(parts[role](url))
    else:
        {"worker-sdk": serve_sdk, "caller-sdk": call_sdk}[role](url)


def main() -> None:
    """Measures, or plays the part it was started for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="an engine that runs already, instead of an embedded one")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--count", type=int, default=3000, help="messages of a stream")
    parser.add_argument("--role", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role is None:
        report(measure(options.url, options.rounds, options.count))
    else:
        play(options.role[0], options.role[-1])


if __name__ == "__main__":
    main()
