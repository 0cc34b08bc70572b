"""What is needed of a connection: whole text messages, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

__all__ = ["OnClosed", "OnMessage", "PushTransport", "Transport", "TransportClosed"]


class TransportClosed(Exception):
    """The connection is over. `code` and `reason` are the WebSocket's; 1006 when it ended without a close frame."""

    def __init__(self, code: int = 1006, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"the connection is closed [{code}]" + (f": {reason}" if reason else ""))


OnMessage = Callable[[str], None]
"""Takes one text message, as soon as it has been read."""

OnClosed = Callable[[TransportClosed], None]
"""Told once of the end, after everything that was read before it."""


class Transport(Protocol):
    """One connection that is asked for messages: one text message per call, in order, whole or not at all."""

    async def send(self, data: bytes) -> None:
        """Sends one text message, given as UTF-8; returns once it is handed to the socket.

        Raises TransportClosed.
        """
        ...

    async def recv(self) -> str:
        """The next text message. Raises TransportClosed once the peer is gone and everything is read."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection; closing a closed one does nothing."""
        ...


class PushTransport(Protocol):
    """One connection that hands over messages as they are read, without a task or a queue in between."""

    def start(self, on_message: OnMessage, on_closed: OnClosed) -> None:
        """From now on messages go to `on_message`, those read already first, and the end to `on_closed`."""
        ...

    @property
    def congested(self) -> bool:
        """Whether so much waits to be taken by the peer that nothing should be written until `drain` returns."""
        ...

    def write(self, messages: Sequence[bytes]) -> None:
        """Hands text messages, given as UTF-8, to the socket, in order.

        Raises TransportClosed when the connection is over: nothing got out then.
        """
        ...

    async def drain(self) -> None:
        """Returns once there is room again, or the connection is over."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection; closing a closed one does nothing."""
        ...
