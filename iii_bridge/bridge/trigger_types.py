"""Trigger types this worker provides: who is bound to them, and how their events are fired (wire.md 3.3, 3.4, 6)."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar, cast

import msgspec
from msgspec import UNSET, Raw

from iii_bridge.aio.session import Session
from iii_bridge.bridge.calls import Calls
from iii_bridge.bridge.checks import decode_json, encode_json
from iii_bridge.contract.protojson import CodecError, codec_for
from iii_bridge.errors import BridgeError, ContractError, LocalProtocolError, Side
from iii_bridge.protocol.worker_events import Registered, TriggerRemoved, TriggerRequested
from iii_bridge.types import Json
from iii_bridge.wire import NULL, ErrorBody, RegisterTrigger, RegisterTriggerType
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["OnBinding", "TriggerBinding", "TriggerType", "TriggerTypes"]

_log: Final = logging.getLogger("iii_bridge.triggers")

Config = TypeVar("Config")


@dataclass(frozen=True, slots=True, eq=False)
class TriggerBinding(Generic[Config]):
    """A function that somebody bound to a trigger type of ours."""

    id: str
    function_id: str
    namespace: str
    """Where the function is looked up when an event is fired."""
    config: Config
    """Decoded: a message where the trigger type names one, else JSON-like values."""
    metadata: Mapping[str, Json]
    """Handed to the function with every event."""
    condition_function_id: str | None = None
    """Asked first, with the same payload; only a literal `false` skips the event (wire.md 6.1)."""


OnBinding = Callable[[TriggerBinding[Any]], Awaitable[None] | None]
"""Told of a binding; what it raises refuses it, with the text for whoever asked."""


class _Condition(msgspec.Struct):
    condition_function_id: str | None = None


class TriggerType(Generic[Config]):
    """One trigger type of this worker; `Bridge.register_trigger_type` makes it."""

    def __init__(
        self,
        types: TriggerTypes,
        frame: RegisterTriggerType,
        config: type[Any] | None,
        payload: type[Any] | None,
        on_bind: OnBinding | None,
        on_unbind: OnBinding | None,
    ) -> None:
        self._types = types
        self._frame = frame
        self._config = config
        self._payload = payload
        self._on_bind = on_bind
        self._on_unbind = on_unbind
        self._bindings: dict[str, TriggerBinding[Config]] = {}
        self._turn = asyncio.Lock()

    @property
    def id(self) -> str:
        """The id others bind to."""
        return self._frame.id

    @property
    def bindings(self) -> Mapping[str, TriggerBinding[Config]]:
        """Who is bound at this moment, by the trigger's id; the engine hands them over again after a reconnect."""
        return MappingProxyType(dict(self._bindings))

    async def fire(self, binding: TriggerBinding[Config], payload: Any, *, timeout: float | None = None) -> Json:
        """Invokes a bound function with an event and returns its result; None when its condition says no.

        `payload` is a message of the trigger type's payload class, else anything
        that is JSON. Raises ContractError for one that does not fit, and what
        `Bridge.call` raises. `timeout` in seconds.
        """
        data = self._encode(binding, payload)
        if binding.condition_function_id:
            asked = await self._types.invoke(binding, binding.condition_function_id, data, timeout)
            if decode_json(asked, binding.condition_function_id, Side.RESPONSE) is False:
                return None
        result = await self._types.invoke(binding, binding.function_id, data, timeout)
        return decode_json(result, binding.function_id, Side.RESPONSE)

    def unregister(self) -> None:
        """Takes the trigger type back; its bindings wait for another provider."""
        self._types.withdraw(self)

    # --- what the engine says --------------------------------------------------

    async def bind(self, request: RegisterTrigger) -> ErrorBody | None:
        """Takes a binding, replacing one of the same id; the answer says why not."""
        async with self._turn:
            await self._drop(request.id)
            try:
                binding = self._read(request)
                await _told(self._on_bind, binding)
            except BridgeError as error:
                return ErrorBody("trigger_registration_failed", str(error))
            except Exception as error:
                _log.exception("trigger %s was refused", request.id)
                return ErrorBody("trigger_registration_failed", str(error) or type(error).__name__)
            self._bindings[binding.id] = binding
            return None

    async def unbind(self, trigger_id: str) -> None:
        """Forgets a binding."""
        async with self._turn:
            await self._drop(trigger_id)

    async def unbind_all(self) -> None:
        """The connection they came by is gone; the engine hands over again those that are left."""
        async with self._turn:
            for trigger_id in list(self._bindings):
                await self._drop(trigger_id)

    async def _drop(self, trigger_id: str) -> None:
        binding = self._bindings.pop(trigger_id, None)
        if binding is None:
            return
        try:
            await _told(self._on_unbind, binding)
        except Exception:
            _log.exception("trigger type %s: what was to be told of the end of trigger %s failed", self.id, trigger_id)

    def _read(self, request: RegisterTrigger) -> TriggerBinding[Config]:
        data = request.config if isinstance(request.config, Raw) else NULL
        metadata: Json = None
        if request.metadata:
            metadata = decode_json(request.metadata, request.function_id, Side.CONFIG)
        return TriggerBinding(
            id=request.id,
            function_id=request.function_id,
            namespace=request.namespace or DEFAULT_NAMESPACE,
            config=self._read_config(request.function_id, data),
            metadata=MappingProxyType(cast("dict[str, Json]", metadata) if isinstance(metadata, dict) else {}),
            condition_function_id=_condition(data),
        )

    def _read_config(self, function_id: str, data: Raw) -> Config:
        if self._config is None:
            return cast("Config", decode_json(data, function_id, Side.CONFIG))
        try:
            return cast("Config", codec_for(self._config).decode(data))
        except CodecError as error:
            raise ContractError(function_id, Side.CONFIG, error.path, error.problem) from error

    def _encode(self, binding: TriggerBinding[Config], payload: Any) -> Raw:
        if self._payload is None:
            return encode_json(payload, binding.function_id, Side.REQUEST)
        try:
            return Raw(codec_for(self._payload).encode(payload))
        except CodecError as error:
            raise ContractError(binding.function_id, Side.REQUEST, error.path, error.problem) from error


