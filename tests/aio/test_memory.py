"""The in-memory pair and its faults."""

from __future__ import annotations

import asyncio

import pytest

from iii_bridge.aio.memory import Faults, memory_pair
from iii_bridge.aio.transport import TransportClosed
from tests.virtual_clock import run_virtually


def test_messages_arrive_in_order_both_ways() -> None:
    async def main() -> None:
        left, right = memory_pair()
        left.write([b"1", b"2"])
        await right.send("ü".encode())
        assert [await right.recv(), await right.recv(), await left.recv()] == ["1", "2", "ü"]
        assert left.sent == 2

    run_virtually(main())


def test_what_was_sent_before_a_close_is_read_and_then_the_end() -> None:
    async def main() -> None:
        left, right = memory_pair()
        await left.send(b"last")
        await left.close(1012, "restart")
        await left.close()
        assert await right.recv() == "last"
        with pytest.raises(TransportClosed, match=r"\[1012\]: restart") as caught:
            await right.recv()
        assert (caught.value.code, caught.value.reason) == (1012, "restart")
        assert right.closed
        with pytest.raises(TransportClosed):
            await right.send(b"late")

    run_virtually(main())


def test_a_waiting_reader_wakes_on_a_message_and_on_the_end() -> None:
    async def main() -> None:
        left, right = memory_pair()
        reading = asyncio.create_task(right.recv())
        await asyncio.sleep(1)
        await left.send(b"now")
        assert await reading == "now"
        reading = asyncio.create_task(right.recv())
        await asyncio.sleep(1)
        left.break_connection()
        with pytest.raises(TransportClosed):
            await reading

    run_virtually(main())


def test_a_delay_keeps_the_order_and_a_break_loses_what_is_under_way() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = memory_pair(Faults(delay=2.0))
        left.write([b"1", b"2"])
        assert [await right.recv(), await right.recv()] == ["1", "2"]
        assert loop.time() == pytest.approx(2.0)
        await left.send(b"3")
        left.break_connection()
        with pytest.raises(TransportClosed):
            await right.recv()

    run_virtually(main())


def test_the_nth_message_can_be_dropped_truncated_or_the_last() -> None:
    async def main() -> None:
        left, right = memory_pair(Faults(drop_at=2))
        await left.send(b"1")
        with pytest.raises(TransportClosed):
            await left.send(b"2")
        assert await right.recv() == "1"

        left, right = memory_pair(Faults(truncate_at=1, break_after=2))
        left.write([b'{"type":1}', b"2"])
        assert [await right.recv(), await right.recv()] == ['{"typ', "2"]
        with pytest.raises(TransportClosed):
            await right.recv()

    run_virtually(main())
