"""A typed call of ours beside an untyped call of the official Python SDK and a bare websockets + orjson loop.

    make bench-rpc                                    on an embedded engine, which it starts
    .venv/bin/python benchmarks/bench_rpc.py --url ws://127.0.0.1:49134     on any other

All three go through one engine in the same run, each from a process of its own
to a worker in a process of its own, in interleaved rounds. Each sends an order
of 1.1 kB and gets it back. Ours decodes it, checks it and encodes it again at
both ends; the others pass dicts. The SDK's telemetry is off and its worker's
handler is asynchronous, which is the fastest it offers; of its two ways to call
in sequence the faster one counts. The bare loop has no timeouts, no errors and
no reconnects: it is what the wire costs in Python. uvloop is used where it is
installed, for ours and the bare loop. Rounds are short and many, and the best
of each counts, so that a busy machine disturbs the comparison little.

The last line is one JSON object, ours divided by theirs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
IN_FLIGHT = 64
FUNCTIONS = 1000
NAMES = ("ours", "sdk", "bare")

Call = Callable[[], Awaitable[Any]]


# --- what is called --------------------------------------------------------------


def sample() -> tuple[Any, Any, dict[str, Any]]:
    """The order's class, one as a message, and the same as JSON."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.bench_codec import order
    from iii_bridge.contract.protojson import codec_for
    from iii_bridge.contract.spec import JsonProfile
    from iii_bridge.contract.spec import UnknownMembers as Unknown

    message = order(10)
    payload = json.loads(codec_for(type(message), JsonProfile(), Unknown.IGNORE).encode(message))
    return type(message), message, payload


def echo_service(cls: Any) -> Any:
    """A service with one method, as generated code declares it."""
    from iii_bridge.abi import v1 as abi

    name = "bench.v1.EchoService/Echo"
    schemas = {name: abi.MethodSchemas("{}", "{}", "{}", "{}")}
    method = abi.MethodSpec(
        full_name=name,
        name="echo",
        function_id="ours::echo",
        kind=abi.MethodKind.UNARY,
        request=cls,
        response=cls,
        schemas=lambda: schemas,
    )
    spec = abi.ServiceSpec(full_name="bench.v1.EchoService", methods=(method,), digest="none")

    class Echo(abi.Service):
        _service = spec

        async def echo(self, request: Any, context: abi.Context, /) -> Any:
            return request

    return Echo()


async def serve_engine() -> None:
    from iii_bridge.engine import Engine

    async with Engine(port=0, http_port=0) as engine:
        say(url=engine.url)
        await hear_end()


async def serve_ours(url: str) -> None:
    from iii_bridge import connect

    cls, _, _ = sample()
    async with connect(url, worker_name="bench-ours") as bridge:
        await bridge.serve(echo_service(cls))
        say(ready=True)
        await hear_end()
        before = resident()
        for number in range(FUNCTIONS):
            bridge.register_function(f"many::f{number}", lambda payload: payload)
        await bridge.confirm(*(f"many::f{number}" for number in range(FUNCTIONS)))
        say(kilobytes=(resident() - before) / 1024)


def serve_sdk(url: str) -> None:
    from iii import InitOptions, register_worker

    worker = register_worker(url, InitOptions(worker_name="bench-sdk", enable_metrics_reporting=False))

    async def handle(data: dict[str, Any]) -> dict[str, Any]:
        return data

    worker.register_function("sdk::echo", handle)
    say(ready=True)
    asyncio.run(hear_end())
    before = resident()
    for number in range(FUNCTIONS):
        worker.register_function(f"many-sdk::f{number}", handle)
    say(kilobytes=(resident() - before) / 1024)
    worker.shutdown()


class Bare:
    """A connection with nothing around it but JSON."""

    def __init__(self, socket: Any) -> None:
        import orjson

        self.socket = socket
        self.dumps = orjson.dumps
        self.loads = orjson.loads

    async def register(self, name: str) -> None:
        data = {"runtime": "python", "version": "0", "name": name, "os": "any", "pid": os.getpid()}
        await self.send(type="invokefunction", function_id="engine::workers::register", data=data)

    async def send(self, **frame: Any) -> None:
        await self.socket.send(self.dumps(frame), text=True)


