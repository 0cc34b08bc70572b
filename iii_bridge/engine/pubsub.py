"""Publishing to whoever listens now: function `publish` and trigger type `subscribe` (wire.md 7.5)."""

from __future__ import annotations

import logging
from typing import Final

import msgspec
from msgspec import Raw

from iii_bridge.engine.builtins import Builtin, BuiltinCall, BuiltinFailure
from iii_bridge.engine.firing import Firing, Target, Targets, read_config
from iii_bridge.engine.hub import Hub
from iii_bridge.engine.trigger_schemas import TEXT, object_schema
from iii_bridge.protocol.engine_state import Binding, TriggerType
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["PubSub", "PublishRequest"]

_WORKER: Final = "iii-pubsub"
_log = logging.getLogger("iii_bridge.engine.pubsub")


class PublishRequest(msgspec.Struct):
    """The input of `publish` and of `iii::durable::publish`."""

    topic: str
    data: Raw

    def checked(self) -> PublishRequest:
        """Refuses an empty topic."""
        if not self.topic:
            raise BuiltinFailure("topic_not_set", "Topic is not set")
        return self


class _Config(msgspec.Struct):
    topic: str | None = None


_KIND: Final = TriggerType(
    namespace=DEFAULT_NAMESPACE,
    id="subscribe",
    description="Subscribe to a topic",
    provider=None,
    worker_name=_WORKER,
    configuration_schema=object_schema("SubscribeTriggerConfig", {"topic": TEXT}, ("topic",)),
)


class PubSub:
    """Topics in memory: each subscriber gets what is published while it listens, once, without a second try."""

    def __init__(self, hub: Hub) -> None:
        self._firing = Firing(hub, "subscribe")
        self._targets: Targets[str] = Targets()

    @property
    def kind(self) -> TriggerType:
        """The trigger type, as discovery shows it."""
        return _KIND

    def register(self, binding: Binding) -> None:
        """Takes a binding; one without a topic never fires."""
        topic = read_config(binding, _Config).topic
        if topic:
            self._targets.add(topic, Target(binding))
        else:
            _log.warning("trigger %s of type subscribe names no topic: it never fires", binding.id)

    def unregister(self, binding: Binding) -> None:
        """Forgets a binding; the others of its topic stay."""
        self._targets.remove(binding.id)

    def builtins(self) -> list[Builtin]:
        """The function that publishes."""
        return [Builtin("publish", self._publish, "Publish to the subscribers of a topic", _WORKER)]

    def close(self) -> None:
        """Forgets what is under way."""
        self._firing.close()

    def _publish(self, call: BuiltinCall) -> None:
        asked = call.read(PublishRequest).checked()
        # Neither condition nor metadata (wire.md 6.1, 6.2)
        self._firing.each(self._targets.at(asked.topic), asked.data, metadata=False)
