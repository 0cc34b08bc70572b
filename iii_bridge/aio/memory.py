"""A linked pair of in-memory transports, with faults on request, for tests and for services without a socket."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from iii_bridge.aio.transport import TransportClosed

__all__ = ["Faults", "MemoryTransport", "memory_pair"]


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong on the way out of one end. Counted in messages, from 1."""

    drop_at: int | None = None
    """The connection breaks instead of carrying the n-th message."""
    break_after: int | None = None
    """The n-th message is carried, then the connection breaks."""
    delay: float = 0.0
    """Every message arrives that many seconds later, in order."""
    truncate_at: int | None = None
    """Only the first half of the n-th message arrives."""


class MemoryTransport:
    """One end of a pair made by `memory_pair`."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._peer: MemoryTransport | None = None
        self._inbox: deque[str] = deque()
        self._arrived = asyncio.Event()
        self._closed: TransportClosed | None = None
        self._pending: deque[asyncio.TimerHandle] = deque()
        self.sent = 0
        """Messages sent from this end so far."""

    def link(self, peer: MemoryTransport) -> None:
        """Makes `peer` the other end."""
        self._peer = peer

    @property
    def closed(self) -> bool:
        """Whether this end is closed, by whichever side."""
        return self._closed is not None

    async def send(self, data: bytes) -> None:
        """As `Transport.send`, subject to the faults of this end."""
        if self._closed is not None:
            raise self._closed
        self.sent += 1
        faults = self._faults
        if faults.drop_at == self.sent:
            self.break_connection()
            raise TransportClosed()
        text = data.decode()
        if faults.truncate_at == self.sent:
            text = text[: len(text) // 2]
        self._deliver(text)
        if faults.break_after == self.sent:
            self.break_connection()

    async def send_all(self, messages: Sequence[bytes]) -> None:
        """As `BatchTransport.send_all`."""
        for message in messages:
            await self.send(message)

    async def recv(self) -> str:
        """As `Transport.recv`."""
        while not self._inbox:
            if self._closed is not None:
                raise self._closed
            self._arrived.clear()
            await self._arrived.wait()
        return self._inbox.popleft()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """As `Transport.close`; the peer reads what was sent before, then the end."""
        self._end(TransportClosed(code, reason))

    def break_connection(self) -> None:
        """Both ends fail at once, as when the network goes away; messages under way are lost."""
        for end in (self, self._peer):
            if end is not None:
                while end._pending:
                    end._pending.popleft().cancel()
        self._end(TransportClosed())

    def _deliver(self, text: str) -> None:
        peer = self._peer
        if peer is None:
            raise TransportClosed()
        if not self._faults.delay:
            peer._receive(text)
            return

        def arrive() -> None:
            self._pending.popleft()
            peer._receive(text)

        self._pending.append(asyncio.get_running_loop().call_later(self._faults.delay, arrive))

    def _receive(self, text: str) -> None:
        if self._closed is None:
            self._inbox.append(text)
            self._arrived.set()

    def _end(self, closed: TransportClosed) -> None:
        for end in (self, self._peer):
            if end is not None and end._closed is None:
                end._closed = closed
                end._arrived.set()


def memory_pair(faults: Faults = Faults(), peer_faults: Faults = Faults()) -> tuple[MemoryTransport, MemoryTransport]:
    """Two linked ends; `faults` act on what the first sends, `peer_faults` on what the second sends."""
    first, second = MemoryTransport(faults), MemoryTransport(peer_faults)
    first.link(second)
    second.link(first)
    return first, second