async def connect_bare(url: str, name: str) -> Bare:
    from websockets.asyncio.client import connect

    bare = Bare(await connect(url, compression=None, max_size=None))
    await bare.register(name)
    return bare


async def serve_bare(url: str) -> None:
    bare = await connect_bare(url, "bench-bare")
    await bare.send(type="registerfunction", id="bare::echo")
    say(ready=True)
    ending = asyncio.create_task(hear_end())

    async def serve() -> None:
        async for text in bare.socket:
            frame = bare.loads(text)
            if frame["type"] == "invokefunction":
                await bare.send(
                    type="invocationresult",
                    invocation_id=frame["invocation_id"],
                    function_id=frame["function_id"],
                    result=frame["data"],
                )

    serving = asyncio.create_task(serve())
    await ending
    serving.cancel()
    say(kilobytes=0)


# --- who calls -------------------------------------------------------------------


async def call_ours(url: str) -> None:
    from iii_bridge import connect

    cls, message, _ = sample()
    method = echo_service(cls)._service.methods[0]
    async with connect(url, worker_name="bench-ours-caller") as bridge:

        async def call() -> None:
            answer = await bridge.call_method(method, message)
            assert answer.order_id == message.order_id

        await obey(call)


def call_sdk(url: str) -> None:
    from iii import InitOptions, register_worker

    _, _, payload = sample()
    client = register_worker(url, InitOptions(worker_name="bench-sdk-caller", enable_metrics_reporting=False))
    request = {"function_id": "sdk::echo", "payload": payload}

    async def call() -> None:
        answer = await client.trigger_async(request)
        assert answer["orderId"] == payload["orderId"]

    def call_blocking() -> None:
        answer = client.trigger(request)
        assert answer["orderId"] == payload["orderId"]

    asyncio.run(obey(call, call_blocking))
    client.shutdown()


async def call_bare(url: str) -> None:
    _, _, payload = sample()
    bare = await connect_bare(url, "bench-bare-caller")
    waiting: dict[str, asyncio.Future[Any]] = {}
    loop = asyncio.get_running_loop()

    async def read() -> None:
        async for text in bare.socket:
            frame = bare.loads(text)
            if frame["type"] == "invocationresult" and (waiter := waiting.pop(frame["invocation_id"], None)):
                if "error" in frame:
                    waiter.set_exception(RuntimeError(frame["error"]["code"]))
                else:
                    waiter.set_result(frame["result"])

    async def call() -> None:
        key = str(uuid.uuid4())
        waiter = waiting[key] = loop.create_future()
        await bare.send(type="invokefunction", invocation_id=key, function_id="bare::echo", data=payload)
        answer = await waiter
        assert answer["orderId"] == payload["orderId"]

    reading = asyncio.create_task(read())
    await obey(call)
    reading.cancel()


async def obey(call: Call, call_blocking: Callable[[], None] | None = None) -> None:
    """Does the rounds it is told to do, and says how long each call, or each round, took."""
    await until_served(call)
    say(ready=True)
    while (line := (await asyncio.to_thread(sys.stdin.readline)).split()) and line[0] != "end":
        kind, count = line[0], int(line[1])
        if kind == "sequence":
            say(**await sequence(call, count))
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


async def sequence(call: Call, count: int) -> dict[str, float]:
    """The median and the 99th percentile, in seconds."""
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        await call()
        taken.append(time.perf_counter() - begin)
    return {"p50": statistics.median(taken), "p99": statistics.quantiles(taken, n=100)[98]}


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


async def hear_end() -> None:
    await asyncio.to_thread(sys.stdin.readline)


def resident() -> int:
    """Bytes of memory this process holds."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # not Linux: the most it ever held, in kilobytes or, on macOS, in bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Role:
    """A process of this program, told what to do line by line."""

    def __init__(self, *arguments: str, script: str = __file__) -> None:
        environment = {**os.environ, "OTEL_ENABLED": "false", "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, script, "--role", *arguments],
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

    def cpu(self) -> float:
        """Seconds of CPU the process has used; not a number where that cannot be told."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return float("nan")
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """Ends a process that does not listen."""
        self._process.kill()

    def end(self) -> None:
        if self._process.poll() is None:
            try:
                self.tell("end")
                self._process.wait(10)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self._process.kill()
        self._process.wait()


