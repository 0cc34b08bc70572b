"""One inbound invocation, and the ambient one of the task that serves it."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

from msgspec import Raw

from iii_bridge.protocol.response_metadata import ResponseMetadata, checked_metadata
from iii_bridge.protocol.sidecar import detach_sidecar
from iii_bridge.types import Binding, Json
from iii_bridge.wire import NULL, InvokeFunction, text_or_none

__all__ = ["Detached", "Invocation", "current_invocation"]

current_invocation: Final[ContextVar[Invocation | Detached | None]] = ContextVar("iii_bridge_invocation", default=None)
"""The invocation this task or thread serves; nested calls take deadline and trace from it."""


class Detached:
    """What is left of an invocation inside `Context.detached`: its trace, and no deadline."""

    __slots__ = ("answered", "baggage", "traceparent")

    def __init__(self, traceparent: str | None, baggage: str | None) -> None:
        self.traceparent = traceparent
        self.baggage = baggage
        self.answered = False

    def remaining(self) -> None:
        """There is no deadline."""


class Invocation:
    """What arrived; also the `Context` handlers are given."""

    __slots__ = (
        "_loop",
        "answered",
        "asks",
        "attempt",
        "baggage",
        "binding",
        "caller_worker_id",
        "data",
        "deadline",
        "function_id",
        "has_sidecar",
        "invocation_id",
        "metadata",
        "said",
        "traceparent",
    )

    def __init__(self, invocation_id: str, frame: InvokeFunction) -> None:
        """Reads the frame; the deadline starts to run now."""
        sidecar = detach_sidecar(frame.metadata)
        self._loop = asyncio.get_running_loop()
        self.invocation_id: str = invocation_id
        self.function_id: str = frame.function_id
        self.data: Raw = frame.data if isinstance(frame.data, Raw) else NULL
        self.metadata: Mapping[str, Json] = MappingProxyType(dict(sidecar.metadata))
        self.has_sidecar: bool = sidecar.present
        self.asks: bool = sidecar.asks
        self.said: ResponseMetadata | None = None
        """What the handler said beside its answer, to a caller that asks."""
        self.attempt: int = sidecar.attempt
        self.deadline: float | None = None if sidecar.remaining is None else self._loop.time() + sidecar.remaining
        self.traceparent: str | None = text_or_none(frame.traceparent)
        self.baggage: str | None = text_or_none(frame.baggage)
        self.caller_worker_id: str | None = None
        self.binding: Binding | None = None
        self.answered = False
        """Whether its handler has returned: nobody waits for what it left running."""

    @property
    def from_queue(self) -> bool:
        """Whether this looks like a queue delivery.

        The wire does not say so. A queue strips the metadata, so that there is
        no sidecar, and adds no caller (wire.md 5.4, 5.5, 6.2); a call by any
        worker has a caller, and one by a bridge has a sidecar as well. Only
        meaningful for object payloads whose caller has been taken out.
        """
        return not self.has_sidecar and not self.metadata and self.caller_worker_id is None

    def remaining(self) -> float | None:
        """Seconds until the caller stops waiting; None without a deadline."""
        return None if self.deadline is None else self.deadline - self._loop.time()

    def respond_with(
        self,
        *,
        headers: Mapping[str, str | Sequence[str]] | None = None,
        trailers: Mapping[str, str | Sequence[str]] | None = None,
    ) -> None:
        """As `Context.respond_with`."""
        first, last = checked_metadata(headers or {}), checked_metadata(trailers or {})
        if not self.asks:
            return
        before = self.said or ResponseMetadata()
        self.said = ResponseMetadata({**before.headers, **first}, {**before.trailers, **last})

    @contextmanager
    def detached(self) -> Generator[None]:
        """As `Context.detached`."""
        token = current_invocation.set(Detached(self.traceparent, self.baggage))
        try:
            yield
        finally:
            current_invocation.reset(token)
