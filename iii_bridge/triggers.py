"""Bindings this worker has asked for: kept over reconnects, their refusals reported."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import UNSET

from iii_bridge.aio.session import Session
from iii_bridge.bridge.checks import encode_json
from iii_bridge.contract.spec import BindingSpec
from iii_bridge.errors import LocalProtocolError, RegistrationRejectedError, Side
from iii_bridge.protocol.worker_events import TriggerFailed
from iii_bridge.types import Binding, Json
from iii_bridge.wire import RegisterTrigger

__all__ = ["BoundTrigger", "Trigger", "Triggers"]

_log: Final = logging.getLogger("iii_bridge.triggers")


class Trigger:
    """One binding. Its id is unique and stays the same over reconnects."""

    def __init__(self, triggers: Triggers, frame: RegisterTrigger) -> None:
        self._triggers = triggers
        self._frame = frame
        self._error: RegistrationRejectedError | None = None

    @property
    def id(self) -> str:
        """The trigger's id."""
        return self._frame.id

    @property
    def trigger_type(self) -> str:
        """`http`, `cron`, …"""
        return self._frame.trigger_type

    @property
    def function_id(self) -> str:
        """The function it invokes."""
        return self._frame.function_id

    @property
    def error(self) -> RegistrationRejectedError | None:
        """Why the engine refused the binding, once it has; success is silent (wire.md 3.5)."""
        return self._error

    def unregister(self) -> None:
        """Takes the binding back; doing so twice does nothing."""
        self._triggers.unbind(self)

    def fail(self, error: RegistrationRejectedError) -> None:
        """The engine has refused the binding."""
        self._error = error


@dataclass(eq=False)
class BoundTrigger:
    """A binding of a contract, the function it targets, and its trigger while there is one."""

    spec: BindingSpec
    function_id: str
    trigger: Trigger | None = None

    def as_context(self) -> Binding:
        """What `Context.binding` shows."""
        return Binding(self.spec.trigger_type, self.trigger.id if self.trigger else None, self.spec.metadata)


class Triggers:
    """Every binding of one bridge, by id."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._triggers: dict[str, Trigger] = {}

    def bind(
        self,
        trigger_type: str,
        function_id: str,
        config: Mapping[str, Json],
        *,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
        trigger_namespace: str | None = None,
    ) -> Trigger:
        """Binds a function; `namespace` is the function's, default the connection's (wire.md 3.4).

        Raises LocalProtocolError for an empty name, ContractError for a config
        that is no JSON.
        """
        for name, value in (("trigger_type", trigger_type), ("function_id", function_id)):
            if not value:
                raise LocalProtocolError(f"{name} is empty; name one")
        frame = RegisterTrigger(
            id=str(uuid.uuid4()),
            trigger_type=trigger_type,
            function_id=function_id,
            config=encode_json(dict(config), function_id, Side.CONFIG),
            metadata=encode_json(dict(metadata), function_id, Side.CONFIG) if metadata else UNSET,
            # An absent namespace means `default`, not the connection's (wire.md 13.5).
            namespace=namespace or self._session.protocol.namespace or UNSET,
            trigger_namespace=trigger_namespace or UNSET,
        )
        trigger = self._triggers[frame.id] = Trigger(self, frame)
        self._session.protocol.register_trigger(frame)
        self._session.poke()
        return trigger

    def unbind(self, trigger: Trigger) -> None:
        """Takes a binding back."""
        if self._triggers.pop(trigger.id, None) is not None:
            self._session.protocol.unregister_trigger(trigger.id)
            self._session.poke()

    def note_failure(self, event: TriggerFailed) -> None:
        """The engine has refused a binding."""
        _log.error("%s", event.error)
        trigger = self._triggers.get(event.trigger_id)
        if trigger is not None:
            trigger.fail(event.error)
