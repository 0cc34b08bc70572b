"""OpenTelemetry: a span and a duration for every call and every invocation, and the counters as metrics.

The one user of opentelemetry-api. Traces travel as `traceparent` and `baggage`
(wire.md 5.5), so that caller and handler are in one trace, whatever language
the other one is written in.
"""

from __future__ import annotations

import threading
import time
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from opentelemetry import context as contexts
from opentelemetry import metrics, propagate, trace
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from iii_bridge.aio.channels import close_iterator
from iii_bridge.bridge.interceptors import ClientCall, ServerCall
from iii_bridge.bridge.stream_counts import outcome_name
from iii_bridge.contract.spec import Delivery, MethodKind, MethodSpec
from iii_bridge.counters import COUNTERS, LABELS, CounterName

__all__ = ["OpenTelemetry"]

_SCOPE: Final = "iii_bridge"
_NAMES: Final = {
    "violations": "payloads that did not fit their contract",
    "retries": "attempts made again",
    "hedges": "copies of calls sent in advance",
    "reconnects": "connections to the engine that were lost",
    "unknown_members": "members that no contract knows",
    "streams": "streams that have ended",
    "stream_items": "messages that streams carried",
}


class OpenTelemetry:
    """What `connect(opentelemetry=…)` takes; True there stands for one with the global providers."""

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        """The providers are the global ones where none are given."""
        self._tracer = trace.get_tracer(_SCOPE, tracer_provider=tracer_provider)
        meter = metrics.get_meter(_SCOPE, meter_provider=meter_provider)
        self._client_seconds = meter.create_histogram("iii_bridge.client.duration", "s", "how long calls took")
        self._server_seconds = meter.create_histogram("iii_bridge.server.duration", "s", "how long handlers took")
        with _observed_lock:
            if meter_provider not in _observed:  # the counters are the process's: every provider reads them once
                _observed.append(meter_provider)
                for name, text in _NAMES.items():
                    meter.create_observable_counter(f"iii_bridge.{name}", [_observe(name)], description=text)  # type: ignore[arg-type]

    def outgoing(self) -> Mapping[str, str]:
        """`traceparent` and `baggage` of the span that is current, as frames carry them."""
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        return carrier

    async def client(self, call: ClientCall, proceed: Callable[[ClientCall], Awaitable[Any]], /) -> Any:
        """A `ClientInterceptor`."""
        kind = SpanKind.CLIENT if call.delivery is Delivery.SYNC else SpanKind.PRODUCER
        attributes = {"iii.delivery": call.delivery.value, **_attributes(call.function_id, call.method)}
        name, seconds = f"call {call.function_id}", self._client_seconds
        if _gives_stream(call.method):
            return await self._stream(name, kind, attributes, seconds, call.function_id, lambda: proceed(call))
        with self._span(name, kind, attributes) as span:
            return await self._timed(span, seconds, call.function_id, lambda: proceed(call))

    async def rpc(
        self, method: MethodSpec[Any, Any], carrier: Mapping[str, str], work: Callable[[], Awaitable[Any]]
    ) -> Any:
        """Around a call that came over gRPC, as a child of the span in `carrier`: a gateway's `Tracing`."""
        attributes = {**_attributes(method.function_id, method), "rpc.system": "grpc"}
        token = contexts.attach(propagate.extract(dict(carrier)))
        try:
            with self._span(method.full_name, SpanKind.SERVER, attributes) as span:
                return await self._timed(span, self._server_seconds, method.function_id, work)
        finally:
            contexts.detach(token)

    async def server(self, call: ServerCall, proceed: Callable[[ServerCall], Awaitable[Any]], /) -> Any:
        """A `ServerInterceptor`."""
        context = call.context
        carrier = {"traceparent": context.traceparent or "", "baggage": context.baggage or ""}
        parent = propagate.extract({name: value for name, value in carrier.items() if value})
        attributes: dict[str, str | int] = {
            **_attributes(context.function_id, call.method),
            "iii.invocation.id": context.invocation_id,
            "iii.attempt": context.attempt,
        }
        if context.caller_worker_id is not None:
            attributes["iii.caller.worker_id"] = context.caller_worker_id
        if context.binding is not None:
            attributes["iii.trigger.type"] = context.binding.trigger_type
        token = contexts.attach(parent)
        try:
            name, seconds = f"execute {context.function_id}", self._server_seconds
            if _gives_stream(call.method):
                return await self._stream(
                    name, SpanKind.SERVER, attributes, seconds, context.function_id, lambda: proceed(call)
                )
            with self._span(name, SpanKind.SERVER, attributes) as span:
                return await self._timed(span, seconds, context.function_id, lambda: proceed(call))
        finally:
            contexts.detach(token)

    def _span(self, name: str, kind: SpanKind, attributes: Mapping[str, str | int]) -> AbstractContextManager[Span]:
        """Exceptions are noted by `_timed`: their texts may hold what traces should not."""
        return self._tracer.start_as_current_span(
            name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
        )

    async def _timed(
        self, span: Span, seconds: metrics.Histogram, function_id: str, work: Callable[[], Awaitable[Any]]
    ) -> Any:
        begin = time.perf_counter()
        outcome = "ok"
        try:
            return await work()
        except BaseException as error:
            outcome = outcome_name(error)
            span.set_attribute("error.type", outcome)
            span.set_status(Status(StatusCode.ERROR, outcome))
            raise
        finally:
            attributes = {"iii.function.id": function_id, "outcome": outcome}
            seconds.record(time.perf_counter() - begin, attributes)

    async def _stream(
        self,
        name: str,
        kind: SpanKind,
        attributes: Mapping[str, str | int],
        seconds: metrics.Histogram,
        function_id: str,
        start: Callable[[], Awaitable[Any]],
    ) -> Any:
        """A span, and a duration, from the start of a stream of responses to its end."""
        span = self._tracer.start_span(name, kind=kind, attributes=attributes)
        begin = time.perf_counter()

        def end(error: BaseException | None) -> None:
            outcome = outcome_name(error)
            if error is not None:
                span.set_attribute("error.type", outcome)
                span.set_status(Status(StatusCode.ERROR, outcome))
            span.end()
            seconds.record(time.perf_counter() - begin, {"iii.function.id": function_id, "outcome": outcome})

        try:
            with _current(span):
                items = await start()
        except BaseException as error:
            end(error)
            raise
        return _Watched(items, span, end)


