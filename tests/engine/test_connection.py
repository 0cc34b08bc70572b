"""One connection's way out: order, room, the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from iii_bridge.aio.transport import TransportClosed
from iii_bridge.engine.connection import BACKLOG_LIMIT, Connection
from tests.engine.support import asynchronous


class Slow:
    """A transport whose sends wait for permission."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.allowed = asyncio.Semaphore(0)
        self.closed: tuple[int, str] | None = None
        self.broken = False

    async def send(self, data: bytes) -> None:
        await self.allowed.acquire()
        if self.broken:
            raise TransportClosed
        self.sent.append(data)

    async def recv(self) -> str:
        raise TransportClosed

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed = (code, reason)


@asynchronous
async def test_frames_leave_in_order_and_then_the_close() -> None:
    transport = Slow()
    connection = Connection(transport)
    writer = asyncio.create_task(connection.write())
    for number in range(5):
        connection.push(b"%d" % number)
        transport.allowed.release()
    connection.finish(1012, "bye")
    connection.push(b"too late")
    await writer
    assert transport.sent == [b"0", b"1", b"2", b"3", b"4"]
    assert transport.closed == (1012, "bye")


@asynchronous
async def test_a_caller_with_too_many_calls_waiting_waits() -> None:
    transport = Slow()
    connection = Connection(transport)
    writer = asyncio.create_task(connection.write())
    await connection.room("a")
    for number in range(BACKLOG_LIMIT + 2):
        connection.push(b"%d" % number, "a")
    connection.push(b"other", "b")
    assert connection.congested("a")
    await connection.room("b")  # somebody else's flood is not theirs to wait for
    waiting = asyncio.create_task(connection.room("a"))
    await asyncio.sleep(0)
    assert not waiting.done()
    for _ in range(2):
        transport.allowed.release()
    async with asyncio.timeout(5):
        await waiting
    assert not connection.congested("a")
    writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writer


@asynchronous
async def test_answers_wait_without_holding_up_anybody() -> None:
    transport = Slow()
    connection = Connection(transport)
    for _ in range(BACKLOG_LIMIT * 2):
        connection.push(b"answer")
    await connection.room("a")
    writer = asyncio.create_task(connection.write())
    for _ in range(BACKLOG_LIMIT * 2):
        transport.allowed.release()
    connection.finish(1012, "")
    await writer
    assert len(transport.sent) == BACKLOG_LIMIT * 2


@asynchronous
async def test_a_broken_transport_frees_whoever_waits() -> None:
    transport = Slow()
    connection = Connection(transport)
    writer = asyncio.create_task(connection.write())
    for _ in range(BACKLOG_LIMIT + 2):
        connection.push(b"x", "a")
    waiting = asyncio.create_task(connection.room("a"))
    await asyncio.sleep(0)
    transport.broken = True
    transport.allowed.release()
    async with asyncio.timeout(5):
        await waiting
        await writer
    connection.push(b"y", "a")
    assert not connection.congested("a")


@asynchronous
async def test_a_peer_that_does_not_read_is_closed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.engine.connection.FLUSH_SECONDS", 0.01)
    transport = Slow()
    connection = Connection(transport)
    writer = asyncio.create_task(connection.write())
    connection.push(b"never taken")
    await asyncio.sleep(0)
    connection.finish(1012, "bye")
    await asyncio.wait_for(writer, 5)
    assert transport.sent == []
    assert transport.closed == (1012, "bye")


class Batching(Slow):
    """Takes many at once."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    async def send_all(self, frames: Sequence[bytes]) -> None:
        self.batches.append(len(frames))
        for frame in frames:
            await self.send(frame)


@asynchronous
async def test_small_frames_leave_together_and_large_ones_alone() -> None:
    transport = Batching()
    connection = Connection(transport)
    frames = [b"%d" % number for number in range(100)] + [b"x" * 70_000, b"y" * 70_000, b"z"]
    for frame in frames:
        connection.push(frame)
        transport.allowed.release()
    connection.finish(1012, "")
    await connection.write()
    assert transport.sent == frames
    assert transport.batches == [101, 1, 1]
