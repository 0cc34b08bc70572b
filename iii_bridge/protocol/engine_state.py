"""What the engine machine keeps in mind: plain records, no behaviour.

A record is reached through the tables of `catalogue`, `invocations` and
`triggers`; only those modules and `engine` change one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import UNSET, Raw, UnsetType

from iii_bridge.wire.limits import DEFAULT_NAMESPACE, MAX_MESSAGE_BYTES
from iii_bridge.wire.messages import HttpInvocation, Message, RegisterFunction

__all__ = ["Binding", "FunctionEntry", "PendingInvocation", "TriggerType", "Worker", "WorkerDetails"]


@dataclass(frozen=True, slots=True)
class WorkerDetails:
    """What a worker says of itself in `engine::workers::register` (wire.md 2.3)."""

    name: str | None = None
    description: str | None = None
    runtime: str = "unknown"
    version: str | None = None
    os: str | None = None
    pid: int | None = None
    isolation: str | None = None


@dataclass(slots=True, eq=False)
class Worker:
    """One connection. `namespace` is None while it is pending (wire.md 2.2).

    `grace_ends` is the machine's `now` at which the namespace becomes
    `default`; `connected_at_ms` is unix milliseconds; `message_limit` the
    largest message in bytes its connection survives (wire.md 1.2).
    """

    id: str
    token: str = field(repr=False)
    grace_ends: float
    connected_at_ms: int
    ip_address: str | None
    namespace: str | None = None
    details: WorkerDetails = field(default_factory=WorkerDetails)
    message_limit: int = MAX_MESSAGE_BYTES
    gone: bool = False
    checking: dict[str, RegisterFunction] = field(default_factory=dict[str, RegisterFunction], repr=False)
    """Functions to be called over HTTP whose endpoints are being looked at, by id."""
    held: list[Message] = field(default_factory=list[Message], repr=False)
    executing: dict[str, PendingInvocation] = field(default_factory=dict[str, "PendingInvocation"], repr=False)
    issued: set[PendingInvocation] = field(default_factory=set["PendingInvocation"], repr=False)


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """A function: `owner` is its worker, None for one the engine itself carries."""

    namespace: str
    id: str
    owner: Worker | None
    worker_name: str | None = None
    description: str | None = None
    request_format: Raw | None = None
    response_format: Raw | None = None
    metadata: Raw | None = None
    invocation: HttpInvocation | None = None
    """How the engine calls it over HTTP; None for a function of a worker or of the engine itself (wire.md 9)."""


@dataclass(slots=True, eq=False)
class PendingInvocation:
    """A call in flight: who runs it, and to whom its answer goes.

    The answer goes to `token` (a caller inside the engine) or to `caller`
    under `caller_invocation_id`; when both are None nobody asked for one.
    `receipt` marks a call of the queue provider on behalf of an enqueue.
    """

    id: str
    function_id: str
    caller: Worker | None = None
    caller_invocation_id: str | None = None
    executor: Worker | None = None
    token: object | None = None
    receipt: str | None = None
    traceparent: str | UnsetType | None = UNSET
    baggage: str | UnsetType | None = UNSET
    done: bool = False


@dataclass(frozen=True, slots=True)
class TriggerType:
    """A kind of trigger and its provider: a worker, or None for one the engine carries."""

    namespace: str
    id: str
    description: str
    provider: Worker | None
    worker_name: str | None = None
    configuration_schema: Raw | None = None
    request_schema: Raw | None = None
    response_schema: Raw | None = None


@dataclass(slots=True, eq=False)
class Binding:
    """A registered trigger. `provider` is None while it is parked (wire.md 6).

    `trigger_namespace` is None unless the worker named one; `home` is the
    namespace the lookup starts in.
    """

    id: str
    trigger_type: str
    function_id: str
    config: Raw
    metadata: Raw | None = None
    namespace: str = DEFAULT_NAMESPACE
    trigger_namespace: str | None = None
    owner: Worker | None = None
    home: str = DEFAULT_NAMESPACE
    provider: TriggerType | None = None
