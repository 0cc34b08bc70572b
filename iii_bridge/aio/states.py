"""Where a connection stands, and who wants to know."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from iii_bridge.types import ConnectionState

__all__ = ["ConnectionStates", "StateListener"]

_log: Final = logging.getLogger("iii_bridge.session")

StateListener = Callable[[ConnectionState], None]
"""Told of each new state, on the event loop; must not block."""


class ConnectionStates:
    """The present state of one session and its listeners."""

    def __init__(self) -> None:
        self._current = ConnectionState.DISCONNECTED
        self._listeners: list[StateListener] = []

    @property
    def current(self) -> ConnectionState:
        """The present state."""
        return self._current

    def listen(self, listener: StateListener) -> Callable[[], None]:
        """Tells `listener` the present state at once and each new one; the result takes it off again."""
        self._listeners.append(listener)
        self._tell(listener)

        def forget() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return forget

    def change(self, state: ConnectionState) -> None:
        """Enters a state. The last ones stay: after CLOSED and FAILED nothing changes any more."""
        if state is self._current or self._current in (ConnectionState.CLOSED, ConnectionState.FAILED):
            return
        self._current = state
        for listener in tuple(self._listeners):
            self._tell(listener)

    def _tell(self, listener: StateListener) -> None:
        try:
            listener(self._current)
        except Exception:
            _log.exception("a listener failed on %s", self._current.value)
