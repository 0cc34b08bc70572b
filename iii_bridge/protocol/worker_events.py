"""What the worker machine tells its shell."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from iii_bridge.errors import BridgeError, RegistrationRejectedError, RemoteProtocolError
from iii_bridge.wire import InvokeFunction, RegisterTrigger, UnregisterTrigger

__all__ = [
    "CallFinished",
    "Event",
    "FunctionRejected",
    "Invoked",
    "PeerFault",
    "Registered",
    "Stopped",
    "TriggerFailed",
    "TriggerRemoved",
    "TriggerRequested",
]


class Registered(msgspec.Struct, frozen=True):
    """The engine has named this worker; the connection is good (wire.md 2.1)."""

    worker_id: str


class CallFinished(msgspec.Struct, frozen=True, gc=False):
    """A call is over, once and for all: with a result, or with an error."""

    key: str
    result: Raw
    error: BridgeError | None = None


class Invoked(msgspec.Struct, frozen=True, gc=False):
    """The engine wants a function run; answer with `WorkerProtocol.reply`."""

    invocation_id: str
    frame: InvokeFunction


class FunctionRejected(msgspec.Struct, frozen=True):
    """Another worker owns the function; everything else goes on (wire.md 3.1)."""

    function_id: str
    error: RegistrationRejectedError


class Stopped(msgspec.Struct, frozen=True):
    """The engine refuses this worker for good: do not reconnect (wire.md 2.3)."""

    error: BridgeError


class TriggerFailed(msgspec.Struct, frozen=True):
    """A binding was refused by its provider or by the engine (wire.md 3.5)."""

    trigger_id: str
    error: RegistrationRejectedError


class TriggerRequested(msgspec.Struct, frozen=True):
    """Somebody binds a trigger of a type this worker provides (wire.md 3.4)."""

    frame: RegisterTrigger


class TriggerRemoved(msgspec.Struct, frozen=True):
    """A binding of a type this worker provides is gone (wire.md 3.6)."""

    frame: UnregisterTrigger


class PeerFault(msgspec.Struct, frozen=True):
    """The engine sent something unknown or malformed; it was answered where that was possible."""

    error: RemoteProtocolError
    harmless: bool = False
    """A message of a type this version does not know: a newer engine, no mistake."""


Event = (
    Registered
    | CallFinished
    | Invoked
    | FunctionRejected
    | Stopped
    | TriggerFailed
    | TriggerRequested
    | TriggerRemoved
    | PeerFault
)
"""Anything the worker machine reports."""
