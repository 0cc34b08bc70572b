"""A call through the gateway beside what it is made of: a bare gRPC call and a direct call of ours.

    make bench-gateway                                  on an embedded engine, which it starts
    .venv/bin/python benchmarks/bench_gateway.py --url ws://127.0.0.1:49134     on any other

Three callers, each a process of its own, send an order of 1.1 kB and get it
back, in interleaved rounds: a grpc.aio client through the gateway and the
engine from a Python worker; the same client from a bare grpc.aio server, which
parses and serializes the message and does nothing else; a bridge from the same
worker without gRPC. The best round of each counts. The gateway can be no faster
than the two others together, so what it takes beyond them is what it costs.

Then orders are streamed from the worker to the gRPC client; a thousand
connections are opened that do nothing; and transcoding is timed alone: binary
to message to JSON, and back.

The last line is one JSON object; `p50_over_floor_ms` is gateway - bare - direct.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.bench_codec import ORDER, order  # noqa: E402
from benchmarks.bench_rpc import Role, echo_service, hear_end, obey, say  # noqa: E402
from tests.contract_layer.contracts import orders  # noqa: E402

NAMES = ("gateway", "bare", "direct")
CONNECTIONS = 1000
ECHO = "/bench.v1.EchoService/Echo"
WATCH = "/bench.v1.OrdersService/Watch"

# What a client sends before anything else: the preface of HTTP/2 and settings without a setting.
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


def google_order() -> Any:
    """The order as a message of google's."""
    return orders().google(ORDER).FromString(bytes(order(10)))


# --- who answers -----------------------------------------------------------------


async def serve_engine(_: str) -> None:
    from iii_bridge.engine import Engine

    async with Engine(port=0, http_port=0) as engine:
        say(url=engine.url)
        await hear_end()


def specs() -> tuple[Any, Any]:
    """The services as the gateway has them: on messages of google's, without a line of generated code."""
    from iii_bridge.abi import v1 as abi

    cls = orders().google(ORDER)

    def service(full_name: str, method: str, function_id: str, kind: abi.MethodKind) -> Any:
        name = f"{full_name}/{method}"
        schemas = {name: abi.MethodSchemas("{}", "{}", "{}", "{}")}
        spec = abi.MethodSpec(
            full_name=name,
            name=method.lower(),
            function_id=function_id,
            kind=kind,
            request=cls,
            response=cls,
            schemas=lambda: schemas,
        )
        return abi.ServiceSpec(full_name=full_name, methods=(spec,), digest="none")

    echo = service("bench.v1.EchoService", "Echo", "ours::echo", abi.MethodKind.UNARY)
    return echo, service("bench.v1.OrdersService", "Watch", "ours::watch", abi.MethodKind.SERVER_STREAM)


async def serve_worker(url: str) -> None:
    """Its service is written on generated messages, as workers are."""
    from benchmarks.bench_streams import orders_service
    from iii_bridge import connect

    async with connect(url, worker_name="bench-worker") as bridge:
        await bridge.serve(echo_service(type(order(1))))
        await bridge.serve(orders_service())
        say(ready=True)
        await hear_end()


async def serve_gateway(url: str) -> None:
    from iii_bridge import connect
    from iii_bridge.gateway import Gateway, GatewayOptions

    options = GatewayOptions(listen="127.0.0.1:0")
    async with connect(url, worker_name="bench-gateway") as bridge, Gateway(bridge, specs(), (), options) as gateway:
        say(address=gateway.address, pid=os.getpid())
        await hear_end()


async def serve_bare(_: str) -> None:
    import grpc
    import grpc.aio

    cls = orders().google(ORDER)

    async def echo(request: Any, context: Any) -> Any:
        return request

    handler = grpc.unary_unary_rpc_method_handler(echo, cls.FromString, cls.SerializeToString)
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.v1.EchoService", {"Echo": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    say(address=f"127.0.0.1:{port}")
    await hear_end()
    await server.stop(None)


# --- who calls -------------------------------------------------------------------


async def call_grpc(address: str) -> None:
    import grpc.aio

    message = google_order()
    async with grpc.aio.insecure_channel(address) as channel:
        echo = channel.unary_unary(ECHO, type(message).SerializeToString, type(message).FromString)

        async def call() -> None:
            answer = await echo(message)
            assert answer.order_id == message.order_id

        await obey(call)


async def call_stream(address: str) -> None:
    """Receives the streams it is told to, and says how long each took."""
    import grpc.aio

    message = google_order()
    async with grpc.aio.insecure_channel(address) as channel:
        watch = channel.unary_stream(WATCH, type(message).SerializeToString, type(message).FromString)
        say(ready=True)
        while (line := (await asyncio.to_thread(sys.stdin.readline)).strip()) != "end":
            begin, seen = time.perf_counter(), 0
            async for answer in watch(message, metadata=(("count", line), ("lines", "10"))):
                assert answer.order_id == message.order_id
                seen += 1
            assert seen == int(line)
            say(seconds=time.perf_counter() - begin)


async def call_direct(url: str) -> None:
    from iii_bridge import connect

    message = order(10)
    method = echo_service(type(message))._service.methods[0]
    async with connect(url, worker_name="bench-direct") as bridge:

        async def call() -> None:
            answer = await bridge.call_method(method, message)
            assert answer.order_id == message.order_id

        await obey(call)


# --- memory and codec ------------------------------------------------------------


