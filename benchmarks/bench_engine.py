"""The embedded engine: routed calls, http, durable writes, memory, start-up.

    make bench-engine

Everything runs against `iii-bridge engine` as a process of its own, with a data
directory on disk; callers and workers are processes too. Calls carry an order
of 1.1 kB there and back, untyped, through our bridge and through the official
Python SDK. http requests come from wrk, against a trigger served by our bridge
and against a bare Starlette app on the same uvicorn, in turns. Durable writes
are made by a bare connection that keeps 64 of them under way; each counts when
it is acknowledged, which is after its commit. What needs a tool that is not
installed is left out by name, with null in the last line.

The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.bench_rpc import IN_FLIGHT, Role, hear_end, obey, sample, say  # noqa: E402

CONNECTIONS = 200
FUNCTIONS = 10_000
WEB_SECONDS = 4
ECHO = {"ours": "ours::echo", "sdk": "sdk::echo"}


# --- roles -----------------------------------------------------------------------


async def serve_ours(url: str) -> None:
    """An echo, and an http trigger that answers a small object."""
    from iii_bridge import connect

    async with connect(url, worker_name="bench-engine-ours") as bridge:
        bridge.register_function(ECHO["ours"], lambda payload: payload)
        bridge.register_function("web::hello", lambda _payload: {"status_code": 200, "body": {"hello": "world"}})
        config = {"api_path": "/hello", "http_method": "GET"}
        bridge.register_trigger("http", "web::hello", config)
        await bridge.confirm(ECHO["ours"], "web::hello")
        say(ready=True)
        await hear_end()


async def call_ours(url: str) -> None:
    from iii_bridge import connect

    _, _, payload = sample()
    async with connect(url, worker_name="bench-engine-caller") as bridge:

        async def call() -> None:
            answer = await bridge.call(ECHO["ours"], payload)
            assert answer["orderId"] == payload["orderId"]

        await obey(call)


async def write(url: str) -> None:
    """A bare connection: as many durable writes as it can, 64 under way."""
    from benchmarks.bench_rpc import connect_bare

    bare = await connect_bare(url, "bench-engine-writer")
    payload = sample()[2]
    kinds = {
        "enqueue": {
            "function_id": "engine::baggage::get_all",
            "data": payload,
            "action": {"type": "enqueue", "queue": "bench"},
        },
        "state": {"function_id": "state::set", "data": {"scope": "bench", "key": "", "value": payload}},
    }
    say(ready=True)
    while (line := (await asyncio.to_thread(sys.stdin.readline)).split()) and line[0] != "end":
        count = int(line[1])
        begin = time.perf_counter()
        await _write_all(bare, kinds[line[0]], count)
        say(rate=count / (time.perf_counter() - begin))


async def _write_all(bare: Any, frame: dict[str, Any], count: int) -> None:
    sent = answered = 0
    while answered < count:
        while sent < count and sent - answered < IN_FLIGHT:
            if "key" in frame["data"]:
                frame["data"]["key"] = str(sent)
            await bare.send(type="invokefunction", invocation_id=f"{sent:08x}-0000-4000-8000-000000000000", **frame)
            sent += 1
        answer = bare.loads(await bare.socket.recv())
        if answer["type"] == "invocationresult":
            assert "error" not in answer, answer
            answered += 1


async def crowd(url: str) -> None:
    """Connections that do nothing, then one with many functions, for the engine's memory to be looked at."""
    from benchmarks.bench_rpc import connect_bare

    idle = [await connect_bare(url, f"idle-{number}") for number in range(CONNECTIONS)]
    say(ready=True)
    await hear_end()
    many = idle[0]
    for number in range(FUNCTIONS):
        await many.send(type="registerfunction", id=f"many::function::{number}", request_format={"type": "object"})
    await many.send(type="ping")
    while many.loads(await many.socket.recv())["type"] != "pong":
        pass
    say(ready=True)
    await hear_end()


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """The bare Starlette app; built on first use, so that only its process imports Starlette."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def answer(_request: Request) -> JSONResponse:
        return JSONResponse({"hello": "world"})

    global _app
    if _app is None:
        _app = Starlette(routes=[Route("/hello", answer)])
    await _app(scope, receive, send)


_app: Any = None


def serve_bare_web(_url: str) -> None:
    import uvicorn

    # the protocol is named, or asyncio leaves Nagle's algorithm on and every answer waits for an acknowledgement
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(("127.0.0.1", 0))
    say(url=f"http://127.0.0.1:{sock.getsockname()[1]}")
    config = uvicorn.Config(
        hello, http="httptools", loop="asyncio", lifespan="off", log_level="error", access_log=False
    )
    uvicorn.Server(config).run(sockets=[sock])


# --- measuring -------------------------------------------------------------------


class EngineProcess:
    """`iii-bridge engine`, started and timed."""

    def __init__(self, data_dir: str) -> None:
        options = ["--port", "0", "--http-port", "0", "--data-dir", data_dir]
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "iii_bridge", "engine", *options],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.startup = time.perf_counter() - begin
        self.url, self.http_url = re.findall(r"(?:ws|http)://\S+", line)[:2]

    def resident_mb(self) -> float:
        """Megabytes of memory it holds; not a number where that cannot be told."""
        try:
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        except OSError:
            return float("nan")
        return pages * 4096 / 1e6

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@contextmanager
def running(data_dir: str) -> Iterator[EngineProcess]:
    engine = EngineProcess(data_dir)
    try:
        yield engine
    finally:
        engine.end()


@contextmanager
def roles(*started: Role) -> Iterator[None]:
    try:
        yield
    finally:
        for role in reversed(started):
            role.end()


def own(role: str, url: str = "-") -> Role:
    return Role(role, url, script=__file__)


def wrk(url: str) -> float:
    """Requests per second; every answer has to be a 200."""
    command = ["wrk", "-t1", "-c64", f"-d{WEB_SECONDS}s", f"{url}/hello"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in text, text
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert found is not None, text
    return float(found[1])


def measure_calls(engine: EngineProcess, rounds: int, flying: int) -> dict[str, dict[str, float]]:
    """p50, p99 in seconds and calls per second, by client."""
    workers = {"ours": own("worker", engine.url), "sdk": Role("worker-sdk", engine.url)}
    with roles(*workers.values()):
        for worker in workers.values():
            worker.hear()
        callers = {"ours": own("caller", engine.url), "sdk": Role("caller-sdk", engine.url)}
        with roles(*callers.values()):
            found: dict[str, dict[str, list[float]]] = {}
            for name, caller in callers.items():
                caller.hear()
                caller.ask("sequence 200")
                found[name] = {"p50": [], "p99": [], "rate": []}
            for _ in range(rounds):
                for name, caller in callers.items():
                    one = caller.ask("sequence 1000")
                    found[name]["p50"].append(one["p50"])
                    found[name]["p99"].append(one["p99"])
                    found[name]["rate"].append(caller.ask(f"flight {flying}")["rate"])
            return {
                name: {key: statistics.median(values) for key, values in kinds.items()} for name, kinds in found.items()
            }


def measure_web(engine: EngineProcess, rounds: int) -> tuple[float, float]:
    """Requests per second of ours and of the bare app."""
    worker, bare = own("worker", engine.url), own("bare-web")
    with roles(worker, bare):
        worker.hear()
        bare_url = bare.hear()["url"]
        pairs = [(wrk(engine.http_url), wrk(bare_url)) for _ in range(rounds)]
        bare.kill()
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def measure_writes(engine: EngineProcess, rounds: int, count: int) -> dict[str, float]:
    """Acknowledged writes per second, by kind."""
    writer = own("writer", engine.url)
    with roles(writer):
        writer.hear()
        return {
            kind: statistics.median(writer.ask(f"{kind} {count}")["rate"] for _ in range(rounds))
            for kind in ("enqueue", "state")
        }


def measure_memory(engine: EngineProcess) -> tuple[float, float]:
    """Kilobytes for a connection, megabytes for 10,000 functions."""
    people = own("crowd", engine.url)
    before = engine.resident_mb()
    with roles(people):
        people.hear()
        connected = engine.resident_mb()
        people.ask("more")
        return (connected - before) * 1000 / CONNECTIONS, engine.resident_mb() - connected


def main() -> None:
    """Runs everything; a role when it is told to be one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=8000, help="calls of one round with 64 in flight")
    parser.add_argument("--writes", type=int, default=8000, help="durable writes of one round")
    parser.add_argument("--role", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.role:
        be(*asked.role)
        return
    startups: list[float] = []
    idle: list[float] = []
    for _ in range(asked.rounds):
        with tempfile.TemporaryDirectory() as data, running(data) as engine:
            startups.append(engine.startup)
            time.sleep(0.5)
            idle.append(engine.resident_mb())
    with tempfile.TemporaryDirectory() as data, running(data) as engine:
        per_connection, per_functions = measure_memory(engine)
    with tempfile.TemporaryDirectory() as data, running(data) as engine:
        calls = measure_calls(engine, asked.rounds, asked.calls)
        web = measure_web(engine, asked.rounds) if shutil.which("wrk") else None
    with tempfile.TemporaryDirectory() as data, running(data) as engine:
        writes = measure_writes(engine, asked.rounds, asked.writes)
    report(calls, web, writes, statistics.median(startups), statistics.median(idle), per_connection, per_functions)


def report(
    calls: dict[str, dict[str, float]],
    web: tuple[float, float] | None,
    writes: dict[str, float],
    startup: float,
    idle: float,
    per_connection: float,
    per_functions: float,
) -> None:
    """A table, and the line of JSON."""
    print(f"{'routed calls':<28}{'p50 µs':>10}{'p99 µs':>10}{f'{IN_FLIGHT} in flight, /s':>20}")
    for name, found in calls.items():
        print(f"  {name:<26}{found['p50'] * 1e6:>10.0f}{found['p99'] * 1e6:>10.0f}{found['rate']:>20.0f}")
    if web is None:
        print("http: left out, wrk is not installed")
    else:
        print(f"{'http, requests/s':<28}{web[0]:>10.0f}   bare Starlette {web[1]:.0f}")
    print(f"{'enqueued messages/s':<28}{writes['enqueue']:>10.0f}")
    print(f"{'state writes/s':<28}{writes['state']:>10.0f}")
    print(f"{'start-up, s':<28}{startup:>10.2f}")
    print(f"{'memory, idle, MB':<28}{idle:>10.1f}")
    print(f"{'  per connection, kB':<28}{per_connection:>10.1f}")
    print(f"{f'  per {FUNCTIONS} functions, MB':<28}{per_functions:>10.1f}")
    keys = {
        "calls_per_s_64": round(calls["ours"]["rate"]),
        "http_vs_bare": None if web is None else round(web[0] / web[1], 3),
        "enqueue_per_s": round(writes["enqueue"]),
        "state_set_per_s": round(writes["state"]),
        "startup_s": round(startup, 3),
        "rss_idle_mb": round(idle, 1),
    }
    print(json.dumps(keys))


def be(role: str, url: str) -> None:
    match role:
        case "worker":
            asyncio.run(serve_ours(url))
        case "caller":
            asyncio.run(call_ours(url))
        case "writer":
            asyncio.run(write(url))
        case "crowd":
            asyncio.run(crowd(url))
        case "bare-web":
            serve_bare_web(url)
        case _:
            raise SystemExit(f"no role {role}")


if __name__ == "__main__":
    main()
