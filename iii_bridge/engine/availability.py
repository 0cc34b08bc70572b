"""Trigger types `engine::workers-available` and `engine::functions-available` (wire.md 7.9)."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any, Final

from msgspec import Raw

from iii_bridge.engine.builtins import ENGINE_WORKER
from iii_bridge.engine.discovery import Discovery
from iii_bridge.engine.hub import Hub
from iii_bridge.errors import InvocationError
from iii_bridge.protocol.engine_state import Binding, TriggerType
from iii_bridge.wire.codec import raw
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["FunctionsAvailable", "WorkersAvailable"]

_POLL_SECONDS: Final = 5.0
_log = logging.getLogger("iii_bridge.engine")


class _Announcer:
    """Holds the bindings of one type and calls all their functions; the config is ignored."""

    def __init__(self, hub: Hub, type_id: str, description: str) -> None:
        self._hub = hub
        self._bindings: dict[str, Binding] = {}
        self._kind = TriggerType(DEFAULT_NAMESPACE, type_id, description, None, ENGINE_WORKER)

    @property
    def kind(self) -> TriggerType:
        """The trigger type, as discovery shows it."""
        return self._kind

    def register(self, binding: Binding) -> None:
        """Takes any binding."""
        self._bindings[binding.id] = binding

    def unregister(self, binding: Binding) -> None:
        """Forgets a binding."""
        self._bindings.pop(binding.id, None)

    def announce(self, payload: Raw) -> None:
        """Calls every bound function, and logs the ones that fail."""
        for binding in list(self._bindings.values()):
            call = self._hub.call(binding.function_id, payload, namespace=binding.namespace, metadata=binding.metadata)
            call.add_done_callback(partial(_log_failure, binding.function_id))


class WorkersAvailable(_Announcer):
    """Fires when a worker connects, registers or goes."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub, "engine::workers-available", "A worker connected, registered or disconnected")
        hub.on_worker_changed.append(self._changed)

    def _changed(self, event: str, worker_id: str) -> None:
        if self._bindings:
            # after the frames of this moment are out: the event may concern the very worker that is told
            payload = raw({"event": event, "worker_id": worker_id})
            asyncio.get_running_loop().call_soon(self.announce, payload)


class FunctionsAvailable(_Announcer):
    """Fires when the set of function ids has changed since the last look, every `poll` seconds.

    Looks only while somebody is bound; `close` stops it.
    """

    def __init__(self, hub: Hub, discovery: Discovery, poll: float = _POLL_SECONDS) -> None:
        super().__init__(hub, "engine::functions-available", "The set of functions changed")
        self._discovery = discovery
        self._poll = poll
        self._seen: frozenset[tuple[str, str]] = frozenset()
        self._timer: asyncio.TimerHandle | None = None

    def register(self, binding: Binding) -> None:
        """Takes any binding; the first one begins the watch."""
        super().register(binding)
        if self._timer is None:
            self._seen = self._hub.protocol.catalogue.ids()
            self._next()

    def close(self) -> None:
        """Ends the watch."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _next(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._poll, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._bindings:
            return
        ids = self._hub.protocol.catalogue.ids()
        if ids != self._seen:
            self._seen = ids
            self.announce(raw({"event": "functions_changed", "functions": self._discovery.functions()}))
        self._next()


def _log_failure(function_id: str, done: asyncio.Future[Any]) -> None:
    if not done.cancelled() and done.exception() is not None:
        error = done.exception()
        code = error.code if isinstance(error, InvocationError) else type(error).__name__
        _log.warning("availability trigger for %s failed: %s", function_id, code)
