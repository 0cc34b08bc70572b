"""The engine without its listeners: connections, calls and providers around the machine.

Everything runs on one event loop. The machine decides, `apply` carries out.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, cast

from msgspec import UNSET, Raw, UnsetType

from iii_bridge.aio.ids import new_id
from iii_bridge.aio.transport import Transport, TransportClosed
from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure
from iii_bridge.engine.connection import Connection
from iii_bridge.engine.http_functions import HttpFunctions
from iii_bridge.engine.limits import MOST_OWN_CALLS, MOST_WAITING_CALLS
from iii_bridge.engine.providers import NOT_CARRIED, NOT_CARRIED_FUNCTIONS, TriggerProvider, TriggerRefused
from iii_bridge.errors import InvocationError
from iii_bridge.protocol.engine import EngineProtocol
from iii_bridge.protocol.engine_effects import (
    BindTrigger,
    CallBuiltin,
    CallHttp,
    CheckHttp,
    CloseConnection,
    Effect,
    Note,
    Resolve,
    Send,
    TriggerAnswered,
    TriggerRemoved,
    UnbindTrigger,
    WorkerChanged,
)
from iii_bridge.protocol.engine_state import FunctionEntry, PendingInvocation
from iii_bridge.wire.codec import decode_message, encode_message
from iii_bridge.wire.limits import DEFAULT_NAMESPACE
from iii_bridge.wire.messages import ErrorBody, InvokeFunction, RegisterTrigger

__all__ = ["Hub"]

_log = logging.getLogger("iii_bridge.engine")


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who waits inside the engine; the machine hands it back with the answer."""

    function_id: str
    future: asyncio.Future[Raw | None]


