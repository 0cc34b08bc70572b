"""Names for the strings of the protocol, and what a handler is given."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NewType, Protocol, TypeAlias

__all__ = [
    "Binding",
    "ConnectionState",
    "Context",
    "EnqueueReceipt",
    "FunctionId",
    "InvocationId",
    "Json",
    "Namespace",
    "TriggerId",
    "WorkerId",
]

FunctionId = NewType("FunctionId", str)
InvocationId = NewType("InvocationId", str)
Namespace = NewType("Namespace", str)
TriggerId = NewType("TriggerId", str)
WorkerId = NewType("WorkerId", str)

Json: TypeAlias = Any
"""A decoded JSON value: None, bool, int, float, str, or lists and dicts of them."""


class ConnectionState(enum.Enum):
    """Where a bridge's connection to the engine stands. CLOSED and FAILED are final."""

    DISCONNECTED = "disconnected"
    """Not begun yet."""
    CONNECTING = "connecting"
    """For the first time."""
    CONNECTED = "connected"
    """The engine has named this worker."""
    RECONNECTING = "reconnecting"
    """The connection was lost; calls wait, within their timeouts."""
    CLOSED = "closed"
    """By `close`."""
    FAILED = "failed"
    """The engine refuses this worker for good, or the attempts to reconnect are used up."""


@dataclass(frozen=True, slots=True)
class EnqueueReceipt:
    """The queue has taken the message; nothing is said about when it runs (wire.md 5.3)."""

    message_receipt_id: str


@dataclass(frozen=True, slots=True)
class Binding:
    """Which trigger invoked a function: its type, its id where known, and the contract's metadata for it."""

    trigger_type: str
    trigger_id: str | None
    metadata: Mapping[str, Json]


class Context(Protocol):
    """What a handler knows of the invocation it serves."""

    @property
    def function_id(self) -> str:
        """The function being served."""
        ...

    @property
    def invocation_id(self) -> str:
        """The invocation's UUID."""
        ...

    @property
    def caller_worker_id(self) -> str | None:
        """The worker that called, as the engine names it; None for triggers and queues (wire.md 5.4)."""
        ...

    @property
    def metadata(self) -> Mapping[str, Json]:
        """The invocation's metadata, without what iii-bridge keeps in it for itself."""
        ...

    @property
    def binding(self) -> Binding | None:
        """The binding that invoked the function; None for a direct call."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first try of a call, one more for each retry."""
        ...

    @property
    def traceparent(self) -> str | None:
        """The W3C trace context of the call."""
        ...

    @property
    def baggage(self) -> str | None:
        """The W3C baggage of the call."""
        ...

    def remaining(self) -> float | None:
        """Seconds until the caller stops waiting; None when there is no deadline. Negative once it has passed."""
        ...

    def respond_with(
        self,
        *,
        headers: Mapping[str, str | Sequence[str]] | None = None,
        trailers: Mapping[str, str | Sequence[str]] | None = None,
    ) -> None:
        """Says more to a gRPC client than the response: metadata before it, and after it; other callers see nothing.

        Values are printable ASCII, a list of them where a name comes more than
        once; names that end in `-bin` hold base64. A name that is said again
        replaces what was said before. It counts until the handler answers, and
        also when it raises a StatusError. Raises LocalProtocolError for what no
        header can say.
        """
        ...

    def detached(self) -> AbstractContextManager[None]:
        """Inside `with`, calls keep the trace but not the deadline, and so do tasks that are created there.

        For work that goes on after the answer. The handler itself still stops
        at its deadline: start a task of its own for what has to outlive it.
        """
        ...
