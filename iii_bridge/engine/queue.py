"""Named queues: the provider behind action enqueue (wire.md 5.3, 7.6)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec import Raw

from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.queue_config import QueueConfig
from iii_bridge.engine.queue_order import group_of
from iii_bridge.engine.queue_runner import QueueRunner
from iii_bridge.engine.storage.database import StoreError
from iii_bridge.engine.storage.messages import Message, MessageStore, QueueName
from iii_bridge.protocol.invocations import ENQUEUE_FUNCTION, EnqueueRequest
from iii_bridge.wire.codec import raw, text_or_none
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["QUEUE_WORKER", "Queues", "not_stored"]

QUEUE_WORKER: Final = "queue"
"""The worker name the queue functions are listed under."""

_MOST_QUEUES: Final = 10_000
_log = logging.getLogger("iii_bridge.engine.queue")


class Queues:
    """Every named queue of one engine: those declared, `default`, and any other from its first message on."""

    def __init__(
        self, hub: Hub, store: MessageStore, configs: Iterable[QueueConfig] = (), now: Callable[[], float] = time.time
    ) -> None:
        self._hub = hub
        self._store = store
        self._now = now
        self._declared = {"default": QueueConfig("default")}
        for config in configs:
            if config.name in self._declared and config.name != "default":
                raise ValueError(f"queue {config.name!r} is declared twice; name it once")
            self._declared[config.name] = config
        self._runners: dict[str, QueueRunner] = {}

    def start(self, stored: Mapping[QueueName, int]) -> None:
        """Takes up what a former run left behind; `stored` counts the messages of each queue."""
        left = [name.name for name in stored if not name.topic]
        for name in dict.fromkeys([*self._declared, *left]):
            runner = self._make(name, stored.get(QueueName(name), 0))
            runner.start(returning=True)

    def stop(self) -> None:
        """Stops delivering."""
        for runner in self._runners.values():
            runner.stop()

    def builtins(self) -> list[Builtin]:
        """The enqueue provider."""
        text = "Store a call in a named queue; the provider of action enqueue"
        return [Builtin(ENQUEUE_FUNCTION, self._enqueue, text, QUEUE_WORKER)]

    def find(self, name: str) -> QueueRunner | None:
        """A queue that exists."""
        return self._runners.get(name)

    def all(self) -> list[QueueRunner]:
        """Every queue there is."""
        return list(self._runners.values())

    async def _enqueue(self, call: BuiltinCall) -> Raw:
        request = call.read(EnqueueRequest)
        runner = self._runners.get(request.queue) or self._create(request.queue)
        _check_group(runner.config, request.data)
        message = Message(
            id=request.receipt_id,
            queue=runner.name,
            function_id=request.function_id,
            namespace=text_or_none(request.namespace) or DEFAULT_NAMESPACE,
            data=bytes(request.data),
            traceparent=request.traceparent,
            baggage=request.baggage,
        )
        try:
            await runner.add(message)
        except StoreError as error:
            raise not_stored(f"queue {request.queue}", error) from None
        return raw({"messageReceiptId": request.receipt_id})

    def _create(self, name: str) -> QueueRunner:
        """A queue comes into being with its first message."""
        if not name:
            raise BuiltinFailure("queue_not_set", "Queue is not set")
        if len(self._runners) >= _MOST_QUEUES:
            text = f"there are {_MOST_QUEUES} queues already: '{name}' is not made; use fewer names"
            raise BuiltinFailure("queue_not_found", text)
        runner = self._make(name, 0)
        runner.start()
        return runner

    def _make(self, name: str, stored: int) -> QueueRunner:
        config = self._declared.get(name) or QueueConfig(name)
        runner = QueueRunner(config, self._deliver, self._store, stored=stored, now=self._now)
        self._runners[name] = runner
        return runner

    def _deliver(self, message: Message) -> asyncio.Future[Raw | None]:
        return self._hub.call(
            message.function_id,
            Raw(message.data),
            namespace=message.namespace,
            traceparent=message.traceparent,
            baggage=message.baggage,
        )


def not_stored(where: str, error: Exception) -> BuiltinFailure:
    """Logs that a message could not be kept, and makes the answer that says so."""
    _log.error("%s: a message could not be stored: %s", where, error)
    return BuiltinFailure("store_failed", f"the message could not be stored: {error}")


def _check_group(config: QueueConfig, data: Raw) -> None:
    """A fifo queue with a group field takes only messages that have one (wire.md 7.6)."""
    field = config.message_group_field
    if field is not None and config.fifo and group_of(bytes(data), field) == b"null":
        text = f"Queue '{config.name}' needs member '{field}' in every message, and not null"
        raise BuiltinFailure("message_group_missing", text)
