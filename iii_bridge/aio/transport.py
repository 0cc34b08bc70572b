"""What a session needs of a connection: whole text messages, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["BatchTransport", "Transport", "TransportClosed"]


class TransportClosed(Exception):
    """The connection is over. `code` and `reason` are the WebSocket's; 1006 when it ended without a close frame."""

    def __init__(self, code: int = 1006, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"the connection is closed [{code}]" + (f": {reason}" if reason else ""))


class Transport(Protocol):
    """One connection, carrying one text message per call, in order, whole or not at all."""

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


class BatchTransport(Transport, Protocol):
    """A transport that writes several messages at once: one system call instead of many."""

    async def send_all(self, messages: Sequence[bytes]) -> None:
        """As `send` for each of them, in order. Raises TransportClosed; how many got out is unknown then."""
        ...
