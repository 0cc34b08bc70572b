"""The worker's side of the iii protocol, without I/O, clock or randomness.

Inputs are method calls with `now` (any monotonic clock, in seconds) and ids;
outputs are frames (`next_frames`) and events (`take_events`). Every call ends in
exactly one `CallFinished`, unless its caller forgot it.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from typing import Final

from msgspec import UNSET, Raw, UnsetType

from iii_bridge.errors import (
    BridgeError,
    ClosedError,
    ConnectionLostError,
    InvocationError,
    InvocationTimeoutError,
    LocalProtocolError,
    Outcome,
    RegistrationRejectedError,
    RemoteProtocolError,
)
from iii_bridge.protocol.builtins import WORKERS_REGISTER, WorkerRegistration
from iii_bridge.protocol.desired import DesiredState
from iii_bridge.protocol.failures import error_from_body
from iii_bridge.protocol.outbox import Outbox
from iii_bridge.protocol.pending import PendingCall, PendingCalls
from iii_bridge.protocol.worker_events import (
    CallFinished,
    Event,
    FunctionRejected,
    Invoked,
    PeerFault,
    Registered,
    Stopped,
    TriggerFailed,
    TriggerRemoved,
    TriggerRequested,
)
from iii_bridge.protocol.worker_frames import call_frame, reply_frame, target_namespace
from iii_bridge.wire import (
    NULL,
    AuthFailed,
    ErrorBody,
    InvocationResult,
    InvokeFunction,
    MalformedMessage,
    Message,
    Ping,
    Pong,
    Reattach,
    RegisterFunction,
    RegisterTrigger,
    RegisterTriggerType,
    RegistrationRejected,
    TriggerRegistrationResult,
    UnknownMessage,
    UnregisterFunction,
    UnregisterTrigger,
    UnregisterTriggerType,
    VoidAction,
    WorkerRegistered,
    decode_message,
    encode_message,
    raw,
    text_or_none,
)
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["DEFAULT_BACKLOG", "State", "WorkerProtocol"]

DEFAULT_BACKLOG: Final = 10_000
"""Calls that may wait for a connection."""

_MAX_GHOSTS: Final = 16
_FUNCTION_CONFLICT: Final = "FUNCTION_NAMESPACE_CONFLICT"
_VOID: Final = VoidAction()


class State(enum.Enum):
    """Where a worker machine is. STOPPED and CLOSED are final."""

    DISCONNECTED = "disconnected"
    CONNECTED = "connected"
    STOPPED = "stopped"
    """The engine refused this worker for good."""
    CLOSED = "closed"


class WorkerProtocol:
    """One worker: what it wants registered, what it has called, what it must answer."""

    def __init__(self, registration: WorkerRegistration, *, backlog: int = DEFAULT_BACKLOG) -> None:
        """`registration` is who this worker is; at most `backlog` calls wait for a connection."""
        self.registration = registration
        self.desired = DesiredState()
        self._namespace = None if registration.namespace is UNSET else registration.namespace
        self._state = State.DISCONNECTED
        self._outbox = Outbox(backlog)
        self._pending = PendingCalls()
        self._serving: set[str] = set()
        self._events: list[Event] = []
        self._identity: WorkerRegistered | None = None
        self._ghosts: dict[str, WorkerRegistered] = {}
        self._stopped_by: BridgeError | None = None

    # --- what the shell asks -------------------------------------------------

    @property
    def state(self) -> State:
        """Where the machine is."""
        return self._state

    @property
    def namespace(self) -> str | None:
        """The worker's own namespace; None stands for `default`."""
        return self._namespace

    @property
    def worker_id(self) -> str | None:
        """The id the engine gave last; None before the first connection."""
        return self._identity.worker_id if self._identity else None

    @property
    def pending_calls(self) -> int:
        """Calls without an answer, written or not."""
        return len(self._pending)

    @property
    def serving(self) -> int:
        """Invocations without an answer yet."""
        return len(self._serving)

    @property
    def has_frames(self) -> bool:
        """Whether `next_frames` has something to write."""
        return self._state is State.CONNECTED and len(self._outbox) > 0

    def take_events(self) -> list[Event]:
        """What happened since the last time, in order."""
        events = self._events
        if events:
            self._events = []
        return events

    def next_deadline(self) -> float | None:
        """When `tick` has to be called at the latest."""
        return self._pending.next_deadline()

    def next_frame(self) -> tuple[str | None, bytes] | None:
        """As `next_frames`, one at most; None when nothing waits."""
        batch = self.next_frames(1)
        return batch[0] if batch else None

    def next_frames(self, size: int) -> list[tuple[str | None, bytes]]:
        """The next frames to write, with their keys: up to `size` bytes together, a larger one alone.

        From now on their calls count as sent.
        """
        batch: list[tuple[str | None, bytes]] = []
        if self._state is not State.CONNECTED:
            return batch
        while size > 0 and (entry := self._outbox.pop()) is not None:
            call = None if entry[0] is None else self._pending.get(entry[0])
            if call is not None:
                call.sent = True
            batch.append(entry)
            size -= len(entry[1])
        return batch

    def unwritten(self, entries: Sequence[tuple[str | None, bytes]]) -> None:
        """Frames of `next_frames` did not get out, the connection being over: their calls wait for the next one."""
        for key, frame in reversed(entries):
            call = None if key is None else self._pending.get(key)
            if call is not None:
                call.sent = False
                self._outbox.put_back(call.key, frame)

    def written(self, key: str) -> None:
        """The frame of a call is with the socket: a void call is finished by that."""
        call = self._pending.get(key)
        if call is not None and call.void:
            self._pending.pop(key)
            self._events.append(CallFinished(key, NULL))

    # --- desired state -------------------------------------------------------

    def register_function(self, frame: RegisterFunction) -> None:
        """Registers or replaces a function, now and on every later connection (wire.md 3.1)."""
        self._check_open()
        self.desired.functions[frame.id] = frame
        self._control(frame)

    def unregister_function(self, function_id: str) -> None:
        """Takes a function back (wire.md 3.2); an unknown id does nothing."""
        if self.desired.functions.pop(function_id, None) is not None:
            self._control(UnregisterFunction(function_id))

    def register_trigger(self, frame: RegisterTrigger) -> None:
        """Binds a trigger, now and, under the same id, on every later connection (wire.md 3.4)."""
        self._check_open()
        self.desired.triggers[frame.id] = frame
        self._control(frame)

    def unregister_trigger(self, trigger_id: str) -> None:
        """Takes a binding back (wire.md 3.6); an unknown id does nothing."""
        frame = self.desired.triggers.pop(trigger_id, None)
        if frame is not None:
            self._control(UnregisterTrigger(trigger_id, frame.trigger_type))

    def register_trigger_type(self, frame: RegisterTriggerType) -> None:
        """Offers a trigger type (wire.md 3.3)."""
        self._check_open()
        self.desired.trigger_types[frame.id] = frame
        self._control(frame)

    def unregister_trigger_type(self, type_id: str) -> None:
        """Takes a trigger type back (wire.md 3.7); an unknown id does nothing."""
        frame = self.desired.trigger_types.pop(type_id, None)
        if frame is not None:
            self._control(UnregisterTriggerType(type_id, frame.namespace))

    def withdraw(self) -> None:
        """Takes back everything that is registered: triggers, then functions, then trigger types."""
        self.withdraw_triggers()
        for function_id in tuple(self.desired.functions):
            self.unregister_function(function_id)
        for type_id in tuple(self.desired.trigger_types):
            self.unregister_trigger_type(type_id)

    def withdraw_triggers(self, *, but: Collection[str] = ()) -> None:
        """Takes back every binding, `but` those of some trigger types."""
        for trigger_id, frame in tuple(self.desired.triggers.items()):
            if frame.trigger_type not in but:
                self.unregister_trigger(trigger_id)

    def answer_trigger(self, request: RegisterTrigger, error: ErrorBody | None = None) -> None:
        """Accepts or refuses a binding of a type this worker provides (wire.md 3.5)."""
        self._control(TriggerRegistrationResult(request.id, request.trigger_type, request.function_id, error or UNSET))

    # --- calls ---------------------------------------------------------------

    def invoke(
        self,
        key: str,
        function_id: str,
        data: Raw,
        *,
        deadline: float,
        timeout: float,
        namespace: str | None = None,
        metadata: Raw | UnsetType = UNSET,
        traceparent: str | None = None,
        baggage: str | None = None,
        queue: str | None = None,
        void: bool = False,
    ) -> None:
        """Starts a call; `key` is a fresh UUID. Times in seconds, `deadline` on the machine's clock.

        With `queue` the answer is a receipt; a `void` call finishes once it is
        written. Raises BacklogFullError, ClosedError, LocalProtocolError (key in
        use), RegistrationRejectedError after a fatal one, and InvocationError
        with code `payload_too_large`.
        """
        self._check_open()
        if key in self._pending:
            raise LocalProtocolError(f"invocation id {key} is in use; take a fresh UUID for every call")
        frame = call_frame(
            key,
            function_id,
            data,
            namespace=target_namespace(function_id, namespace, self._namespace),
            metadata=metadata,
            traceparent=traceparent,
            baggage=baggage,
            queue=queue,
            void=void,
        )
        self._outbox.add_call(key, frame)
        self._pending.add(PendingCall(key, function_id, deadline, timeout, void))

    def forget(self, key: str) -> None:
        """The caller has gone away: no event will come. A frame not yet written is taken back."""
        if self._pending.pop(key) is not None:
            self._outbox.discard_call(key)

    def reply(self, invocation_id: str, function_id: str, result: Raw | None, error: ErrorBody | None = None) -> bool:
        """Answers an invocation. False when it is not open: answered already, or of a lost connection."""
        if invocation_id not in self._serving:
            return False
        self._serving.discard(invocation_id)
        self._outbox.add_control(reply_frame(invocation_id, function_id, result, error))
        return True

    # --- connection ----------------------------------------------------------

    def connected(self) -> None:
        """A connection stands: replay everything, then what was queued (wire.md 2.7, the order of Node 0.23)."""
        if self._state is not State.DISCONNECTED:
            raise LocalProtocolError(f"connected while {self._state.value}")
        self._state = State.CONNECTED
        self._evict_ghosts()
        self._control(
            InvokeFunction(
                function_id=WORKERS_REGISTER,
                data=raw(self.registration),
                action=_VOID,
                namespace=DEFAULT_NAMESPACE,
            )
        )
        for frame in self.desired.replay():
            self._control(frame)

    def disconnected(self) -> None:
        """The connection is gone: written calls end with an unknown outcome, the others wait on."""
        if self._state is not State.CONNECTED:
            return
        self._state = State.DISCONNECTED
        self._outbox.clear_control()
        self._serving.clear()
        for call in self._pending.pop_all(sent_only=True):
            self._events.append(CallFinished(call.key, NULL, ConnectionLostError(call.function_id, Outcome.UNKNOWN)))

    def close(self) -> None:
        """Ends the machine: every call that is still open fails with ClosedError."""
        if self._state is State.CLOSED:
            return
        self._end(State.CLOSED, None)

    def stop(self, error: BridgeError) -> None:
        """Ends the machine for good with the error every open and every later call fails with."""
        if self._state not in (State.CLOSED, State.STOPPED):
            self._end(State.STOPPED, error)
            self._events.append(Stopped(error))

    def tick(self, now: float) -> None:
        """Ends the calls whose time has run out."""
        for call in self._pending.pop_due(now):
            self._outbox.discard_call(call.key)
            outcome = Outcome.UNKNOWN if call.sent else Outcome.NOT_SENT
            error = InvocationTimeoutError(call.function_id, call.timeout, outcome)
            self._events.append(CallFinished(call.key, NULL, error))

    def receive(self, text: str) -> None:
        """Takes one text frame from the engine; blank ones are ignored (wire.md 1.2)."""
        if self._state is not State.CONNECTED:
            return
        message = decode_message(text)
        if type(message) is InvocationResult:
            self._on_result(message)
        elif type(message) is InvokeFunction:
            self._on_invoke(message)
        elif text.strip():
            self._on_other(message)

    # --- inside --------------------------------------------------------------

    def _on_other(self, message: Message | UnknownMessage | MalformedMessage) -> None:
        match message:
            case WorkerRegistered():
                self._identity = message
                self._events.append(Registered(message.worker_id))
            case RegistrationRejected():
                self._on_rejected(message)
            case TriggerRegistrationResult():
                self._on_trigger_result(message)
            case RegisterTrigger():
                self._events.append(TriggerRequested(message))
            case UnregisterTrigger():
                self._events.append(TriggerRemoved(message))
            case Ping():
                self._control(Pong())
            case Pong():
                pass
            case AuthFailed():
                self._fault(f"the engine refused the connection: {message.error.message} [{message.error.code}]")
            case UnknownMessage():
                self._fault(
                    f"the engine sent a message of unknown type {message.type!r}; it was ignored", harmless=True
                )
            case MalformedMessage():
                self._on_malformed(message)
            case _:
                self._fault(f"the engine sent a {type(message).__name__}, which only workers send; it was ignored")

    def _evict_ghosts(self) -> None:
        """Presents every former identity that the engine may still hold for alive (wire.md 2.6).

        More than one, where connections died before their reattach arrived: an
        engine that has not noticed would refuse the worker its own name.
        """
        former = self._identity
        if former is not None and text_or_none(former.reattach_token):
            self._ghosts[former.worker_id] = former
        while len(self._ghosts) > _MAX_GHOSTS:
            self._ghosts.pop(next(iter(self._ghosts)))
        for ghost in reversed(self._ghosts.values()):
            self._control(Reattach(ghost.worker_id, ghost.reattach_token))

    def _on_result(self, message: InvocationResult) -> None:
        """An unknown id is ignored: late, or a result nobody asked for (wire.md 13.14)."""
        call = self._pending.pop(message.invocation_id)
        if call is None:
            return
        if self._ghosts:
            self._ghosts.clear()  # frames are taken in order (wire.md 2.4): the reattaches have arrived
        if message.error:
            error = error_from_body(message.error, call.function_id)
            self._events.append(CallFinished(call.key, NULL, error))
        else:
            result = message.result
            self._events.append(CallFinished(call.key, NULL if result is UNSET else result))

    def _on_invoke(self, message: InvokeFunction) -> None:
        invocation_id = message.invocation_id
        if not isinstance(invocation_id, str):
            self._fault(f"the engine invoked {message.function_id} without an invocation id; it was ignored")
        elif invocation_id in self._serving:
            self._fault(f"the engine invoked {message.function_id} twice with one id; the second was ignored")
        else:
            self._serving.add(invocation_id)
            self._events.append(Invoked(invocation_id, message))

    def _on_rejected(self, message: RegistrationRejected) -> None:
        subject = text_or_none(message.function_id) or text_or_none(message.worker_name) or "this worker"
        error = RegistrationRejectedError(message.code, subject, message.namespace, message.owner_worker_id)
        if message.code == _FUNCTION_CONFLICT:
            self._events.append(FunctionRejected(subject, error))
        else:
            self.stop(error)

    def _on_trigger_result(self, message: TriggerRegistrationResult) -> None:
        if not message.error:
            return
        subject = f"{message.trigger_type} trigger of {message.function_id}"
        namespace = self._namespace or DEFAULT_NAMESPACE
        error = RegistrationRejectedError(message.error.code, subject, namespace, message=message.error.message)
        self._events.append(TriggerFailed(message.id, error))

    def _on_malformed(self, message: MalformedMessage) -> None:
        self._fault(f"the engine sent a frame that cannot be read: {message.problem}")
        invocation_id = message.invocation_id
        if invocation_id is None:
            return
        if message.type == "invokefunction":
            body = ErrorBody("deserialization_error", f"the invocation cannot be read: {message.problem}")
            self._control(InvocationResult(invocation_id, message.function_id or "", error=body))
        elif message.type == "invocationresult":
            call = self._pending.pop(invocation_id)
            if call is not None:
                problem = f"the answer cannot be read: {message.problem}"
                error = InvocationError("UNKNOWN", problem, call.function_id)
                self._events.append(CallFinished(call.key, NULL, error))

    def _end(self, state: State, error: BridgeError | None) -> None:
        self._state = state
        self._stopped_by = error
        self._outbox.clear()
        self._serving.clear()
        for call in self._pending.pop_all():
            self._events.append(CallFinished(call.key, NULL, _ended(call, error)))

    def _control(self, frame: Message) -> None:
        if self._state is State.CONNECTED:
            self._outbox.add_control(encode_message(frame))

    def _fault(self, problem: str, *, harmless: bool = False) -> None:
        self._events.append(PeerFault(RemoteProtocolError(problem), harmless))

    def _check_open(self) -> None:
        if self._state is State.STOPPED and self._stopped_by is not None:
            raise self._stopped_by.with_traceback(None)  # or it would grow with every call
        if self._state is State.CLOSED:
            raise ClosedError("the bridge is closed; connect again")


def _ended(call: PendingCall, error: BridgeError | None) -> BridgeError:
    """What a call that the end of its machine cut off is told: whether it may have run, too."""
    if error is None:
        outcome = Outcome.UNKNOWN if call.sent else Outcome.NOT_SENT
        return ClosedError(f"the bridge was closed before {call.function_id} answered", outcome)
    if not call.sent:
        return error
    lost = ConnectionLostError(call.function_id, Outcome.UNKNOWN, f"this worker was stopped: {error}")
    lost.__cause__ = error
    return lost
