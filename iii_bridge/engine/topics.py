"""Durable topics: `iii::durable::publish` and trigger type `durable:subscriber` (wire.md 7.6).

Each (topic, namespace, function) is a subscription with a queue of its own. It
outlives its subscribers: what is published while none is attached waits for
the next one, and what is published before there was any subscription waits
for the first. Neither waits for ever: after the retention both are forgotten.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import msgspec
from msgspec import Raw

from iii_bridge.aio.ids import new_id
from iii_bridge.engine.builtins import Builtin, BuiltinCall
from iii_bridge.engine.firing import Target, passes, read_config
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.providers import TriggerRefused
from iii_bridge.engine.pubsub import PublishRequest
from iii_bridge.engine.queue import QUEUE_WORKER, not_stored
from iii_bridge.engine.queue_config import QueueConfig
from iii_bridge.engine.queue_runner import QueueRunner
from iii_bridge.engine.storage.database import StoreError
from iii_bridge.engine.storage.messages import Message, MessageStore, QueueName, Subscription
from iii_bridge.engine.trigger_schemas import CONDITION, TEXT, object_schema
from iii_bridge.protocol.engine_state import Binding, TriggerType
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["RETENTION_SECONDS", "Subscribed", "Topics"]

RETENTION_SECONDS: Final = 7 * 86_400.0
"""How long a subscription without a subscriber collects, and a message of a topic without a subscription waits."""

_ATTEMPTS: Final = 3
_SWEEPS: Final = 20
_LONGEST_PAUSE: Final = 3600.0
_log = logging.getLogger("iii_bridge.engine.queue")


class _Settings(msgspec.Struct, rename="camel", omit_defaults=True):
    """`queue_config`; what this engine has no use for is ignored."""

    type: str | None = None
    max_retries: int | None = None
    concurrency: int | None = None
    delay_seconds: float | None = None
    backoff_delay_ms: int | None = None

    def queue(self, name: str) -> QueueConfig:
        """Raises ValueError for numbers no queue can run with."""
        fifo = self.type == "fifo"
        return QueueConfig(
            name=name,
            type="fifo" if fifo else "standard",
            concurrency=10 if self.concurrency is None else self.concurrency,
            max_retries=_ATTEMPTS if self.max_retries is None else self.max_retries + 1,
            backoff_ms=1000 if self.backoff_delay_ms is None else self.backoff_delay_ms,
            delay=self.delay_seconds or 0.0,
        )


class _Config(msgspec.Struct):
    topic: str | None = None
    queue: str | None = None
    condition_function_id: str | None = None
    queue_config: _Settings | None = None

    def topic_name(self) -> str:
        """`queue` is another name the standalone worker takes for `topic`."""
        return self.topic or self.queue or ""


@dataclass(slots=True, eq=False)
class Subscribed:
    """A subscription at work: its queue, and the bindings that take from it; `left_at` is since when there are none."""

    key: tuple[str, str, str]
    runner: QueueRunner
    targets: dict[str, Target] = field(default_factory=dict[str, Target])
    left_at: float | None = None

    @property
    def topic(self) -> str:
        """What it is subscribed to."""
        return self.key[0]


_KIND: Final = TriggerType(
    namespace=DEFAULT_NAMESPACE,
    id="durable:subscriber",
    description="Queue core module",
    provider=None,
    worker_name=QUEUE_WORKER,
    configuration_schema=object_schema(
        "DurableSubscriberTriggerConfig",
        {
            "topic": TEXT,
            "condition_function_id": CONDITION,
            "queue_config": {
                "type": ["object", "null"],
                "properties": {
                    "type": {"enum": ["concurrent", "fifo"], "default": "concurrent"},
                    "maxRetries": {"type": "integer", "minimum": 0, "description": "attempts after the first"},
                    "concurrency": {"type": "integer", "minimum": 1, "default": 10},
                    "delaySeconds": {"type": "number", "minimum": 0, "default": 0},
                    "backoffDelayMs": {"type": "integer", "minimum": 0, "default": 1000},
                },
            },
        },
        ("topic",),
    ),
)


class Topics:
    """Every durable topic of one engine; `now` gives unix seconds.

    `retention` is in seconds, None for ever.
    """

    def __init__(
        self,
        hub: Hub,
        store: MessageStore,
        retention: float | None = RETENTION_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._hub = hub
        self._store = store
        self._retention = retention
        self._now = now
        self._sweeping: asyncio.TimerHandle | None = None
        self._subscribed: dict[tuple[str, str, str], Subscribed] = {}
        self._by_topic: dict[str, dict[tuple[str, str, str], Subscribed]] = {}
        self._stopped = False

    def start(self, subscriptions: Iterable[Subscription], stored: Mapping[QueueName, int]) -> None:
        """Takes up the subscriptions of a former run: they collect until their subscribers are back."""
        for known in subscriptions:
            key = (known.topic, known.namespace, known.function_id)
            settings = msgspec.json.decode(known.settings, type=_Settings)
            self._make(key, settings, stored.get(_queue_name(key), 0)).left_at = known.left_at
        self._sweep()

    def stop(self) -> None:
        """Stops delivering."""
        self._stopped = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for subscribed in self._subscribed.values():
            subscribed.runner.stop()

    def builtins(self) -> list[Builtin]:
        """The function that publishes."""
        return [Builtin("iii::durable::publish", self._publish, "Publish to a durable topic", QUEUE_WORKER)]

    def of(self, topic: str) -> list[Subscribed]:
        """The subscriptions to a topic."""
        return list(self._by_topic.get(topic, {}).values())

    def names(self) -> list[str]:
        """Every topic with a subscription."""
        return list(self._by_topic)

    # -- bindings ---------------------------------------------------------------------------

    @property
    def kind(self) -> TriggerType:
        """The trigger type, as discovery shows it."""
        return _KIND

    def register(self, binding: Binding) -> None:
        """Attaches a subscriber. Raises `TriggerRefused` for a config that does not fit."""
        config = read_config(binding, _Config)
        topic = config.topic_name()
        if not topic:
            raise TriggerRefused("topic is required for durable:subscriber triggers")
        settings = config.queue_config or _Settings()
        try:
            settings.queue(topic)
        except ValueError as error:
            raise TriggerRefused(f"Failed to parse trigger config: {error}") from None
        key = (topic, binding.namespace, binding.function_id)
        subscribed = self._renewed(key, settings)
        subscribed.targets[binding.id] = Target(binding, config.condition_function_id or None)
        subscribed.left_at = None
        kept = self._store.subscribe(Subscription(*key, msgspec.json.encode(settings)), subscribed.runner.name)
        kept.add_done_callback(partial(self._kept, subscribed))

    def unregister(self, binding: Binding) -> None:
        """Detaches a subscriber. Its subscription stays, and collects."""
        topic = msgspec.json.decode(binding.config, type=_Config).topic_name()
        subscribed = self._subscribed.get((topic, binding.namespace, binding.function_id))
        if subscribed is None or subscribed.targets.pop(binding.id, None) is None or subscribed.targets:
            return
        subscribed.runner.pause()
        subscribed.left_at = self._now()
        if not self._stopped:
            _watch(self._store.leave(*subscribed.key, subscribed.left_at))

    def _renewed(self, key: tuple[str, str, str], settings: _Settings) -> Subscribed:
        """The subscription of a key; settings that changed take effect when its subscribers are new."""
        known = self._subscribed.get(key)
        if known is None:
            return self._make(key, settings, 0)
        if not known.targets and known.runner.config != settings.queue(key[0]):
            stored = known.runner.depth
            known.runner.stop()
            return self._make(key, settings, stored)
        return known

    def _make(self, key: tuple[str, str, str], settings: _Settings, stored: int) -> Subscribed:
        runner = QueueRunner(
            settings.queue(key[0]), partial(self._deliver, key), self._store,
            name=_queue_name(key), stored=stored, now=self._now,
        )  # fmt: skip
        subscribed = Subscribed(key, runner)
        self._subscribed[key] = subscribed
        self._by_topic.setdefault(key[0], {})[key] = subscribed
        return subscribed

    def _kept(self, subscribed: Subscribed, done: asyncio.Future[int]) -> None:
        """The subscription is in the store, with what waited for it: delivery may begin."""
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            _log.error("topic %s: a subscription could not be stored: %s", subscribed.topic, error)
        elif subscribed.targets:
            subscribed.runner.counted(done.result())
            subscribed.runner.start()

    # -- retention --------------------------------------------------------------------------

    def _sweep(self) -> None:
        """Forgets what nobody has come for within the retention, and looks again later."""
        if self._retention is None:
            return
        before = self._now() - self._retention
        for subscribed in list(self._subscribed.values()):
            if not subscribed.targets and subscribed.left_at is not None and subscribed.left_at < before:
                self._end(subscribed)
        self._store.end_unclaimed(before).add_done_callback(_log_unclaimed)
        pause = min(self._retention / _SWEEPS, _LONGEST_PAUSE)
        self._sweeping = asyncio.get_running_loop().call_later(pause, self._sweep)

    def _end(self, subscribed: Subscribed) -> None:
        """The subscription is over. One that could not be taken out of the store is there again after a restart."""
        subscribed.runner.stop()
        del self._subscribed[subscribed.key]
        others = self._by_topic[subscribed.topic]
        del others[subscribed.key]
        if not others:
            del self._by_topic[subscribed.topic]
        ended = self._store.end(*subscribed.key, subscribed.runner.name)
        ended.add_done_callback(partial(_log_ended, subscribed.key))

    # -- messages ---------------------------------------------------------------------------

    async def _publish(self, call: BuiltinCall) -> None:
        """Answers once a copy for each subscription is stored; without any, one for the first to come."""
        asked = call.read(PublishRequest).checked()
        found = self.of(asked.topic)
        copies = [self._copy(subscribed, asked) for subscribed in found]
        held = [subscribed.runner.reserve(copy) for subscribed, copy in zip(found, copies, strict=True)]
        rows = [(copy, subscribed.runner.config.fifo) for subscribed, copy in zip(found, copies, strict=True)]
        if not found:  # `due` tells the retention when it was published; taken for fifo, it is no reason to wait
            unclaimed = Message(new_id(), QueueName("", asked.topic), "", "", bytes(asked.data), due=self._now())
            rows = [(unclaimed, True)]
        try:
            stored = await self._store.add(rows)
        except BaseException as error:
            for subscribed, copy in zip(found, copies, strict=True):
                subscribed.runner.unreserve(copy)
            if isinstance(error, StoreError):
                raise not_stored(f"topic {asked.topic}", error) from None
            raise
        if found:
            for subscribed, message, taken in zip(found, stored, held, strict=True):
                self._added(subscribed, message, taken)

    def _added(self, subscribed: Subscribed, message: Message, held: bool) -> None:
        current = self._subscribed.get(subscribed.key)
        if current is subscribed:
            subscribed.runner.added(message, held)
        elif current is not None:  # renewed with other settings meanwhile
            current.runner.revived(1)

    def _copy(self, subscribed: Subscribed, asked: PublishRequest) -> Message:
        delay = subscribed.runner.config.delay
        _, namespace, function_id = subscribed.key
        due = self._now() + delay if delay else 0.0
        return Message(new_id(), subscribed.runner.name, function_id, namespace, bytes(asked.data), due=due)

    def _deliver(self, key: tuple[str, str, str], message: Message) -> asyncio.Future[Raw | None]:
        subscribed = self._subscribed[key]
        target = next(iter(subscribed.targets.values()))
        data = Raw(message.data)
        if target.condition is None:
            return self._call(target, data)
        return asyncio.get_running_loop().create_task(self._conditionally(target, data))

    async def _conditionally(self, target: Target, data: Raw) -> Raw | None:
        """A condition that fails is a failed attempt; a message it does not want is handled (wire.md 6.1)."""
        return await self._call(target, data) if await passes(self._hub, target, data) else None

    def _call(self, target: Target, data: Raw) -> asyncio.Future[Raw | None]:
        return self._hub.call(target.binding.function_id, data, namespace=target.binding.namespace)


def _queue_name(key: tuple[str, str, str]) -> QueueName:
    """The queue of a subscription: `function@namespace`, both escaped so that no two are alike."""
    topic, namespace, function_id = key
    name = "@".join(part.replace("\\", "\\\\").replace("@", "\\@") for part in (function_id, namespace))
    return QueueName(name, topic)


def _log_ended(key: tuple[str, str, str], done: asyncio.Future[int]) -> None:
    topic, namespace, function_id = key
    where = f"topic {topic}: the subscription of {function_id} in namespace {namespace}"
    if done.cancelled():
        return
    if done.exception() is not None:
        _log.error("%s could not be ended: %s", where, done.exception())
    else:
        _log.warning("%s had no subscriber for the whole retention: ended, with %d messages", where, done.result())


def _log_unclaimed(done: asyncio.Future[dict[str, int]]) -> None:
    if done.cancelled():
        return
    if done.exception() is not None:
        _log.error("messages of topics without a subscription could not be looked at: %s", done.exception())
        return
    for topic, count in done.result().items():
        _log.warning("topic %s: nobody subscribed within the retention: %d messages are forgotten", topic, count)


def _watch(write: asyncio.Future[Any]) -> None:
    def done(future: asyncio.Future[Any]) -> None:
        if not future.cancelled() and future.exception() is not None:
            _log.error("a subscription could not be written: %s", future.exception())

    write.add_done_callback(done)
