"""The engine is killed under load, and gateways are restarted one after the other."""

from __future__ import annotations

import functools
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from iii_bridge import Reconnect, connect
from iii_bridge.aio.portal import Portal
from iii_bridge.gateway import Gateway, GatewayOptions
from tests.cli.live import live_engine
from tests.gateway.edge import PROTO, contracts, serve_edge
from tests.gateway.load import Load
from tests.gateway.support import WITHIN, Rpcs, message

QUICK = Reconnect(initial=0.05, limit=0.2)
Health: Any = health_pb2
SERVING: Any = Health.HealthCheckResponse.SERVING


def wait_for(true: Callable[[], Any]) -> None:
    end = time.monotonic() + WITHIN
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def program(ready: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "iii_bridge", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith(ready), line + process.communicate()[1]
        yield process
    finally:
        process.kill()
        process.communicate()


def test_an_engine_that_is_killed_and_comes_back(tmp_path: Path) -> None:
    port = free_port()
    engine = ("engine", "--port", str(port), "--http-port", "0", "--stream-port", "0", "--data-dir", str(tmp_path))
    portal, stack = Portal(), AsyncExitStack()
    found: list[Gateway] = []

    async def start() -> None:
        url = f"ws://127.0.0.1:{port}"
        worker = await stack.enter_async_context(connect(url, worker_name="edge", reconnect=QUICK))
        await serve_edge(worker)
        bridge = await stack.enter_async_context(connect(url, worker_name="gateway", reconnect=QUICK))
        options = GatewayOptions(listen="127.0.0.1:0", health_interval=0.2)
        specs = [contracts.services["edge.v1.EdgeService"]]
        found.append(await stack.enter_async_context(Gateway(bridge, specs, [contracts.descriptors], options)))

    try:
        with program("engine ready", *engine) as process:
            portal.call(start)
            with grpc.insecure_channel(found[0].address) as channel:
                _kill_and_restart(Rpcs(channel), process, engine)
        assert found[0].admission.active == 0
    finally:
        portal.close(stack.aclose)


def _kill_and_restart(rpcs: Rpcs, process: subprocess.Popen[str], engine: tuple[str, ...]) -> None:
    stub: Any = health_pb2_grpc.HealthStub(rpcs.channel)
    watching = stub.Watch(Health.HealthCheckRequest(service="edge.v1.EdgeService"), timeout=2 * WITHIN)
    while next(watching).status != SERVING:
        pass
    held: Any = rpcs.method("unary_stream", "Watch")(message("WatchRequest", count=1, then="wait"), timeout=WITHIN)
    next(held)
    calls = {
        "Look": lambda: rpcs.unary("Look", message("LookRequest")),
        "Echo": lambda: rpcs.unary("Echo", message("Everything", large=1)),  # may be repeated: it waits
        "Add": lambda: rpcs.method("stream_unary", "Add")(iter([message("Item")] * 3), timeout=WITHIN),
    }
    with Load(calls) as load:
        wait_for(lambda: all(load.count(name) > 20 for name in calls))
        process.kill()
        assert next(watching).status != SERVING
        wait_for(lambda: load.count("Look", "UNAVAILABLE") > 3 and load.count("Add", "UNAVAILABLE") > 3)
        before = {name: load.count(name) for name in calls}
        with program("engine ready", *engine):
            wait_for(lambda: all(load.count(name) > before[name] + 20 for name in calls))
            assert next(watching).status == SERVING
            load.stop()
    assert set(load.ended["Look"]) == set(load.ended["Add"]) == {"OK", "UNAVAILABLE"}
    assert set(load.ended["Echo"]) == {"OK"}
    assert held.code() is grpc.StatusCode.UNAVAILABLE
    watching.cancel()


def patient(*codes: str, **config: Any) -> list[tuple[str, Any]]:
    """The options of a client that tries again after these codes, and goes from one gateway to the next."""
    policy = {
        "maxAttempts": 5,
        "initialBackoff": "0.05s",
        "maxBackoff": "1s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": codes,
    }
    methods = [{"name": [{}], "retryPolicy": policy}]
    service = {"methodConfig": methods, "loadBalancingConfig": [{"round_robin": {}}], **config}
    return [
        ("grpc.service_config", json.dumps(service)),
        ("grpc.max_reconnect_backoff_ms", 500),
        ("grpc.use_local_subchannel_pool", 1),
    ]


HEALTHY = patient("UNAVAILABLE", healthCheckConfig={"serviceName": "edge.v1.EdgeService"})
"""Looks at health, so that it leaves a gateway in time."""
BLIND = patient("UNAVAILABLE", "CANCELLED")
"""Calls until it is told to go: what arrives at that moment gRPC's core ends with CANCELLED."""


def test_two_gateways_restarted_one_after_the_other_lose_no_call() -> None:
    ports = [free_port(), free_port()]
    target = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
    with live_engine(("edge", serve_edge)) as url, ExitStack() as stack:

        def gateway(port: int) -> subprocess.Popen[str]:
            chosen = ("--listen", f"127.0.0.1:{port}", "--proto", str(PROTO), "--lame-duck", "2")
            return stack.enter_context(program("ready:", "gateway", "--url", url, "--name", f"gateway-{port}", *chosen))

        running = {port: gateway(port) for port in ports}
        calls: dict[str, Callable[[], Any]] = {}
        for name, options in (("healthy", HEALTHY), ("blind", BLIND)):
            rpcs = Rpcs(stack.enter_context(grpc.insecure_channel(target, options=options)))
            calls[f"{name} Look"] = functools.partial(rpcs.unary, "Look", message("LookRequest"))
            calls[f"{name} Wait"] = functools.partial(rpcs.unary, "Wait", message("WaitRequest", seconds=0.3))
        with Load(calls) as load:
            for port, process in running.items():
                _used(load)
                process.send_signal(signal.SIGTERM)
                assert process.wait(WITHIN) == 0
                running[port] = gateway(port)
            _used(load)
            load.stop()
        assert {name: set(codes) for name, codes in load.ended.items()} == {name: {"OK"} for name in calls}


def _used(load: Load) -> None:
    """Some more calls of each kind have ended."""
    before = {name: load.count(name) for name in load.ended}
    wait_for(lambda: all(load.count(name) > count + 8 for name, count in before.items()))
