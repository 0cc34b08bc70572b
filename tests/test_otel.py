"""Spans and metrics, seen through OpenTelemetry's own SDK."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from iii_bridge import LocalProtocolError, StatusError, connect_sync
from iii_bridge.bridge.settings import Settings
from iii_bridge.counters import COUNTERS
from iii_bridge.otel import OpenTelemetry
from iii_bridge.protocol import stream_items
from tests.bridge.contracts import shop
from tests.bridge.streams import Watch, orders, until_nothing_is_left
from tests.bridge.support import bench, run_really
from tests.bridge.test_in_memory import Orders


class Seen:
    """A provider of each kind, and what came of it."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        tracers = TracerProvider(shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = tracers.get_tracer("test")
        self.meters = MeterProvider([self.reader], shutdown_on_exit=False)
        self.telemetry = OpenTelemetry(tracers, self.meters)

    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}

    def metrics(self) -> dict[str, list[Any]]:
        data = self.reader.get_metrics_data()
        assert data is not None
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
        return {metric.name: list(metric.data.data_points) for scope in scopes for metric in scope.metrics}


class Outer(Orders):
    """Calls another function while it serves."""

    def __init__(self, bridge: Any) -> None:
        super().__init__()
        self._bridge = bridge

    async def place(self, request: Any, context: Any, /) -> Any:
        await self._bridge.call("inner::echo", {"sku": request.sku})
        return await super().place(request, context)


def test_caller_and_handlers_are_in_one_trace() -> None:
    async def main() -> None:
        seen = Seen()
        async with bench() as b:
            worker = await b.bridge("worker", opentelemetry=seen.telemetry)
            caller = await b.bridge("caller", opentelemetry=seen.telemetry)
            worker.register_function("inner::echo", lambda payload: payload)
            await worker.serve(Outer(worker))
            seen.exporter.clear()
            client = shop.OrdersClient(caller)
            with seen.tracer.start_as_current_span("user"):
                await client.place(shop.PlaceRequest(sku="tea"))
        spans = seen.spans()
        chain = ["user", "call orders::place", "execute orders::place", "call inner::echo", "execute inner::echo"]
        assert set(chain) <= set(spans)
        for parent, child in pairwise(chain):
            link = spans[child].parent
            assert link is not None, child
            assert link.span_id == spans[parent].context.span_id, child
        assert len({spans[name].context.trace_id for name in chain}) == 1
        call, execute = spans["call orders::place"], spans["execute orders::place"]
        assert (call.kind, execute.kind) == (SpanKind.CLIENT, SpanKind.SERVER)
        assert call.attributes is not None
        assert execute.attributes is not None
        assert call.attributes["rpc.service"] == "shop.v1.OrdersService"
        assert execute.attributes["iii.caller.worker_id"]
        points = seen.metrics()["iii_bridge.server.duration"]
        assert {point.attributes["iii.function.id"] for point in points} >= {"orders::place", "inner::echo"}

    run_really(main())


class Watching(Watch):
    """Asks another function for each item."""

    def __init__(self, bridge: Any) -> None:
        super().__init__()
        self._bridge = bridge

    async def watch(self, request: Any, context: Any, /) -> AsyncIterator[Any]:
        async for item in super().watch(request, context):
            await self._bridge.call("inner::echo", {})
            yield item


def test_a_stream_is_one_span_at_each_side_to_its_end_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_items, "KEEP_ALIVE_SECONDS", 0.3)  # by which a callee notices that its caller has left

    async def main() -> None:
        seen = Seen()
        before = COUNTERS.snapshot()
        async with bench() as b:
            worker = await b.bridge("worker", opentelemetry=seen.telemetry)
            caller = await b.bridge("caller", opentelemetry=seen.telemetry)
            worker.register_function("inner::echo", lambda payload: payload)
            await worker.serve(Watching(worker))
            seen.exporter.clear()
            client = shop.WatchClient(caller)
            with seen.tracer.start_as_current_span("user"):
                assert len([item async for item in client.watch(shop.GetRequest(limit=3))]) == 3
                assert len([item async for item in client.chat(orders(4))]) == 4
                await client.upload(orders(5))
                with pytest.raises(StatusError):
                    async for _ in client.watch(shop.GetRequest(order_id="fail", limit=2)):
                        pass
                async with client.watch(shop.GetRequest(order_id="wait", limit=1)) as answers:
                    await anext(answers)
            await until_nothing_is_left(b.engine, worker, caller)
        spans = [span for span in seen.exporter.get_finished_spans() if span.name.endswith("watch::watch")]
        ends = {(span.name.split()[0], (span.attributes or {}).get("error.type", "ok")) for span in spans}
        assert ends == {(side, end) for side in ("call", "execute") for end in ("ok", "ABORTED", "CANCELLED")}
        echo = seen.spans()["execute inner::echo"]
        executed = {span.context.span_id: span for span in spans if span.name.startswith("execute")}
        inner = [span for span in seen.exporter.get_finished_spans() if span.name == "call inner::echo"]
        assert {span.parent.span_id for span in inner if span.parent} <= set(executed), "a child of what makes the item"
        assert all(
            (span.end_time or 0) <= (executed[span.parent.span_id].end_time or 0) for span in inner if span.parent
        )
        assert len({span.context.trace_id for span in (*spans, echo)}) == 1
        points = seen.metrics()["iii_bridge.client.duration"]
        ends = {(p.attributes["iii.function.id"], p.attributes["outcome"]) for p in points}
        assert {("watch::watch", end) for end in ("ok", "ABORTED", "CANCELLED")} <= ends
        after = COUNTERS.snapshot()

        def more(name: Any, *labels: str) -> int:
            return after[name].get(labels, 0) - before[name].get(labels, 0)

        for side in ("client", "server"):
            for end in ("ok", "ABORTED", "CANCELLED"):
                assert more("streams", "watch::watch", side, end) == 1, (side, end)
            assert more("streams", "watch::chat", side, "ok") == 1
            assert more("streams", "watch::upload", side, "ok") == 1
        assert more("stream_items", "watch::watch", "server", "sent") == 3 + 2 + 1
        assert more("stream_items", "watch::watch", "client", "received") == 3 + 2 + 1
        assert more("stream_items", "watch::chat", "client", "sent") == 4
        assert more("stream_items", "watch::upload", "server", "received") == 5
        assert "iii_bridge.stream_items" in seen.metrics()

    run_really(main(), 60)


