"""Health follows the catalogue and the connection to the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from iii_bridge import Bridge, connect
from iii_bridge.bridge.catalogue import Catalogue
from iii_bridge.errors import ConnectionLostError, ForbiddenError, Outcome
from iii_bridge.gateway.health import OVERALL, Health, HealthMonitor
from iii_bridge.types import Json
from tests.bridge.support import run_really
from tests.gateway.support import Live, until

Messages: Any = health_pb2
SERVING, NOT_SERVING, UNKNOWN = (
    getattr(Messages.HealthCheckResponse, name) for name in ("SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
)


def stub(channel: grpc.Channel) -> Any:
    return health_pb2_grpc.HealthStub(channel)


def request(service: str) -> Any:
    return Messages.HealthCheckRequest(service=service)


def test_a_service_serves_while_all_its_functions_are_registered(live: Live) -> None:
    health = stub(live.channel())
    live.until(lambda: live.gateway.health.serving["edge.v1.StrictService"])
    assert health.Check(request(""), timeout=30).status == SERVING
    assert health.Check(request("edge.v1.EdgeService"), timeout=30).status == SERVING
    assert health.Check(request("edge.v1.AbsentService"), timeout=30).status == NOT_SERVING
    with pytest.raises(grpc.RpcError) as caught:
        health.Check(request("edge.v1.Nothing"), timeout=30)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    listed = health.List(Messages.HealthListRequest(), timeout=30).statuses
    assert {name: found.status for name, found in listed.items()}["edge.v1.AbsentService"] == NOT_SERVING

    watching = health.Watch(request("edge.v1.AbsentService"), timeout=60)
    nothing = health.Watch(request("edge.v1.Nothing"), timeout=60)
    assert next(watching).status == NOT_SERVING
    assert next(nothing).status == UNKNOWN
    worker = live.portal.call(lambda: _serve_absent(live))
    assert next(watching).status == SERVING
    live.portal.call(worker.close)
    assert next(watching).status == NOT_SERVING
    watching.cancel()
    nothing.cancel()


async def _serve_absent(live: Live) -> Bridge:
    worker = await connect(live.engine.url, worker_name="absent")
    worker.register_function("absent::get", lambda payload: {})
    return worker


class Answers:
    """A catalogue that says what it is told to."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.error: Exception | None = None
        self.asked = 0

    async def __call__(self, function_id: str, payload: Json) -> Json:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return {"functions": [{"function_id": each, "namespace": "n"} for each in self.ids]}


def test_what_the_monitor_finds() -> None:
    async def main() -> None:
        health, answers, connected = Health(["a", "b"]), Answers(), [True]
        functions = {"a": frozenset({("n", "f")}), "b": frozenset({("n", "f"), ("n", "g")})}
        monitor = HealthMonitor(health, functions, Catalogue(answers), lambda: connected[0], 3600)

        async def found(**wanted: bool) -> None:
            expected: Mapping[str, bool] = {OVERALL: wanted["overall"], "a": wanted["a"], "b": wanted["b"]}
            await until(lambda: health.serving == expected)

        monitor.start()
        await found(overall=True, a=False, b=False)
        answers.ids = ["f"]
        monitor.poke()
        await found(overall=True, a=True, b=False)
        answers.error = ForbiddenError("FORBIDDEN", "hidden", "engine::functions::list")
        monitor.poke()
        await found(overall=True, a=True, b=True)
        answers.error = ConnectionLostError("engine::functions::list", Outcome.UNKNOWN)
        monitor.poke()
        await found(overall=False, a=False, b=False)
        answers.error = None
        connected[0] = False
        asked = answers.asked
        monitor.poke()
        await asyncio.sleep(0)
        assert answers.asked == asked
        connected[0] = True
        monitor.poke()
        await found(overall=True, a=True, b=False)
        health.drain()
        monitor.poke()
        await monitor.stop()
        assert not any(health.serving.values())

    run_really(main())


def test_watchers_see_each_change_once_and_the_last_one_always() -> None:
    async def main() -> None:
        health = Health(["a"])
        seen: list[int] = []

        async def watch() -> None:
            async for status in health.watch("a"):
                seen.append(status)  # noqa: PERF401 -- while it goes on

        watching = asyncio.create_task(watch())
        await until(lambda: seen == [NOT_SERVING])
        health.set({"a": True})
        health.set({"a": True, "b": True})
        await until(lambda: seen == [NOT_SERVING, SERVING])
        health.set({})
        health.set({"a": True})  # nobody looked meanwhile
        health.set({})
        await until(lambda: seen[-1] == NOT_SERVING)
        assert seen == [NOT_SERVING, SERVING, NOT_SERVING]
        watching.cancel()

    run_really(main())
