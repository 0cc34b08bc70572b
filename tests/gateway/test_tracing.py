"""With OpenTelemetry a call over gRPC is one trace: its client, the gateway, the call behind it, the handler."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from opentelemetry.trace import SpanKind

from iii_bridge import Bridge
from tests.gateway.edge import Edge, serve_edge
from tests.gateway.support import live_gateway, message
from tests.test_otel import Seen

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_the_gateway_stands_between_its_client_and_the_handler() -> None:
    seen = Seen()

    async def serve(bridge: Bridge) -> Edge:
        return await serve_edge(bridge)

    with live_gateway(serve, bridge={"opentelemetry": seen.telemetry}, tracing=seen.telemetry) as live:
        rpcs = live.rpcs()
        metadata = (("traceparent", f"00-{TRACE}-{SPAN}-01"), ("baggage", "k=v"))
        handled = rpcs.unary("Look", message("LookRequest"), metadata=metadata)
        assert [item.number for item in rpcs.method("unary_stream", "Watch")(message("WatchRequest", count=2))] == [
            0,
            1,
        ]
        with pytest.raises(grpc.RpcError):
            rpcs.unary("Fail", message("FailRequest", code=5), metadata=metadata)
        live.until(lambda: "edge.v1.EdgeService/Fail" in seen.spans())
    spans = seen.spans()
    gateway, call = spans["edge.v1.EdgeService/Look"], spans["call edge::look"]
    assert (gateway.kind, call.kind) == (SpanKind.SERVER, SpanKind.CLIENT)
    assert f"{gateway.context.trace_id:032x}" == TRACE  # type: ignore[union-attr]
    assert f"{gateway.parent.span_id:016x}" == SPAN  # type: ignore[union-attr]
    assert call.parent.span_id == gateway.context.span_id  # type: ignore[union-attr]
    wanted: dict[str, Any] = {"rpc.system": "grpc", "rpc.service": "edge.v1.EdgeService", "rpc.method": "Look"}
    assert wanted.items() <= dict(gateway.attributes or {}).items()
    trace, span = handled.traceparent.split("-")[1:3]
    assert trace == TRACE
    assert span != SPAN  # the handler's parent is the call, or what the engine made of it
    assert "k=v" in handled.baggage
    failed = spans["edge.v1.EdgeService/Fail"]
    assert (failed.status.is_ok, dict(failed.attributes or {})["error.type"]) == (False, "NOT_FOUND")
    assert spans["edge.v1.EdgeService/Watch"].parent is None