def test_failures_are_marked_without_their_texts_and_counters_are_metrics() -> None:
    async def main() -> None:
        seen = Seen()
        async with bench() as b:
            worker = await b.bridge("worker")
            caller = await b.bridge("caller", opentelemetry=seen.telemetry)
            await worker.serve(Orders())
            with pytest.raises(StatusError):
                await shop.OrdersClient(caller).place(shop.PlaceRequest(sku="none"))
        span = seen.spans()["call orders::place"]
        assert span.status.status_code is StatusCode.ERROR
        assert span.status.description == "NOT_FOUND"
        assert "no such sku" not in span.to_json()
        COUNTERS.add("retries", "x::counted", "timeout")
        points = seen.metrics()["iii_bridge.retries"]
        assert any(point.attributes == {"function": "x::counted", "reason": "timeout"} for point in points)

    run_really(main())


def test_blocking_callers_are_in_their_own_trace() -> None:
    seen = Seen()

    async def main() -> None:
        async with bench() as b:
            worker = await b.bridge("worker", opentelemetry=seen.telemetry)
            await worker.serve(Orders())

            def block() -> None:
                with (
                    connect_sync(b.engine.url, worker_name="blocking", opentelemetry=seen.telemetry) as bridge,
                    seen.tracer.start_as_current_span("user"),
                ):
                    shop.OrdersClientSync(bridge).place(shop.PlaceRequest(sku="tea"))

            await asyncio.to_thread(block)

    run_really(main())
    spans = seen.spans()
    assert spans["execute orders::place"].context.trace_id == spans["user"].context.trace_id


SDK_WORKER = """
import sys
from iii import InitOptions, register_worker

worker = register_worker(sys.argv[1], InitOptions(worker_name="sdk"))

async def relay(data):
    return await worker.trigger_async({"function_id": "inner::echo", "payload": data})

worker.register_function("sdk::relay", relay)
print("ready", flush=True)
sys.stdin.readline()
worker.shutdown()
"""


def test_an_official_worker_in_between_keeps_the_trace() -> None:
    async def main() -> None:
        seen = Seen()
        async with bench() as b:
            bridge = await b.bridge("ours", opentelemetry=seen.telemetry)
            bridge.register_function("inner::echo", lambda payload: payload)
            await bridge.confirm("inner::echo")
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", SDK_WORKER, b.engine.url,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                env={**os.environ, "OTEL_ENABLED": "true", "III_URL": b.engine.url},
            )  # fmt: skip
            try:
                assert process.stdout is not None
                assert (await process.stdout.readline()).strip() == b"ready"
                with seen.tracer.start_as_current_span("user"):
                    while True:  # the SDK says ready before its function is registered
                        try:
                            await bridge.call("sdk::relay", {"n": 1}, timeout=20)
                            break
                        except Exception:
                            await asyncio.sleep(0.05)
            finally:
                process.kill()
                await process.wait()
        spans = seen.spans()
        assert spans["execute inner::echo"].context.trace_id == spans["user"].context.trace_id

    run_really(main(), 60)


def test_without_spans_the_trace_of_the_invocation_goes_on_and_a_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Settings.resolve(environment={}).tracing() is None
    assert isinstance(Settings.resolve(environment={}, opentelemetry=True).tracing(), OpenTelemetry)
    monkeypatch.setitem(sys.modules, "iii_bridge.otel", None)
    with pytest.raises(LocalProtocolError, match=r"iii-bridge\[otel\]"):
        Settings.resolve(environment={}, opentelemetry=True).tracing()
