"""Streams: the `stream::*` functions and trigger types `stream`, `stream:join` and `stream:leave` (wire.md 7.4)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Raw

from iii_bridge.engine.builtins import Builtin, BuiltinCall, Handler
from iii_bridge.engine.firing import Firing, Target, Targets, read_config
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.providers import TriggerProvider, TriggerRefused
from iii_bridge.engine.storage.values import StreamStore
from iii_bridge.engine.stream_events import StreamEvent, changed, sent
from iii_bridge.engine.stream_store import Items, WasAndIs
from iii_bridge.engine.trigger_schemas import CONDITION, NULLABLE_TEXT, TEXT, object_schema
from iii_bridge.errors import InvocationError
from iii_bridge.protocol.engine_state import Binding, TriggerType
from iii_bridge.protocol.update_ops import UpdateOp
from iii_bridge.wire.codec import NULL, raw
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["JoinRequest", "Streams"]

_WORKER: Final = "iii-stream"
_log = logging.getLogger("iii_bridge.engine.stream")
Match = tuple[str, str | None, str | None]


class _Group(msgspec.Struct):
    stream_name: str
    group_id: str


class _Item(msgspec.Struct):
    stream_name: str
    group_id: str
    item_id: str


class _Set(msgspec.Struct):
    stream_name: str
    group_id: str
    item_id: str
    data: Raw


class _Update(msgspec.Struct):
    stream_name: str
    group_id: str
    item_id: str
    ops: list[UpdateOp]


class _Stream(msgspec.Struct):
    stream_name: str


class _Send(msgspec.Struct):
    stream_name: str
    group_id: str
    type: str
    data: Raw
    id: str | None = None


class _Config(msgspec.Struct):
    stream_name: str | None = None
    group_id: str | None = None
    item_id: str | None = None
    condition_function_id: str | None = None


class JoinRequest(msgspec.Struct):
    """What `stream:join` and `stream:leave` hand over: a subscription, and what the socket's auth function said."""

    subscription_id: str
    stream_name: str
    group_id: str
    id: str | None
    context: Raw = NULL


class _JoinAnswer(msgspec.Struct):
    unauthorized: Any = False


_EVENT_SCHEMA: Final = object_schema(
    "StreamCallRequest",
    {
        "type": {"const": "stream"},
        "timestamp": {"type": "integer", "description": "unix milliseconds"},
        "streamName": TEXT,
        "groupId": TEXT,
        "id": NULLABLE_TEXT,
        "event": {"type": "object", "required": ["type"]},
    },
    ("type", "timestamp", "streamName", "groupId", "id", "event"),
)
_JOIN_SCHEMA: Final = object_schema(
    "StreamJoinLeaveCallRequest",
    {"subscription_id": TEXT, "stream_name": TEXT, "group_id": TEXT, "id": NULLABLE_TEXT, "context": {}},
    ("subscription_id", "stream_name", "group_id", "id", "context"),
)


def _kind(type_id: str, description: str, config: Raw | None, request: Raw) -> TriggerType:
    return TriggerType(
        namespace=DEFAULT_NAMESPACE, id=type_id, description=description, provider=None, worker_name=_WORKER,
        configuration_schema=config, request_schema=request,
    )  # fmt: skip


class _Trigger:
    """The bindings of one of the three types."""

    def __init__(self, kind: TriggerType, key: Callable[[Binding], tuple[Match, Target]]) -> None:
        self._kind = kind
        self._key = key
        self.targets: Targets[Match] = Targets()

    @property
    def kind(self) -> TriggerType:
        return self._kind

    def register(self, binding: Binding) -> None:
        self.targets.add(*self._key(binding))

    def unregister(self, binding: Binding) -> None:
        self.targets.remove(binding.id)


_EVERY: Final[Match] = ("", None, None)


def _filtered(binding: Binding) -> tuple[Match, Target]:
    config = read_config(binding, _Config)
    if not config.stream_name:
        raise TriggerRefused("stream_name is required for stream triggers")
    return (config.stream_name, config.group_id, config.item_id), Target(binding, config.condition_function_id or None)


def _of_every_stream(binding: Binding) -> tuple[Match, Target]:
    """Whatever their config says (wire.md 7.4)."""
    return _EVERY, Target(binding)


