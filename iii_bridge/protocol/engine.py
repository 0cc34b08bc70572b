"""The engine as a value machine: frames and time in, effects out (wire.md 2 to 6).

Connections are opaque ids, which are the worker ids the protocol shows; `now`
is any clock in seconds; ids come from the factory handed in. Nothing here
waits, and every effect is to be done in the order given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Raw

from iii_bridge.protocol.builtins import WORKERS_REGISTER
from iii_bridge.protocol.catalogue import Catalogue
from iii_bridge.protocol.engine_effects import (
    CallBuiltin,
    CheckHttp,
    CloseConnection,
    Effect,
    Note,
    Send,
    WorkerChanged,
)
from iii_bridge.protocol.engine_state import FunctionEntry, PendingInvocation, Worker
from iii_bridge.protocol.invocations import Invocations
from iii_bridge.protocol.registration import NameLeases, RegisterRequest, read_request
from iii_bridge.protocol.triggers import Triggers
from iii_bridge.wire.codec import raw, text_or_none
from iii_bridge.wire.limits import DEFAULT_NAMESPACE, MAX_FUNCTIONS, MAX_HELD_FRAMES
from iii_bridge.wire.messages import (
    ErrorBody,
    InvocationResult,
    InvokeFunction,
    MalformedMessage,
    Message,
    Ping,
    Pong,
    Reattach,
    RegisterFunction,
    RegisterService,
    RegisterTrigger,
    RegisterTriggerType,
    TriggerRegistrationResult,
    UnknownMessage,
    UnregisterFunction,
    UnregisterTrigger,
    UnregisterTriggerType,
    WorkerRegistered,
)

__all__ = ["CLOSE_EVICTED", "CLOSE_NO_CODE", "EngineProtocol"]

CLOSE_NO_CODE: Final = 1005
"""Stands for a close frame that carries no code (wire.md 2.3)."""

CLOSE_EVICTED: Final = 1012
"""Neither 1000 nor 1001: SDKs take those for the end and stay away (sdks.md 9.11)."""

_HELD = (
    RegisterFunction,
    UnregisterFunction,
    RegisterService,
    RegisterTrigger,
    UnregisterTrigger,
    RegisterTriggerType,
    UnregisterTriggerType,
)


class EngineProtocol:
    """Workers, functions, triggers and calls of one engine.

    `catalogue` and `triggers` may be read at any time; change them only by
    calling this class. `namespace_grace` is in seconds (wire.md 2.2).
    """

    def __init__(
        self,
        ids: Callable[[], str],
        *,
        namespace_grace: float = 5.0,
        not_carried: Mapping[str, str] | None = None,
        not_carried_functions: Mapping[str, str] | None = None,
    ) -> None:
        self.catalogue = Catalogue(not_carried_functions)
        self.triggers = Triggers(not_carried)
        self._ids = ids
        self._grace = namespace_grace
        self._workers: dict[str, Worker] = {}
        self._leases = NameLeases()
        self._invocations = Invocations(self.catalogue, ids)
        self.catalogue.add_builtin(
            FunctionEntry(
                namespace=DEFAULT_NAMESPACE,
                id=WORKERS_REGISTER,
                owner=None,
                worker_name="iii-engine-functions",
                description="Register the calling worker: its name, runtime and namespace",
            )
        )

    # -- connections ------------------------------------------------------------------------

    def connect(self, now: float, connected_at_ms: int = 0, ip_address: str | None = None) -> tuple[str, list[Effect]]:
        """A connection was accepted: its id, and `workerregistered` to greet it with (wire.md 2.1)."""
        worker = Worker(
            id=self._ids(),
            token=self._ids(),
            grace_ends=now + self._grace,
            connected_at_ms=connected_at_ms,
            ip_address=ip_address,
        )
        self._workers[worker.id] = worker
        greeting = WorkerRegistered(worker_id=worker.id, reattach_token=worker.token)
        return worker.id, [Send(worker.id, greeting), WorkerChanged("worker_connected", worker.id)]

    def disconnect(self, connection: str) -> list[Effect]:
        """A connection ended, by whatever cause: everything it held goes at once (wire.md 2.5)."""
        worker = self._workers.pop(connection, None)
        if worker is None:
            return []
        worker.gone = True
        worker.held.clear()
        self.catalogue.remove_owner(worker)
        effects = self._invocations.stop(worker)
        effects += self.triggers.remove_worker(worker)
        self._leases.release(worker)
        effects.append(WorkerChanged("worker_disconnected", worker.id))
        return effects

    def workers(self) -> list[Worker]:
        """Every live connection, in the order they came."""
        return list(self._workers.values())

    def worker(self, connection: str) -> Worker | None:
        """A live connection by its id."""
        return self._workers.get(connection)

    # -- time -------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """When `tick` next has something to do, on the clock of `now`; None for never."""
        return min((w.grace_ends for w in self._workers.values() if w.namespace is None), default=None)

    def tick(self, now: float) -> list[Effect]:
        """Puts connections that never registered into `default` after their grace (wire.md 2.2)."""
        effects: list[Effect] = []
        for worker in list(self._workers.values()):
            if worker.namespace is None and worker.grace_ends <= now:
                effects.append(Note(f"worker {worker.id} did not call {WORKERS_REGISTER} in time; it joins `default`"))
                effects += self._settle(worker, DEFAULT_NAMESPACE)
        return effects

    # -- frames -----------------------------------------------------------------------------

    def receive(self, connection: str, message: Message | UnknownMessage | MalformedMessage) -> list[Effect]:
        """One frame from a connection. Frames of an unknown connection are dropped."""
        worker = self._workers.get(connection)
        if worker is None:
            return []
        if isinstance(message, InvokeFunction):
            return self._run_own_builtins(self._invocations.from_worker(worker, message))
        if isinstance(message, InvocationResult):
            return self._invocations.result(worker, message)
        if isinstance(message, _HELD):
            if worker.namespace is None:
                worker.held.append(message)
                return [] if len(worker.held) < MAX_HELD_FRAMES else self._settle(worker, DEFAULT_NAMESPACE)
            return self._apply(worker, worker.namespace, message)
        return self._other(worker, message)

    def _other(self, worker: Worker, message: Message | UnknownMessage | MalformedMessage) -> list[Effect]:
        match message:
            case Ping():
                return [Send(worker.id, Pong())]
            case TriggerRegistrationResult():
                return self.triggers.answered(worker, message)
            case Reattach():
                return self._reattach(worker, message)
            case MalformedMessage():
                return self._malformed(worker, message)
            case UnknownMessage():
                return [Note(f"worker {worker.id} sent a message of unknown type {message.type[:64]}; ignored")]
            case _:
                return []

    def _apply(self, worker: Worker, namespace: str, message: Message) -> list[Effect]:
        match message:
            case RegisterFunction():
                worker.checking.pop(message.id, None)
                if not message.invocation:
                    return self._record(worker, namespace, message)
                worker.checking[message.id] = message
                return [CheckHttp(worker, message, message.invocation)]
            case UnregisterFunction():
                worker.checking.pop(message.id, None)
                self.catalogue.unregister(worker, namespace, message.id)
                return []
            case RegisterTrigger():
                return self.triggers.register(worker, namespace, message)
            case UnregisterTrigger():
                return self.triggers.unregister(message.id)
            case RegisterTriggerType():
                return self.triggers.register_type(worker, namespace, message)
            case UnregisterTriggerType():
                return self.triggers.unregister_type(worker, text_or_none(message.namespace) or namespace, message.id)
            case _:  # registerservice: grouping only, nothing here reads it (wire.md 3.8)
                return []

    def _record(self, worker: Worker, namespace: str, message: RegisterFunction) -> list[Effect]:
        if self.catalogue.full(namespace, message.id):
            return [Note(f"function {message.id} is left out: {MAX_FUNCTIONS} functions are registered already")]
        rejected = self.catalogue.register(worker, namespace, message)
        return [] if rejected is None else [Send(worker.id, rejected)]

    def _malformed(self, worker: Worker, message: MalformedMessage) -> list[Effect]:
        """The real engine drops such a frame; a caller that can be named is answered (sdks.md 9.6)."""
        problem = message.problem
        note = Note(f"worker {worker.id} sent a frame that could not be read: {problem}")
        if message.invocation_id is None or message.type not in ("invokefunction", "invocationresult"):
            return [note]
        if message.type == "invocationresult":
            return [note, *self._invocations.unreadable_result(worker, message.invocation_id, problem)]
        if not _sendable(message.invocation_id):
            return [note]
        answer = InvocationResult(
            invocation_id=message.invocation_id,
            function_id=message.function_id if message.function_id and _sendable(message.function_id) else "",
            error=ErrorBody("invalid_request", f"the frame could not be read: {problem}"),
        )
        return [note, Send(worker.id, answer)]

    def _reattach(self, worker: Worker, message: Reattach) -> list[Effect]:
        """Evicts the worker's former connection; a wrong token is ignored without a reply (wire.md 2.6)."""
        old = self._workers.get(message.previous_worker_id)
        if old is None or old is worker or text_or_none(message.reattach_token) != old.token:
            return []
        close = CloseConnection(old.id, CLOSE_EVICTED, "replaced by a newer connection of this worker")
        return [close, *self.disconnect(old.id)]

    # -- engine::workers::register ----------------------------------------------------------

    def _run_own_builtins(self, effects: list[Effect]) -> list[Effect]:
        """Registration changes this machine, so it runs here; other built-ins run in the shell."""
        if len(effects) != 1:
            return effects
        call = effects[0]
        if not isinstance(call, CallBuiltin) or call.function_id != WORKERS_REGISTER:
            return effects
        worker = self._workers.get(call.caller or "")
        if worker is None:
            error = ErrorBody("INVALID_ARGUMENTS", f"{WORKERS_REGISTER} is for workers to call, over their connection")
            return self.complete(call.pending, None, error)
        request = read_request(call.data)
        if isinstance(request, ErrorBody):
            return self.complete(call.pending, None, request)
        return self._register(worker, request, call.pending)

    def _register(self, worker: Worker, request: RegisterRequest, pending: PendingInvocation) -> list[Effect]:
        namespace = worker.namespace or request.namespace or DEFAULT_NAMESPACE
        details = request.details()
        conflict = self._leases.take(worker, namespace, details.name)
        if conflict is not None:
            worker.held.clear()
            return [
                Send(worker.id, conflict),
                *self.complete(pending, raw({"success": False}), None),
                CloseConnection(worker.id, CLOSE_NO_CODE, ""),
                *self.disconnect(worker.id),
            ]
        worker.details = details
        worker.message_limit = request.message_limit()
        effects = self._settle(worker, namespace)
        effects += self.complete(pending, raw({"success": True}), None)
        effects.append(WorkerChanged("worker_metadata_updated", worker.id))
        return effects

    def _settle(self, worker: Worker, namespace: str) -> list[Effect]:
        """Ends the pending state and applies what was held, in order."""
        if worker.namespace is not None:
            return []
        worker.namespace = namespace
        held, worker.held = worker.held, []
        return [effect for message in held for effect in self._apply(worker, namespace, message)]

    # -- the engine's own side --------------------------------------------------------------

    def invoke(self, token: object, message: InvokeFunction) -> list[Effect]:
        """Calls a function from inside the engine; ends in one `Resolve` that carries `token`."""
        return self._run_own_builtins(self._invocations.from_engine(token, message))

    def complete(self, pending: PendingInvocation, result: Raw | None, error: ErrorBody | None) -> list[Effect]:
        """A built-in asked for by `CallBuiltin` has its answer."""
        return self._invocations.finish(pending, result, error)

    def checked(self, effect: CheckHttp, allowed: bool) -> list[Effect]:
        """The verdict on an endpoint: its function is recorded, or dropped without a word (wire.md 9)."""
        worker, message = effect.worker, effect.message
        if worker.checking.get(message.id) is not message:
            return []  # taken back, or registered anew, meanwhile
        del worker.checking[message.id]
        if worker.gone or worker.namespace is None or not allowed:
            return []
        return self._record(worker, worker.namespace, message)

    def refuse_trigger(self, binding_id: str, text: str) -> list[Effect]:
        """The engine's own provider refused a trigger asked for by `BindTrigger`."""
        return self.triggers.refuse(binding_id, text)

    def register_trigger(self, message: RegisterTrigger) -> list[Effect]:
        """Binds a trigger that no worker owns (`engine::register_trigger`, wire.md 8)."""
        return self.triggers.register(None, DEFAULT_NAMESPACE, message)

    def unregister_trigger(self, binding_id: str) -> tuple[bool, list[Effect]]:
        """Removes a binding by id; False when there is none."""
        known = self.triggers.find(binding_id) is not None
        return known, self.triggers.unregister(binding_id)


def _sendable(text: str) -> bool:
    """Can this be said in UTF-8? Not with a lone surrogate in it, which a peer can still spell in JSON."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
