"""A linked pair of in-memory transports, with faults on request, for tests and for services without a socket."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from iii_bridge.aio.transport import OnClosed, OnMessage, TransportClosed

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
    """One end of a pair made by `memory_pair`: asked for messages, or handing them over once it is started."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._peer: MemoryTransport | None = None
        self._inbox: deque[str] = deque()
        self._arrived = asyncio.Event()
        self._listening: tuple[OnMessage, OnClosed] | None = None
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
        if not self._send(data):
            raise TransportClosed()

    def start(self, on_message: OnMessage, on_closed: OnClosed) -> None:
        """As `PushTransport.start`."""
        self._listening = (on_message, on_closed)
        self._wake()

    @property
    def congested(self) -> bool:
        """As `PushTransport.congested`; memory takes everything."""
        return False

    def write(self, messages: Sequence[bytes]) -> None:
        """As `PushTransport.write`, subject to the faults of this end."""
        if self._closed is not None:
            raise self._closed
        for message in messages:
            if not self._send(message):
                return  # how many got out, only the end of the connection tells

    async def drain(self) -> None:
        """As `PushTransport.drain`."""

    def _send(self, data: bytes) -> bool:
        """False when the connection broke instead of, or before, carrying it."""
        if self._closed is not None:
            return False
        self.sent += 1
        faults = self._faults
        if faults.drop_at == self.sent:
            self.break_connection()
            return False
        text = data.decode()
        if faults.truncate_at == self.sent:
            text = text[: len(text) // 2]
        self._deliver(text)
        if faults.break_after == self.sent:
            self.break_connection()
        return True

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
            self._wake()

    def _end(self, closed: TransportClosed) -> None:
        for end in (self, self._peer):
            if end is not None and end._closed is None:
                end._closed = closed
                end._wake()

    def _wake(self) -> None:
        """Hands over in a turn of its own, as a socket would: nobody is called back while it writes."""
        if self._listening is None:
            self._arrived.set()
        else:
            asyncio.get_running_loop().call_soon(self._hand_over)

    def _hand_over(self) -> None:
        if self._listening is None:
            return
        on_message, on_closed = self._listening
        while self._inbox:
            on_message(self._inbox.popleft())
        if self._closed is not None:
            self._listening = None
            on_closed(self._closed)


def memory_pair(faults: Faults = Faults(), peer_faults: Faults = Faults()) -> tuple[MemoryTransport, MemoryTransport]:
    """Two linked ends; `faults` act on what the first sends, `peer_faults` on what the second sends."""
    first, second = MemoryTransport(faults), MemoryTransport(peer_faults)
    first.link(second)
    second.link(first)
    return first, second
