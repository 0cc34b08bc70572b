"""Where the items of a stream are: in the store, or with a worker that has functions `stream::get(<name>)` and so on.

wire.md 7.4.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw

from iii_bridge.engine.builtins import BuiltinFailure
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.storage.database import StoreError
from iii_bridge.engine.storage.values import StreamStore
from iii_bridge.engine.updates import updated
from iii_bridge.errors import InvocationError
from iii_bridge.protocol.update_ops import OpError, UpdateOp
from iii_bridge.wire.codec import NULL, raw
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["Items", "WasAndIs"]

T = TypeVar("T")
_log = logging.getLogger("iii_bridge.engine.stream")


class WasAndIs(msgspec.Struct, omit_defaults=True):
    """What a write found and what it left, null for nothing; `errors` of the operations that were skipped."""

    old_value: Raw = NULL
    new_value: Raw = NULL
    errors: list[OpError] = []


_decode_pair: Final = msgspec.json.Decoder(WasAndIs)


class Items:
    """Reads and writes items, wherever they are. Everything raises `BuiltinFailure` with the code of its function."""

    def __init__(self, hub: Hub, store: StreamStore) -> None:
        self._hub = hub
        self._store = store

    async def get(self, stream: str, group: str, item: str) -> Raw | None:
        """An item, None when there is none."""
        custom = self._custom("get", stream)
        if custom is not None:
            return await self._call(custom, "STREAM_GET_ERROR", stream, group_id=group, item_id=item)
        value = await _stored("STREAM_GET_ERROR", self._store.get(stream, group, item))
        return None if value is None else Raw(value)

    async def set(self, stream: str, group: str, item: str, data: Raw) -> WasAndIs:
        """Writes an item."""
        custom = self._custom("set", stream)
        if custom is not None:
            answer = await self._call(custom, "STREAM_SET_ERROR", stream, group_id=group, item_id=item, data=data)
            pair = _pair(answer)
            return WasAndIs(pair.old_value, data if pair.new_value == NULL else pair.new_value)
        change = await _stored("STREAM_SET_ERROR", self._store.set(bytes(data), stream, group, item))
        return WasAndIs(_or_null(change.old), data)

    async def delete(self, stream: str, group: str, item: str) -> WasAndIs:
        """Removes an item."""
        custom = self._custom("delete", stream)
        if custom is not None:
            return _pair(await self._call(custom, "STREAM_DELETE_ERROR", stream, group_id=group, item_id=item))
        change = await _stored("STREAM_DELETE_ERROR", self._store.delete(stream, group, item))
        return WasAndIs(_or_null(change.old))

    async def update(self, stream: str, group: str, item: str, ops: list[UpdateOp]) -> WasAndIs:
        """Changes an item by operations. A worker without an update function has it read, changed and written."""
        custom = self._custom("update", stream)
        if custom is not None:
            answer = await self._call(custom, "STREAM_UPDATE_ERROR", stream, group_id=group, item_id=item, ops=ops)
            return _pair(answer)
        step, errors = updated(ops, "STREAM_UPDATE_ERROR")
        if self._custom("get", stream) is not None and self._custom("set", stream) is not None:
            old = await self.get(stream, group, item)
            pair = await self.set(stream, group, item, Raw(step(None if old is None or old == NULL else bytes(old))))
            return WasAndIs(NULL if old is None else old, pair.new_value, errors)
        change = await _stored("STREAM_UPDATE_ERROR", self._store.update(step, stream, group, item))
        return WasAndIs(_or_null(change.old), _or_null(change.new), errors)

    async def of_group(self, stream: str, group: str) -> Raw:
        """The items of a group, as an array."""
        custom = self._custom("list", stream)
        if custom is not None:
            return await self._call(custom, "STREAM_GET_GROUP_ERROR", stream, group_id=group) or raw([])
        return raw([Raw(v) for v in await _stored("STREAM_GET_GROUP_ERROR", self._store.of_group(stream, group))])

    async def groups(self, stream: str) -> Raw:
        """The groups of a stream, as an array."""
        custom = self._custom("list_groups", stream)
        if custom is not None:
            return await self._call(custom, "STREAM_LIST_GROUPS_ERROR", stream) or raw([])
        return raw(await _stored("STREAM_LIST_GROUPS_ERROR", self._store.groups(stream)))

    async def all(self) -> dict[str, list[str]]:
        """Every stream in the store, with its groups."""
        return await _stored("STREAM_LIST_ALL_ERROR", self._store.streams())

    def _custom(self, verb: str, stream: str) -> str | None:
        function_id = f"stream::{verb}({stream})"
        known = self._hub.protocol.catalogue.find(DEFAULT_NAMESPACE, function_id)
        return None if known is None else function_id

    async def _call(self, function_id: str, code: str, stream: str, **members: Any) -> Raw | None:
        try:
            return await self._hub.call(function_id, raw({"stream_name": stream, **members}))
        except InvocationError as error:
            raise BuiltinFailure(code, f"{function_id}: {error.code}: {error.message}") from None


async def _stored(code: str, work: Awaitable[T]) -> T:
    try:
        return await work
    except StoreError as error:
        _log.error("%s: %s", code, error)
        raise BuiltinFailure(code, f"the store did not do it: {error}") from None


def _pair(answer: Raw | None) -> WasAndIs:
    """What a worker's function says it found and left; something else says nothing of it."""
    try:
        pair = WasAndIs() if answer is None else _decode_pair.decode(answer)
    except msgspec.DecodeError:
        return WasAndIs()
    return pair


def _or_null(value: bytes | None) -> Raw:
    return NULL if value is None else Raw(value)
