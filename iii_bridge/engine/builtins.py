"""Functions the engine itself carries: how one is declared, called and answered."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw

from iii_bridge.wire.codec import NULL
from iii_bridge.wire.messages import ErrorBody

__all__ = ["ENGINE_WORKER", "Builtin", "BuiltinCall", "BuiltinFailure", "Handler", "baggage"]

ENGINE_WORKER = "iii-engine-functions"
"""The worker name the engine's own functions are listed under."""

T = TypeVar("T")
_NOTHING: Final = Raw(b"{}")


class BuiltinFailure(Exception):
    """A built-in says no; becomes the `error` of the invocation result."""

    def __init__(self, code: str, message: str) -> None:
        self.body = ErrorBody(code, message)
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class BuiltinCall:
    """One call. `caller` is the calling worker's id, None from inside the engine."""

    function_id: str
    data: Raw
    caller: str | None

    def read(self, shape: type[T]) -> T:
        """Decodes the payload; `deserialization_error` when it does not fit (wire.md 5.2).

        No payload is an empty one: two SDKs leave `data` out when a call is made without any (sdks.md 1.10).
        """
        try:
            return msgspec.json.decode(_NOTHING if self.data == NULL else self.data, type=shape)
        except (msgspec.DecodeError, RecursionError) as error:
            problem = str(error).replace("Object missing required field", "missing field", 1)
            text = f"Failed to deserialize input for {self.function_id}: {problem}"
            raise BuiltinFailure("deserialization_error", text) from None


Handler = Callable[[BuiltinCall], Raw | Coroutine[Any, Any, Raw | None] | None]
"""Returns the undecoded result, or None for no value; raises `BuiltinFailure`."""


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function of namespace `default` that runs inside the engine.

    `asks_workers`: its answer may depend on what a worker answers, so that it must never keep workers from being read.
    """

    id: str
    handler: Handler
    description: str
    worker_name: str = ENGINE_WORKER
    asks_workers: bool = False


class _BaggageKey(msgspec.Struct):
    key: str


class _BaggageEntry(msgspec.Struct):
    key: str
    value: str


def baggage() -> list[Builtin]:
    """`engine::baggage::*` (wire.md 7.7)."""
    return [
        Builtin("engine::baggage::get", _baggage_get, "Read a baggage entry of the engine's own context"),
        Builtin("engine::baggage::set", _baggage_set, "Set a baggage entry; has no effect beyond this call"),
        Builtin("engine::baggage::get_all", _baggage_get_all, "Read all baggage of the engine's own context"),
    ]


def _baggage_get(call: BuiltinCall) -> Raw:
    call.read(_BaggageKey)
    return Raw(b'{"value":null}')


def _baggage_set(call: BuiltinCall) -> Raw:
    call.read(_BaggageEntry)
    note = "baggage travels with an invocation; send it as the baggage member of the frame"
    return Raw(msgspec.json.encode({"success": True, "note": note}))


def _baggage_get_all(_call: BuiltinCall) -> Raw:
    return Raw(b'{"baggage":{}}')
