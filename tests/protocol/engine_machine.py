"""An engine machine on the table: ids that can be told, and the effects sorted by where they go."""

from __future__ import annotations

import itertools
import json
from typing import Any

from msgspec import Raw

from iii_bridge.protocol.engine import EngineProtocol
from iii_bridge.protocol.engine_effects import CallBuiltin, Effect, Resolve, Send
from iii_bridge.wire.codec import decode_message, encode_message

REFUSED = {"cron": "trigger type 'cron' is not carried"}


class Machine:
    """Feeds JSON to the machine and keeps what it sends as JSON, by connection."""

    def __init__(self, grace: float = 5.0) -> None:
        numbers = itertools.count(1)
        self.protocol = EngineProtocol(
            lambda: f"{next(numbers):08x}-0000-4000-8000-000000000000", namespace_grace=grace, not_carried=REFUSED
        )
        self.sent: dict[str, list[Any]] = {}
        self.other: list[Effect] = []

    def apply(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                frame = json.loads(encode_message(effect.message))
                self.sent.setdefault(effect.connection, []).append(frame)
            else:
                self.other.append(effect)

    def connect(self, now: float = 0.0) -> str:
        """A connection that has not registered."""
        connection, effects = self.protocol.connect(now)
        self.apply(effects)
        return connection

    def join(self, namespace: str | None = None, name: str | None = None, **details: Any) -> str:
        """A registered worker, with nothing left to read."""
        connection = self.connect()
        data = {"namespace": namespace, "name": name, **details}
        self.frame(connection, type="invokefunction", function_id="engine::workers::register", data=data)
        self.take(connection)
        return connection

    def frame(self, connection: str, **members: Any) -> None:
        self.text(connection, json.dumps(members))

    def text(self, connection: str, frame: str) -> None:
        self.apply(self.protocol.receive(connection, decode_message(frame)))

    def call(self, connection: str, function_id: str, data: Any = None, invocation_id: str = "", **more: Any) -> str:
        """A synchronous call under a UUID."""
        chosen = invocation_id or f"{len(function_id):08x}-1111-4000-8000-{connection[:12].replace('-', '0')}"
        self.frame(connection, type="invokefunction", invocation_id=chosen, function_id=function_id, data=data, **more)
        return chosen

    def take(self, connection: str) -> list[Any]:
        """What was sent to a connection since last asked."""
        return self.sent.pop(connection, [])

    def only(self, connection: str) -> Any:
        """The one frame that was sent to a connection."""
        frames = self.take(connection)
        assert len(frames) == 1, frames
        return frames[0]

    def effects(self, kind: type[Any]) -> list[Any]:
        """The other effects of one kind, taken out."""
        found = [effect for effect in self.other if isinstance(effect, kind)]
        self.other = [effect for effect in self.other if not isinstance(effect, kind)]
        return found

    def builtin(self) -> CallBuiltin:
        """The one built-in call that was asked for."""
        (call,) = self.effects(CallBuiltin)
        assert isinstance(call, CallBuiltin)
        return call

    def resolved(self) -> Resolve:
        """The one answer to a call from inside."""
        (answer,) = self.effects(Resolve)
        assert isinstance(answer, Resolve)
        return answer


def text_of(value: Raw | None) -> Any:
    """Decodes an undecoded payload."""
    return None if value is None else json.loads(bytes(value))
