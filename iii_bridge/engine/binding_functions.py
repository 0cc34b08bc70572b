"""`engine::register_trigger` and `engine::unregister_trigger`: bindings nobody owns (wire.md 8)."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET, Raw

from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure
from iii_bridge.engine.hub import Hub, new_id
from iii_bridge.wire.codec import NULL, raw
from iii_bridge.wire.messages import RegisterTrigger

__all__ = ["BindingFunctions"]

_ACK_SECONDS: Final = 10.0


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
    """Binds triggers that outlive whoever asked for them, until removed or the engine stops."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def builtins(self) -> list[Builtin]:
        """The two functions."""
        return [
            Builtin("engine::register_trigger", self._register, "Bind a trigger that no worker owns"),
            Builtin("engine::unregister_trigger", self._unregister, "Remove a trigger by its id"),
        ]

    async def _register(self, call: BuiltinCall) -> Raw:
        request = call.read(_Register)
        message = RegisterTrigger(
            id=new_id(),
            trigger_type=request.trigger_type,
            function_id=request.function_id,
            config=request.config,
            metadata=request.metadata,
            trigger_namespace=request.trigger_namespace or UNSET,
        )
        error = await self._hub.acknowledged(message, _ACK_SECONDS)
        if error is not None:
            self._hub.apply(self._hub.protocol.unregister_trigger(message.id)[1])
            raise BuiltinFailure(error.code, error.message)
        return raw({"id": message.id})

    def _unregister(self, call: BuiltinCall) -> Raw:
        removed, effects = self._hub.protocol.unregister_trigger(call.read(_Unregister).id)
        self._hub.apply(effects)
        return raw({"removed": removed})