class Measured:
    """What was found, by who called: one value a round, and totals."""

    def __init__(self) -> None:
        self.latency: dict[str, list[float]] = {name: [] for name in (*NAMES, "sdk, blocking")}
        self.rate: dict[str, list[float]] = {name: [] for name in NAMES}
        self.cpu: dict[str, float] = dict.fromkeys(NAMES, 0.0)
        self.kilobytes: dict[str, float] = {}


def measure(url: str | None, rounds: int, sequential: int, flying: int) -> Measured:
    """Runs everything."""
    roles: list[Role] = []
    if url is None:
        roles.append(Role("engine"))
        url = str(roles[0].hear()["url"])
    try:
        workers, callers = ({name: Role(f"{side}-{name}", url) for name in NAMES} for side in ("worker", "caller"))
        roles += [*workers.values(), *callers.values()]
        for role in (*workers.values(), *callers.values()):
            role.hear()
        found = Measured()
        for caller in callers.values():
            caller.ask("sequence 200")  # warm
        for _ in range(rounds):
            for name, caller in callers.items():
                found.latency[name].append(caller.ask(f"sequence {sequential}")["p50"])
            found.latency["sdk, blocking"].append(callers["sdk"].ask(f"blocking {sequential}")["p50"])
            for name, caller in callers.items():
                before = caller.cpu() + workers[name].cpu()
                found.rate[name].append(caller.ask(f"flight {flying}")["rate"])
                found.cpu[name] += (caller.cpu() + workers[name].cpu() - before) / (rounds * flying)
        for name in ("ours", "sdk"):
            found.kilobytes[name] = workers[name].ask("end")["kilobytes"]
        return found
    finally:
        for role in reversed(roles):
            role.end()


def report(found: Measured) -> None:
    """A table, and the line of JSON."""
    print(f"{'one call at a time':<24}{'p50 µs':>10}{'median round':>16}")
    for name, values in found.latency.items():
        print(f"  {name:<22}{min(values) * 1e6:>10.0f}{statistics.median(values) * 1e6:>16.0f}")
    print(f"{f'{IN_FLIGHT} in flight':<24}{'calls/s':>10}{'median round':>16}{'CPU µs/call':>14}")
    for name, values in found.rate.items():
        print(f"  {name:<22}{max(values):>10.0f}{statistics.median(values):>16.0f}{found.cpu[name] * 1e6:>14.0f}")
    for name, kilobytes in found.kilobytes.items():
        print(f"{f'{FUNCTIONS} functions, {name}':<24}{kilobytes:>10.0f} kB")
    latency = {name: min(values) for name, values in found.latency.items()}
    rate = {name: max(values) for name, values in found.rate.items()}
    ratios = {
        "p50_vs_sdk": latency["ours"] / min(latency["sdk"], latency["sdk, blocking"]),
        "throughput64_vs_sdk": rate["ours"] / rate["sdk"],
        "p50_vs_bare": latency["ours"] / latency["bare"],
        "throughput64_vs_bare": rate["ours"] / rate["bare"],
    }
    print(json.dumps({name: round(value, 3) for name, value in ratios.items()}))


def play(role: str, url: str) -> None:
    """One part of the whole, in this process."""
    sys.path.insert(0, str(ROOT))
    from iii_bridge.aio.loops import new_event_loop

    blocking = {"worker-sdk": serve_sdk, "caller-sdk": call_sdk}
    parts: dict[str, Callable[[str], Coroutine[Any, Any, None]]] = {
        "worker-ours": serve_ours,
        "caller-ours": call_ours,
        "worker-bare": serve_bare,
        "caller-bare": call_bare,
    }
    if role in blocking:
        blocking[role](url)
        return
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serve_engine() if role == "engine" else parts[role](url))


def main() -> None:
    """Measures, or plays the part it was started for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="an engine that runs already, instead of an embedded one")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--sequential", type=int, default=150, help="calls of a round, one at a time")
    parser.add_argument("--flying", type=int, default=1000, help=f"calls of a round, {IN_FLIGHT} in flight")
    parser.add_argument("--role", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role is None:
        report(measure(options.url, options.rounds, options.sequential, options.flying))
    else:
        play(options.role[0], options.role[-1])


if __name__ == "__main__":
    main()
