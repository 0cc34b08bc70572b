"""State: the `state::*` functions and trigger type `state` (wire.md 7.3)."""

from __future__ import annotations

import logging
from typing import Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure
from iii_bridge.engine.firing import Firing, Target, Targets, read_config
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.storage.database import StoreError
from iii_bridge.engine.storage.values import Change, StateStore
from iii_bridge.engine.trigger_schemas import CONDITION, NULLABLE_TEXT, TEXT, object_schema
from iii_bridge.engine.updates import updated
from iii_bridge.protocol.engine_state import Binding, TriggerType
from iii_bridge.protocol.update_ops import OpError, UpdateOp
from iii_bridge.wire.codec import NULL, raw
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["STATE_WORKER", "State"]

STATE_WORKER: Final = "iii-state"
"""The worker name the state functions are listed under."""

_log = logging.getLogger("iii_bridge.engine.state")


class _Scope(msgspec.Struct):
    scope: str


class _Key(msgspec.Struct):
    scope: str
    key: str


class _Set(msgspec.Struct):
    scope: str
    key: str
    value: Raw | UnsetType = UNSET
    data: Raw | UnsetType = UNSET


class _Update(msgspec.Struct):
    scope: str
    key: str
    ops: list[UpdateOp]


class _Config(msgspec.Struct):
    scope: str | None = None
    key: str | None = None
    condition_function_id: str | None = None


class _Event(msgspec.Struct):
    type: str
    event_type: str
    scope: str
    key: str
    old_value: Raw
    new_value: Raw


class _Changed(msgspec.Struct, omit_defaults=True):
    old_value: Raw
    new_value: Raw
    errors: list[OpError] = []


_KIND: Final = TriggerType(
    namespace=DEFAULT_NAMESPACE,
    id="state",
    description="State trigger",
    provider=None,
    worker_name=STATE_WORKER,
    configuration_schema=object_schema(
        "StateTriggerConfig", {"scope": NULLABLE_TEXT, "key": NULLABLE_TEXT, "condition_function_id": CONDITION}
    ),
    request_schema=object_schema(
        "StateCallRequest",
        {
            "type": {"const": "state"},
            "event_type": {"enum": ["state:created", "state:updated", "state:deleted"]},
            "scope": TEXT,
            "key": TEXT,
            "old_value": {"description": "null when there was none"},
            "new_value": {"description": "null when it was deleted"},
        },
        ("type", "event_type", "scope", "key", "old_value", "new_value"),
    ),
)


class State:
    """Values by scope and key, kept in the store, and who is told of their changes.

    `max_value_bytes` bounds one value, as JSON text; None for no bound of its own.
    """

    def __init__(self, hub: Hub, store: StateStore, max_value_bytes: int | None = None) -> None:
        self._store = store
        self._limit = max_value_bytes
        self._firing = Firing(hub, "state")
        self._targets: Targets[tuple[str | None, str | None]] = Targets()

    @property
    def kind(self) -> TriggerType:
        """The trigger type, as discovery shows it."""
        return _KIND

    def register(self, binding: Binding) -> None:
        """Takes a binding; raises `TriggerRefused` for a config that does not fit."""
        config = read_config(binding, _Config)
        self._targets.add((config.scope, config.key), Target(binding, config.condition_function_id or None))

    def unregister(self, binding: Binding) -> None:
        """Forgets a binding."""
        self._targets.remove(binding.id)

    def builtins(self) -> list[Builtin]:
        """The state functions."""
        return [
            Builtin("state::set", self._set, "Set a value", STATE_WORKER),
            Builtin("state::get", self._get, "Get a value", STATE_WORKER),
            Builtin("state::delete", self._delete, "Delete a value", STATE_WORKER),
            Builtin("state::update", self._update, "Change a value by operations", STATE_WORKER),
            Builtin("state::list", self._list, "List the values of a scope", STATE_WORKER),
            Builtin("state::list_groups", self._list_groups, "List the scopes that have values", STATE_WORKER),
        ]

    def close(self) -> None:
        """Forgets events under way."""
        self._firing.close()

    # -- functions --------------------------------------------------------------------------

    async def _set(self, call: BuiltinCall) -> Raw:
        asked = call.read(_Set)
        value = asked.data if asked.value is UNSET else asked.value
        if value is UNSET:
            text = f"Failed to deserialize input for {call.function_id}: missing field `value`"
            raise BuiltinFailure("deserialization_error", text)
        self._check_size(len(bytes(value)))
        try:
            change = await self._store.set(bytes(value), asked.scope, asked.key)
        except StoreError as error:
            raise _failed("SET_ERROR", asked.scope, error) from None
        self._tell(asked.scope, asked.key, change)
        return raw(_Changed(_or_null(change.old), value))

    async def _get(self, call: BuiltinCall) -> Raw | None:
        asked = call.read(_Key)
        try:
            value = await self._store.get(asked.scope, asked.key)
        except StoreError as error:
            raise _failed("GET_ERROR", asked.scope, error) from None
        return None if value is None else Raw(value)

    async def _delete(self, call: BuiltinCall) -> Raw | None:
        asked = call.read(_Key)
        try:
            change = await self._store.delete(asked.scope, asked.key)
        except StoreError as error:
            raise _failed("DELETE_ERROR", asked.scope, error) from None
        self._tell(asked.scope, asked.key, change)
        return None if change.old is None else Raw(change.old)

    async def _update(self, call: BuiltinCall) -> Raw:
        asked = call.read(_Update)
        step, errors = updated(asked.ops, "UPDATE_ERROR", self._check_size)
        try:
            change = await self._store.update(step, asked.scope, asked.key)
        except StoreError as error:
            raise _failed("UPDATE_ERROR", asked.scope, error) from None
        self._tell(asked.scope, asked.key, change)
        return raw(_Changed(_or_null(change.old), _or_null(change.new), errors))

    async def _list(self, call: BuiltinCall) -> Raw:
        scope = call.read(_Scope).scope
        try:
            values = await self._store.of_scope(scope)
        except StoreError as error:
            raise _failed("LIST_ERROR", scope, error) from None
        return raw([Raw(value) for value in values])

    async def _list_groups(self, _call: BuiltinCall) -> Raw:
        try:
            return raw({"groups": await self._store.scopes()})
        except StoreError as error:
            raise _failed("LIST_GROUPS_ERROR", "any", error) from None

    def _check_size(self, size: int) -> None:
        if self._limit is not None and size > self._limit:
            text = f"the value has {size} bytes, at most {self._limit} are allowed"
            raise BuiltinFailure("VALUE_TOO_LARGE", text)

    # -- events -----------------------------------------------------------------------------

    def _tell(self, scope: str, key: str, change: Change) -> None:
        """Fires the bindings that match; the writer does not wait for them (wire.md 7.3)."""
        found = self._targets.at((None, None), (scope, None), (None, key), (scope, key))
        if found:
            name = "deleted" if change.new is None else "created" if change.old is None else "updated"
            event = _Event("state", f"state:{name}", scope, key, _or_null(change.old), _or_null(change.new))
            self._firing.in_turn(found, raw(event))


def _or_null(value: bytes | None) -> Raw:
    return NULL if value is None else Raw(value)


def _failed(code: str, scope: str, error: Exception) -> BuiltinFailure:
    _log.error("state of scope %s: %s: %s", scope, code, error)
    return BuiltinFailure(code, f"the store did not do it: {error}")
