"""`engine::register_trigger` and `engine::unregister_trigger`: bindings nobody owns (wire.md 8)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from functools import partial
from typing import Final

import msgspec
from msgspec import UNSET, Raw

from iii_bridge.aio.ids import new_id
from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.storage.database import StoreError
from iii_bridge.engine.storage.triggers import KeptTrigger, TriggerStore
from iii_bridge.wire.codec import NULL, raw
from iii_bridge.wire.messages import ErrorBody, RegisterTrigger

__all__ = ["BindingFunctions"]

_ACK_SECONDS: Final = 10.0
_log = logging.getLogger("iii_bridge.engine")


class _Register(msgspec.Struct):
    trigger_type: str
    function_id: str
    config: Raw = NULL
    metadata: Raw = NULL
    trigger_namespace: str | None = None


class _Unregister(msgspec.Struct):
    id: str
    trigger_type: str | None = None


class BindingFunctions:
    """Binds triggers that outlive whoever asked for them, and the engine: they are kept until they are removed."""

    def __init__(self, hub: Hub, store: TriggerStore) -> None:
        self._hub = hub
        self._store = store
        self._removing: dict[str, asyncio.Future[None]] = {}
        hub.on_trigger_removed.append(self._removed)

    def start(self, kept: Iterable[KeptTrigger]) -> None:
        """Binds the triggers of former runs anew."""
        for trigger in kept:
            self._hub.apply(self._hub.protocol.register_trigger(_frame(trigger)))

    def builtins(self) -> list[Builtin]:
        """The two functions."""
        return [
            Builtin(
                "engine::register_trigger", self._register, "Bind a trigger that no worker owns", asks_workers=True
            ),
            Builtin("engine::unregister_trigger", self._unregister, "Remove a trigger by its id"),
        ]

    async def _register(self, call: BuiltinCall) -> Raw:
        request = call.read(_Register)
        trigger = KeptTrigger(
            id=new_id(),
            trigger_type=request.trigger_type,
            function_id=request.function_id,
            config=bytes(request.config),
            metadata=bytes(request.metadata),
            trigger_namespace=request.trigger_namespace or None,
        )
        error = await self._hub.acknowledged(_frame(trigger), _ACK_SECONDS)
        if error is None:
            try:
                await self._store.add(trigger)
            except StoreError as failed:
                _log.error("trigger %s could not be stored: %s", trigger.id, failed)
                error = ErrorBody("trigger_registration_failed", f"the trigger could not be stored: {failed}")
        if error is not None:
            self._hub.apply(self._hub.protocol.unregister_trigger(trigger.id)[1])
            raise BuiltinFailure(error.code, error.message)
        return raw({"id": trigger.id})

    async def _unregister(self, call: BuiltinCall) -> Raw:
        trigger_id = call.read(_Unregister).id
        removed, effects = self._hub.protocol.unregister_trigger(trigger_id)
        self._hub.apply(effects)
        try:
            await self._removing.get(trigger_id, _done())
        except StoreError as error:
            raise BuiltinFailure("unregister_failed", f"the trigger comes back with the next start: {error}") from None
        return raw({"removed": removed})

    def _removed(self, trigger_id: str) -> None:
        """Whoever removed it: any connection may (wire.md 3.6)."""
        write = self._store.remove(trigger_id)
        self._removing[trigger_id] = write
        write.add_done_callback(partial(self._forgotten, trigger_id))

    def _forgotten(self, trigger_id: str, done: asyncio.Future[None]) -> None:
        del self._removing[trigger_id]
        if not done.cancelled() and done.exception() is not None:
            _log.error("trigger %s could not be removed from the store: %s", trigger_id, done.exception())


def _frame(trigger: KeptTrigger) -> RegisterTrigger:
    return RegisterTrigger(
        id=trigger.id,
        trigger_type=trigger.trigger_type,
        function_id=trigger.function_id,
        config=Raw(trigger.config),
        metadata=Raw(trigger.metadata),
        trigger_namespace=trigger.trigger_namespace or UNSET,
    )


def _done() -> asyncio.Future[None]:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done