def resident(pid: int) -> float:
    """Kilobytes of memory a process holds; not a number where that cannot be told."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024
    except OSError:
        return float("nan")


def idle_connections(address: str, pid: int) -> float:
    """Kilobytes that a thousand connections without a call take."""
    host, _, port = address.rpartition(":")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, CONNECTIONS + 200)), hard))
    before = resident(pid)
    connections: list[socket.socket] = []
    try:
        for _ in range(CONNECTIONS):
            connection = socket.create_connection((host, int(port)), timeout=10)
            connections.append(connection)
            connection.sendall(_PREFACE)
            assert connection.recv(9)  # the settings of the other side: it has taken the connection
        return resident(pid) - before
    finally:
        for connection in connections:
            connection.close()


def transcoding() -> float:
    """Seconds for one order: from bytes to a message to JSON, and from JSON to a message to bytes."""
    from iii_bridge.contract.backend import backend_of
    from iii_bridge.contract.protojson import codec_for

    message = google_order()
    cls: type = type(message)
    backend, codec = backend_of(cls), codec_for(cls)
    data = backend.serialize(message)

    def both() -> None:
        backend.serialize(codec.decode(codec.encode(backend.parse(cls, data))))

    both()
    best = float("inf")
    for _ in range(40):
        begin = time.perf_counter()
        for _ in range(50):
            both()
        best = min(best, (time.perf_counter() - begin) / 50)
    return best


# --- the whole -------------------------------------------------------------------


def measure(url: str | None, rounds: int, sequential: int, flying: int, streamed: int) -> dict[str, Any]:
    """The best of all rounds, by who was called."""
    roles: list[Role] = []

    def start(*arguments: str) -> Role:
        roles.append(Role(*arguments, script=__file__))
        return roles[-1]

    try:
        if url is None:
            url = str(start("engine", "").hear()["url"])
        worker = start("worker", url)
        worker.hear()
        servers = {"gateway": start("gateway", url), "bare": start("bare", "")}
        told = {name: role.hear() for name, role in servers.items()}
        servers["direct"] = worker
        callers = {name: start("call-grpc", str(told[name]["address"])) for name in told}
        callers["direct"] = start("call-direct", url)
        streaming = start("call-stream", str(told["gateway"]["address"]))
        for role in (*callers.values(), streaming):
            role.hear()
        latency: dict[str, float] = dict.fromkeys(NAMES, float("inf"))
        rate: dict[str, float] = dict.fromkeys(NAMES, 0.0)
        cpu: dict[str, float] = dict.fromkeys(NAMES, 0.0)
        for caller in callers.values():
            caller.ask("sequence 200")  # warm
        stream = 0.0
        for _ in range(rounds):
            for name in NAMES:
                latency[name] = min(latency[name], callers[name].ask(f"sequence {sequential}")["p50"])
            for name in NAMES:
                before = servers[name].cpu()
                rate[name] = max(rate[name], callers[name].ask(f"flight {flying}")["rate"])
                cpu[name] += (servers[name].cpu() - before) / (rounds * flying)
            stream = max(stream, streamed / streaming.ask(str(streamed))["seconds"])
        gateway = told["gateway"]
        memory = idle_connections(str(gateway["address"]), int(gateway["pid"]))
        return {"latency": latency, "rate": rate, "cpu": cpu, "stream": stream, "memory": memory}
    finally:
        for role in reversed(roles):
            role.end()


def report(found: dict[str, Any]) -> None:
    """A table, and the line of JSON."""
    latency, rate = found["latency"], found["rate"]
    print(f"{'':<12}{'p50 ms':>10}{'calls/s at 64':>16}{'its CPU µs/call':>18}")
    for name in NAMES:
        print(f"{name:<12}{latency[name] * 1e3:>10.3f}{rate[name]:>16.0f}{found['cpu'][name] * 1e6:>18.0f}")
    print(f"transcoding alone: {transcoding() * 1e6:.0f} µs a call, both ways")
    print(f"{CONNECTIONS} idle connections: {found['memory'] / 1024:.1f} MB")
    line = {
        "p50_over_floor_ms": round((latency["gateway"] - latency["bare"] - latency["direct"]) * 1e3, 3),
        "throughput_vs_bare_grpc": round(rate["gateway"] / rate["bare"], 3),
        "stream_msgs_per_s": round(found["stream"]),
    }
    print(json.dumps(line))


def play(role: str, argument: str) -> None:
    """One part of the whole, in this process."""
    from iii_bridge.aio.loops import new_event_loop

    parts: dict[str, Callable[[str], Coroutine[Any, Any, None]]] = {
        "engine": serve_engine,
        "worker": serve_worker,
        "gateway": serve_gateway,
        "bare": serve_bare,
        "call-grpc": call_grpc,
        "call-stream": call_stream,
        "call-direct": call_direct,
    }
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(parts[role](argument))


def main() -> None:
    """Measures, or plays the part it was started for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="an engine that runs already, instead of an embedded one")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--sequential", type=int, default=300, help="calls one after the other, a round")
    parser.add_argument("--flying", type=int, default=1500, help="calls with 64 in flight, a round")
    parser.add_argument("--streamed", type=int, default=2000, help="messages of a stream")
    parser.add_argument("--role", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        play(*options.role)
    else:
        report(measure(options.url, options.rounds, options.sequential, options.flying, options.streamed))


if __name__ == "__main__":
    main()