class Hub:
    """Connects workers, functions and providers.

    `namespace_grace` is in seconds (wire.md 2.2).
    """

    def __init__(self, *, namespace_grace: float = 5.0, http_functions: HttpFunctions | None = None) -> None:
        self.protocol = EngineProtocol(
            new_id,
            namespace_grace=namespace_grace,
            not_carried=NOT_CARRIED,
            not_carried_functions=NOT_CARRIED_FUNCTIONS,
        )
        self.on_worker_changed: list[Callable[[str, str], None]] = []
        self.on_trigger_removed: list[Callable[[str], None]] = []
        self.http_functions = http_functions or HttpFunctions()
        self._grace = namespace_grace
        self._connections: dict[str, Connection] = {}
        self._builtins: dict[str, Builtin] = {}
        self._providers: dict[str, TriggerProvider] = {}
        self._acks: dict[str, asyncio.Future[ErrorBody | None]] = {}
        self._own: set[asyncio.Task[Any]] = set()
        self._asking: set[asyncio.Task[Any]] = set()
        self._do: dict[type, Callable[[Any], None]] = {
            CloseConnection: self._close,
            CallBuiltin: self._call_builtin,
            CheckHttp: self._check_http,
            CallHttp: self._call_http,
            Resolve: self._resolve,
            BindTrigger: self._bind,
            UnbindTrigger: self._unbind,
            TriggerAnswered: self._trigger_answered,
            TriggerRemoved: self._trigger_removed,
            WorkerChanged: self._worker_changed,
            Note: _note,
        }

    # -- set-up -----------------------------------------------------------------------------

    def add_builtins(self, builtins: Iterable[Builtin]) -> None:
        """Adds functions that run inside the engine, in namespace `default`."""
        for builtin in builtins:
            self._builtins[builtin.id] = builtin
            entry = FunctionEntry(
                namespace=DEFAULT_NAMESPACE,
                id=builtin.id,
                owner=None,
                worker_name=builtin.worker_name,
                description=builtin.description,
            )
            self.protocol.catalogue.add_builtin(entry)

    def add_provider(self, provider: TriggerProvider) -> None:
        """Adds a trigger type the engine carries."""
        self._providers[provider.kind.id] = provider
        self.protocol.triggers.add_builtin(provider.kind)

    # -- connections ------------------------------------------------------------------------

    async def serve(self, transport: Transport, ip_address: str | None = None) -> None:
        """Serves one worker connection until it ends, by either side."""
        loop = asyncio.get_running_loop()
        connection = Connection(transport)
        worker_id, effects = self.protocol.connect(loop.time(), time.time_ns() // 1_000_000, ip_address)
        self._connections[worker_id] = connection
        writer = loop.create_task(connection.write())
        timer = loop.call_later(self._grace, self._grace_ends)
        self.apply(effects)
        try:
            await self._read(worker_id, transport)
        except TransportClosed:
            pass
        except Exception:
            _log.exception("worker %s: its connection is closed", worker_id)
            connection.finish(1011, "the engine failed to handle a frame; see its log")
            await writer
        finally:
            timer.cancel()
            self.apply(self.protocol.disconnect(worker_id))
            self._connections.pop(worker_id, None)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _read(self, worker_id: str, transport: Transport) -> None:
        receive = self.protocol.receive
        while True:
            frame = await transport.recv()
            if not frame or frame.isspace():
                continue
            for connection in self.apply(receive(worker_id, decode_message(frame)), worker_id):
                await connection.room(worker_id)
            if len(self._own) >= MOST_OWN_CALLS:
                await asyncio.wait(self._own, return_when=asyncio.FIRST_COMPLETED)

    def _grace_ends(self) -> None:
        self.apply(self.protocol.tick(asyncio.get_running_loop().time()))

    async def close(self, code: int, reason: str) -> None:
        """Closes every connection with `code`, and stops what still runs inside."""
        for connection in list(self._connections.values()):
            connection.finish(code, reason)
        tasks = [*self._own, *self._asking]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.http_functions.close()

    # -- calls ------------------------------------------------------------------------------

    def call(
        self,
        function_id: str,
        data: Raw,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        metadata: Raw | None = None,
        traceparent: str | None = None,
        baggage: str | None = None,
    ) -> asyncio.Future[Raw | None]:
        """Calls a function from inside the engine.

        The future raises `InvocationError`; cancelling it forgets the call.
        """
        future: asyncio.Future[Raw | None] = asyncio.get_running_loop().create_future()
        message = InvokeFunction(
            function_id=function_id,
            data=data,
            namespace=namespace,
            metadata=UNSET if metadata is None else metadata,
            traceparent=_unset(traceparent),
            baggage=_unset(baggage),
        )
        self.apply(self.protocol.invoke(_Caller(function_id, future), message))
        return future

    def apply(self, effects: list[Effect], caller: str | None = None) -> list[Connection]:
        """Carries out what the machine asked for.

        With a `caller`, whose frame it was, returns the connections that cannot keep up with its calls.
        """
        congested: list[Connection] = []
        for effect in effects:
            if type(effect) is not Send:
                self._do[type(effect)](effect)
                continue
            connection = self._connections.get(effect.connection)
            if connection is None:
                continue
            # a worker's calls of itself are not held against it: it may not read before it has written them all
            call = caller if type(effect.message) is InvokeFunction and caller != effect.connection else None
            connection.push(encode_message(effect.message), call)
            if call is not None and connection.congested(call):
                congested.append(connection)
        return congested

    async def acknowledged(self, trigger: RegisterTrigger, timeout: float) -> ErrorBody | None:
        """Registers a trigger nobody owns and waits `timeout` seconds for its provider's verdict.

        No verdict in that time counts as accepted (wire.md 3.5).
        """
        future: asyncio.Future[ErrorBody | None] = asyncio.get_running_loop().create_future()
        self._acks[trigger.id] = future
        try:
            self.apply(self.protocol.register_trigger(trigger))
            return await asyncio.wait_for(future, timeout)
        except TimeoutError:
            return None
        finally:
            self._acks.pop(trigger.id, None)

    # -- effects ----------------------------------------------------------------------------

    def _close(self, effect: CloseConnection) -> None:
        connection = self._connections.get(effect.connection)
        if connection is not None:
            connection.finish(effect.code, effect.reason)

    def _call_builtin(self, effect: CallBuiltin) -> None:
        pending = effect.pending
        builtin = self._builtins[effect.function_id]
        try:
            outcome = builtin.handler(BuiltinCall(effect.function_id, effect.data, effect.caller))
        except BuiltinFailure as failure:
            self.apply(self.protocol.complete(pending, None, failure.body))
            return
        except Exception:
            self.apply(self.protocol.complete(pending, None, _broken(effect.function_id)))
            return
        if outcome is None or isinstance(outcome, Raw):
            self.apply(self.protocol.complete(pending, outcome, None))
        elif builtin.asks_workers:
            self._ask(pending, outcome)
        else:
            _run(self._own, self._finish_builtin(pending, outcome))

    def _ask(self, pending: PendingInvocation, outcome: Coroutine[Any, Any, Raw | None]) -> None:
        """Waits for workers or endpoints, beside all reading; too many of these are refused."""
        if len(self._asking) < MOST_WAITING_CALLS:
            _run(self._asking, self._finish_builtin(pending, outcome))
            return
        outcome.close()
        text = f"{pending.function_id} is refused: {MOST_WAITING_CALLS} calls inside the engine wait already"
        self.apply(self.protocol.complete(pending, None, ErrorBody("too_many_calls", text)))

    def _check_http(self, effect: CheckHttp) -> None:
        _run(self._asking, self._finish_check(effect))

    async def _finish_check(self, effect: CheckHttp) -> None:
        problem = await self.http_functions.problem(effect.invocation)
        if problem is not None:
            _log.warning("%s is not registered: %s", effect.message.id, problem)
        self.apply(self.protocol.checked(effect, problem is None))

    def _call_http(self, effect: CallHttp) -> None:
        self._ask(effect.pending, self.http_functions.call(effect.entry, effect.data))

    async def _finish_builtin(self, pending: PendingInvocation, outcome: Coroutine[Any, Any, Raw | None]) -> None:
        result, error = None, None
        try:
            result = await outcome
        except BuiltinFailure as failure:
            error = failure.body
        except Exception:
            error = _broken(pending.function_id)
        self.apply(self.protocol.complete(pending, result, error))

    def _resolve(self, effect: Resolve) -> None:
        caller = cast(_Caller, effect.token)
        if caller.future.done():
            return
        if effect.error is None:
            caller.future.set_result(effect.result)
        else:
            error = InvocationError(effect.error.code, effect.error.message, caller.function_id)
            caller.future.set_exception(error)

    def _bind(self, effect: BindTrigger) -> None:
        binding = effect.binding
        try:
            self._providers[binding.trigger_type].register(binding)
        except TriggerRefused as refused:
            self.apply(self.protocol.refuse_trigger(binding.id, str(refused)))
        except Exception:
            text = _broken(f"the provider of {binding.trigger_type}").message
            self.apply(self.protocol.refuse_trigger(binding.id, text))
        else:
            self._trigger_answered(TriggerAnswered(binding.id, None))

    def _unbind(self, effect: UnbindTrigger) -> None:
        self._providers[effect.binding.trigger_type].unregister(effect.binding)

    def _trigger_answered(self, effect: TriggerAnswered) -> None:
        future = self._acks.get(effect.binding_id)
        if future is not None and not future.done():
            future.set_result(effect.error)

    def _trigger_removed(self, effect: TriggerRemoved) -> None:
        for listener in self.on_trigger_removed:
            listener(effect.binding_id)

    def _worker_changed(self, effect: WorkerChanged) -> None:
        for listener in self.on_worker_changed:
            listener(effect.event, effect.worker_id)


def _run(tasks: set[asyncio.Task[Any]], work: Coroutine[Any, Any, None]) -> None:
    """Runs something beside the connections until the hub closes."""
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def _broken(what: str) -> ErrorBody:
    """Logs the exception being handled; a fault of the engine's own never ends a worker's connection."""
    _log.exception("%s failed inside the engine", what)
    return ErrorBody("invocation_error", f"{what} failed inside the engine; see its log")


def _note(effect: Note) -> None:
    _log.log(logging.WARNING if effect.warning else logging.INFO, "%s", effect.text)


def _unset(text: str | None) -> str | UnsetType:
    return text if text else UNSET