class TriggerTypes:
    """Every trigger type of one bridge."""

    def __init__(self, session: Session, calls: Calls) -> None:
        self._session = session
        self._calls = calls
        self._types: dict[str, TriggerType[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def register(
        self,
        type_id: str,
        *,
        description: str,
        config: type[Any] | None,
        payload: type[Any] | None,
        config_format: Mapping[str, Json] | None,
        payload_format: Mapping[str, Json] | None,
        on_bind: OnBinding | None,
        on_unbind: OnBinding | None,
    ) -> TriggerType[Any]:
        """Offers a trigger type, now and on every later connection. Raises LocalProtocolError."""
        if not type_id:
            raise LocalProtocolError("the id of a trigger type is empty; name one")
        if type_id in self._types:
            raise LocalProtocolError(f"trigger type {type_id} is provided already; unregister it first")
        frame = RegisterTriggerType(
            id=type_id,
            description=description,
            trigger_request_format=encode_json(config_format, type_id, Side.CONFIG) if config_format else UNSET,
            call_request_format=encode_json(payload_format, type_id, Side.CONFIG) if payload_format else UNSET,
        )
        made = self._types[type_id] = TriggerType[Any](self, frame, config, payload, on_bind, on_unbind)
        self._session.protocol.register_trigger_type(frame)
        self._session.poke()
        return made

    def withdraw(self, trigger_type: TriggerType[Any]) -> None:
        """Takes a trigger type back; doing so twice does nothing."""
        if self._types.get(trigger_type.id) is trigger_type:
            del self._types[trigger_type.id]
            self._session.protocol.unregister_trigger_type(trigger_type.id)
            self._session.poke()
            self._start(trigger_type.unbind_all())

    def note(self, event: Registered | TriggerRequested | TriggerRemoved) -> None:
        """A new connection, a binding, or the end of one."""
        if isinstance(event, Registered):
            for known in self._types.values():
                self._start(known.unbind_all())
        elif isinstance(event, TriggerRequested):
            self._start(self._bind(event.frame))
        else:
            for known in self._types.values():  # the frame names the type, but trigger ids are unique as it is
                self._start(known.unbind(event.frame.id))

    async def invoke(self, binding: TriggerBinding[Any], function_id: str, data: Raw, timeout: float | None) -> Raw:
        """Calls a function in the namespace of a binding, with its metadata (wire.md 3.4)."""
        return await self._calls.call(
            function_id, data, timeout=timeout, metadata=binding.metadata, namespace=binding.namespace
        )

    async def stop(self) -> None:
        """Ends what is being told at this moment."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _bind(self, request: RegisterTrigger) -> None:
        known = self._types.get(request.trigger_type)
        if known is None:
            error: ErrorBody | None = ErrorBody(
                "trigger_type_not_found", f"this worker does not provide {request.trigger_type}"
            )
        else:
            error = await known.bind(request)
        self._session.protocol.answer_trigger(request, error)
        self._session.poke()

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _told(callback: OnBinding | None, binding: TriggerBinding[Any]) -> None:
    told = callback(binding) if callback is not None else None
    if inspect.isawaitable(told):
        await told


def _condition(config: Raw) -> str | None:
    try:
        return msgspec.json.decode(config, type=_Condition).condition_function_id or None
    except msgspec.DecodeError:
        return None
