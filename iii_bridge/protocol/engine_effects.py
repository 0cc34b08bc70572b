"""What the engine machine asks its shell to do: values, in the order to do them."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from iii_bridge.protocol.engine_state import Binding, FunctionEntry, PendingInvocation, Worker
from iii_bridge.wire.messages import ErrorBody, HttpInvocation, Message, RegisterFunction

__all__ = [
    "BindTrigger",
    "CallBuiltin",
    "CallHttp",
    "CheckHttp",
    "CloseConnection",
    "Effect",
    "Note",
    "Resolve",
    "Send",
    "TriggerAnswered",
    "TriggerRemoved",
    "UnbindTrigger",
    "WorkerChanged",
]


class Send(msgspec.Struct, frozen=True):
    """Send this message on that connection."""

    connection: str
    message: Message


class CloseConnection(msgspec.Struct, frozen=True):
    """Close that connection. `code` 1005 stands for a close frame without a code."""

    connection: str
    code: int
    reason: str


class CallBuiltin(msgspec.Struct, frozen=True):
    """Run a function the engine carries; the answer comes back through `EngineProtocol.complete`.

    `caller` is the calling worker's id, None for a call from inside the engine.
    """

    pending: PendingInvocation
    function_id: str
    data: Raw
    caller: str | None


class CheckHttp(msgspec.Struct, frozen=True):
    """Look whether a function may be called over HTTP; `EngineProtocol.checked` takes the verdict (wire.md 9)."""

    worker: Worker
    message: RegisterFunction
    invocation: HttpInvocation


class CallHttp(msgspec.Struct, frozen=True):
    """Call a function over HTTP (wire.md 9); the answer comes back through `EngineProtocol.complete`."""

    pending: PendingInvocation
    entry: FunctionEntry
    data: Raw


class Resolve(msgspec.Struct, frozen=True):
    """A call made through `EngineProtocol.invoke` has its answer; `token` is what was handed in."""

    token: object
    result: Raw | None
    error: ErrorBody | None


class BindTrigger(msgspec.Struct, frozen=True):
    """Register a trigger at the provider the engine carries for its type."""

    binding: Binding


class UnbindTrigger(msgspec.Struct, frozen=True):
    """Take a trigger away from the provider the engine carries for its type."""

    binding: Binding


class TriggerAnswered(msgspec.Struct, frozen=True):
    """A provider accepted (`error` None) or refused a trigger."""

    binding_id: str
    error: ErrorBody | None


class TriggerRemoved(msgspec.Struct, frozen=True):
    """A trigger that no worker owned is gone, whoever removed it."""

    binding_id: str


class WorkerChanged(msgspec.Struct, frozen=True):
    """`event` of trigger type engine::workers-available (wire.md 7.9)."""

    event: str
    worker_id: str


class Note(msgspec.Struct, frozen=True):
    """Something for the engine's log; never holds a payload."""

    text: str
    warning: bool = True


Effect = (
    Send
    | CloseConnection
    | CallBuiltin
    | CheckHttp
    | CallHttp
    | Resolve
    | BindTrigger
    | UnbindTrigger
    | TriggerAnswered
    | TriggerRemoved
    | WorkerChanged
    | Note
)
"""Anything the machine may ask for."""