class Streams:
    """Items by stream and group, and who is told of what happens to them.

    `on_event` are listeners beside the triggers: the sockets.
    """

    def __init__(self, hub: Hub, store: StreamStore) -> None:
        self._hub = hub
        self.items = Items(hub, store)
        self.on_event: list[Callable[[StreamEvent], None]] = []
        self._firing = Firing(hub, "stream")
        config = {"stream_name": TEXT, "group_id": NULLABLE_TEXT, "item_id": NULLABLE_TEXT}
        schema = object_schema("StreamTriggerConfig", {**config, "condition_function_id": CONDITION}, ("stream_name",))
        self._events = _Trigger(_kind("stream", "Stream trigger", schema, _EVENT_SCHEMA), _filtered)
        self._joins = _Trigger(_kind("stream:join", "Stream join trigger", None, _JOIN_SCHEMA), _of_every_stream)
        self._leaves = _Trigger(_kind("stream:leave", "Stream leave trigger", None, _JOIN_SCHEMA), _of_every_stream)

    def providers(self) -> list[TriggerProvider]:
        """The three trigger types."""
        return [self._events, self._joins, self._leaves]

    def builtins(self) -> list[Builtin]:
        """The stream functions."""
        table: list[tuple[str, Handler, str]] = [
            ("set", self._set, "Set an item of a stream"),
            ("get", self._get, "Get an item of a stream"),
            ("delete", self._delete, "Delete an item of a stream"),
            ("update", self._update, "Change an item of a stream by operations"),
            ("list", self._list, "List the items of a group"),
            ("list_groups", self._list_groups, "List the groups of a stream"),
            ("list_all", self._list_all, "List the streams and their groups"),
            ("send", self._send, "Send an event that is not kept"),
        ]
        return [Builtin(f"stream::{verb}", handler, text, _WORKER, asks_workers=True) for verb, handler, text in table]

    def close(self) -> None:
        """Forgets events under way."""
        self._firing.close()

    # -- joining and leaving ----------------------------------------------------------------

    async def may_join(self, request: JoinRequest) -> bool:
        """Asks every `stream:join` function. One that says `unauthorized`, or fails, refuses."""
        for target in self._joins.targets.at(_EVERY):
            try:
                answer = await self._call(target, request)
            except InvocationError as error:
                _log.warning("stream:join: %s failed, so nobody joins: %s", target.binding.function_id, error.code)
                return False
            if answer is not None and _says_unauthorized(answer):
                return False
        return True

    def left(self, request: JoinRequest) -> None:
        """Tells every `stream:leave` function."""
        self._firing.each(self._leaves.targets.at(_EVERY), raw(request))

    def _call(self, target: Target, request: JoinRequest) -> asyncio.Future[Raw | None]:
        binding = target.binding
        return self._hub.call(binding.function_id, raw(request), namespace=binding.namespace, metadata=binding.metadata)

    # -- functions --------------------------------------------------------------------------

    async def _set(self, call: BuiltinCall) -> Raw:
        asked = call.read(_Set)
        pair = await self.items.set(asked.stream_name, asked.group_id, asked.item_id, asked.data)
        return self._written(asked.stream_name, asked.group_id, asked.item_id, pair)

    async def _update(self, call: BuiltinCall) -> Raw:
        asked = call.read(_Update)
        pair = await self.items.update(asked.stream_name, asked.group_id, asked.item_id, asked.ops)
        return self._written(asked.stream_name, asked.group_id, asked.item_id, pair)

    def _written(self, stream: str, group: str, item: str, pair: WasAndIs) -> Raw:
        kind = "create" if pair.old_value == NULL else "update"
        self._tell(changed(kind, stream, group, item, pair.new_value))
        result: dict[str, Any] = {"old_value": pair.old_value, "new_value": pair.new_value}
        return raw({**result, "errors": pair.errors} if pair.errors else result)

    async def _get(self, call: BuiltinCall) -> Raw | None:
        asked = call.read(_Item)
        return await self.items.get(asked.stream_name, asked.group_id, asked.item_id)

    async def _delete(self, call: BuiltinCall) -> Raw:
        asked = call.read(_Item)
        pair = await self.items.delete(asked.stream_name, asked.group_id, asked.item_id)
        if pair.old_value != NULL:
            self._tell(changed("delete", asked.stream_name, asked.group_id, asked.item_id, pair.old_value))
        return raw({"old_value": pair.old_value})

    async def _list(self, call: BuiltinCall) -> Raw:
        asked = call.read(_Group)
        return await self.items.of_group(asked.stream_name, asked.group_id)

    async def _list_groups(self, call: BuiltinCall) -> Raw:
        return await self.items.groups(call.read(_Stream).stream_name)

    async def _list_all(self, _call: BuiltinCall) -> Raw:
        streams = [{"id": name, "groups": groups} for name, groups in (await self.items.all()).items()]
        return raw({"stream": streams, "count": len(streams)})

    def _send(self, call: BuiltinCall) -> Raw:
        asked = call.read(_Send)
        self._tell(sent(asked.stream_name, asked.group_id, asked.id, asked.type, asked.data))
        return NULL

    def _tell(self, event: StreamEvent) -> None:
        stream, group, item = event.stream_name, event.group_id, event.id
        matches: list[Match] = [(stream, None, None), (stream, group, None)]
        if item is not None:
            matches += [(stream, None, item), (stream, group, item)]
        targets = self._events.targets.at(*matches)
        if targets:
            self._firing.in_turn(targets, raw(event))
        for listener in self.on_event:
            listener(event)


def _says_unauthorized(answer: Raw) -> bool:
    try:
        return msgspec.json.decode(answer, type=_JoinAnswer).unauthorized is True
    except msgspec.DecodeError:
        return False