class _Watched:
    """A stream whose end is told once; its span is the current one while it makes an item."""

    def __init__(self, items: Any, span: Span, end: Callable[[BaseException | None], None]) -> None:
        self._items = aiter(items)
        self._span = span
        self._end: Callable[[BaseException | None], None] | None = end

    def __aiter__(self) -> _Watched:
        return self

    async def __anext__(self) -> Any:
        try:
            with _current(self._span):
                return await anext(self._items)
        except StopAsyncIteration:
            self._ended(None)
            raise
        except BaseException as error:
            self._ended(error)
            raise

    async def aclose(self) -> None:
        """Left before its end, unless that was reached."""
        await close_iterator(self._items)
        self._ended(CancelledError())

    def _ended(self, error: BaseException | None) -> None:
        end, self._end = self._end, None
        if end is not None:
            end(error)


def _current(span: Span) -> AbstractContextManager[Any]:
    return trace.use_span(span, end_on_exit=False, record_exception=False, set_status_on_exception=False)


def _gives_stream(method: MethodSpec[Any, Any] | None) -> bool:
    return method is not None and method.kind in (MethodKind.SERVER_STREAM, MethodKind.BIDI_STREAM)


_observed: Final[list[MeterProvider | None]] = []
_observed_lock: Final = threading.Lock()


def _observe(name: CounterName) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observe(options: CallbackOptions) -> Iterable[Observation]:
        for labels, count in COUNTERS.snapshot()[name].items():
            yield Observation(count, dict(zip(LABELS[name], labels, strict=True)))

    return observe


def _attributes(function_id: str, method: MethodSpec[Any, Any] | None) -> dict[str, str]:
    attributes = {"rpc.system": "iii", "iii.function.id": function_id}
    if method is not None:
        attributes["rpc.service"], _, attributes["rpc.method"] = method.full_name.partition("/")
    return attributes
