"""How bound functions are called: the condition, the metadata, and what becomes of failures (wire.md 6.1, 6.2)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Raw

from iii_bridge.engine.hub import Hub
from iii_bridge.engine.providers import TriggerRefused
from iii_bridge.errors import InvocationError
from iii_bridge.protocol.engine_state import Binding
from iii_bridge.wire.codec import NULL

__all__ = ["Firing", "Target", "Targets", "passes", "read_config"]

T = TypeVar("T")
K = TypeVar("K")
MOST_EVENTS: Final = 10_000
"""Events of one kind under way at once; a handler that never answers keeps its event for good (wire.md 13.8)."""

_log = logging.getLogger("iii_bridge.engine")


@dataclass(frozen=True, slots=True)
class Target:
    """A binding, and the function that is asked before it is fired."""

    binding: Binding
    condition: str | None = None


class Targets(Generic[K]):
    """Bindings by what they ask for."""

    def __init__(self) -> None:
        self._by_key: dict[K, dict[str, Target]] = {}
        self._keys: dict[str, K] = {}

    def add(self, key: K, target: Target) -> None:
        """Takes a binding that asks for `key`."""
        self._by_key.setdefault(key, {})[target.binding.id] = target
        self._keys[target.binding.id] = key

    def remove(self, binding_id: str) -> K | None:
        """Forgets a binding and returns what it asked for, None for one that is not here."""
        key = self._keys.pop(binding_id, None)
        if key is not None:
            targets = self._by_key[key]
            del targets[binding_id]
            if not targets:
                del self._by_key[key]
        return key

    def __len__(self) -> int:
        """How many bindings there are."""
        return len(self._keys)

    def at(self, *keys: K) -> list[Target]:
        """Every binding that asks for one of these, key by key in the order of registration."""
        return [target for key in keys for target in self._by_key.get(key, {}).values()]


def read_config(binding: Binding, shape: type[T]) -> T:
    """Decodes a binding's config, null as an empty one; raises `TriggerRefused` when it does not fit."""
    try:
        return msgspec.json.decode(b"{}" if binding.config == NULL else binding.config, type=shape)
    except (msgspec.DecodeError, RecursionError) as error:
        raise TriggerRefused(f"Failed to parse trigger config: {error}") from None


async def passes(hub: Hub, target: Target, data: Raw) -> bool:
    """Asks the condition, with what the function would get: only an exact `false` stops. Raises `InvocationError`."""
    if target.condition is None:
        return True
    verdict = await hub.call(target.condition, data, namespace=target.binding.namespace)
    return verdict is None or bytes(verdict) != b"false"


class Firing:
    """Calls bound functions in the background, up to a bound; failures are logged, and not tried again.

    `what` names the kind of event in the log.
    """

    def __init__(self, hub: Hub, what: str, limit: int = MOST_EVENTS) -> None:
        self._hub = hub
        self._what = what
        self._limit = limit
        self._tasks: set[asyncio.Future[Any]] = set()

    def each(self, targets: Iterable[Target], data: Raw, *, metadata: bool = True) -> None:
        """Calls every function at once."""
        for target in targets:
            if target.condition is not None:
                self._start(self._one(target, data, metadata), target)
            elif self._room(target):
                self._watch(self._call(target, data, metadata), target)

    def in_turn(self, targets: Iterable[Target], data: Raw) -> None:
        """Calls the functions one after another, each when the one before has answered."""
        found = list(targets)
        if len(found) == 1:
            self.each(found, data)
        elif found:
            self._start(self._all(found, data), found[0])

    async def one(self, target: Target, data: Raw) -> None:
        """Calls one function and returns when it has answered, however that was."""
        try:
            await self._one(target, data, metadata=True)
        except InvocationError as error:
            self._failed(target, error)

    def close(self) -> None:
        """Forgets what is under way."""
        for task in list(self._tasks):
            task.cancel()

    def _call(self, target: Target, data: Raw, metadata: bool) -> asyncio.Future[Raw | None]:
        binding = target.binding
        kept = binding.metadata if metadata else None
        return self._hub.call(binding.function_id, data, namespace=binding.namespace, metadata=kept)

    async def _one(self, target: Target, data: Raw, metadata: bool) -> None:
        if await passes(self._hub, target, data):
            await self._call(target, data, metadata)

    async def _all(self, targets: list[Target], data: Raw) -> None:
        for target in targets:
            await self.one(target, data)

    def _room(self, target: Target) -> bool:
        if len(self._tasks) < self._limit:
            return True
        text = "%s: %d events wait for answers; one for %s is dropped"
        _log.error(text, self._what, len(self._tasks), target.binding.function_id)
        return False

    def _start(self, work: Coroutine[Any, Any, None], target: Target) -> None:
        if self._room(target):
            self._watch(asyncio.get_running_loop().create_task(work), target)
        else:
            work.close()

    def _watch(self, done: asyncio.Future[Any], target: Target) -> None:
        self._tasks.add(done)
        done.add_done_callback(partial(self._done, target))

    def _done(self, target: Target, done: asyncio.Future[Any]) -> None:
        self._tasks.discard(done)
        if not done.cancelled() and (error := done.exception()) is not None:
            self._failed(target, error)

    def _failed(self, target: Target, error: BaseException) -> None:
        code = error.code if isinstance(error, InvocationError) else type(error).__name__
        _log.warning("%s: %s failed: %s", self._what, target.binding.function_id, code)
