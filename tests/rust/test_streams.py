"""Streams into Rust and out of it, by docs/reference/streams.md."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import pytest

from iii_bridge import ContractError, InvocationTimeoutError, Side, StatusCode, StatusError
from tests.contract.bus import Bus
from tests.rust.conftest import Front, Recall


def desk(bus: Bus, stubs: ModuleType) -> Any:
    return stubs.DeskClient(bus.bridge)


async def orders(stubs: ModuleType, count: int, *names: str) -> AsyncIterator[Any]:
    for number in range(count):
        yield stubs.Order(order_id=str(number))
    for name in names:
        yield stubs.Order(order_id=name)


# --- served by Rust ----------------------------------------------------------


def test_rust_answers_with_a_stream(bus: Bus, stubs: ModuleType) -> None:
    async def watch(count: int) -> list[str]:
        key = stubs.Key(order_id=f"count-{count}")
        return [order.order_id async for order in desk(bus, stubs).watch(key)]

    assert bus.run(watch(0)) == []
    assert bus.run(watch(500)) == [str(number) for number in range(500)]


def test_an_error_comes_after_what_was_sent_before_it(bus: Bus, stubs: ModuleType) -> None:
    async def watch(kind: str) -> tuple[int, Exception]:
        count = 0
        with pytest.raises((StatusError, ContractError)) as caught:
            async for _ in desk(bus, stubs).watch(stubs.Key(order_id=f"{kind}-3")):
                count += 1
        return count, caught.value

    count, error = bus.run(watch("fails"))
    assert isinstance(error, StatusError)
    assert (count, error.status, error.message) == (3, StatusCode.ABORTED, "enough")
    count, error = bus.run(watch("wrong"))
    assert isinstance(error, ContractError)
    assert (count, error.side, error.path) == (3, Side.RESPONSE, "$[3].due")


def test_rust_stops_when_its_caller_leaves(bus: Bus, stubs: ModuleType, recall: Recall) -> None:
    async def leave() -> None:
        key = stubs.Key(order_id="count-1000000")
        async with desk(bus, stubs).watch(key) as responses:
            async for order in responses:
                if order.order_id == "10":
                    break
        async with asyncio.timeout(30):
            while True:
                try:
                    seen = await desk(bus, stubs).recall(stubs.Key(order_id="watch"))
                    break
                except StatusError:
                    await asyncio.sleep(0.05)
        assert int(seen.order.order_id) < 100_000, "it waited for its reader"

    bus.run(leave())


def test_rust_takes_a_stream(bus: Bus, stubs: ModuleType) -> None:
    load = desk(bus, stubs).load
    assert bus.run(load(orders(stubs, 0))).attempt == 0
    assert bus.run(load(orders(stubs, 500))).attempt == 500
    assert bus.run(load(orders(stubs, 3, "early", *["x"] * 300))).attempt == 4


def test_rust_takes_and_answers_at_once(bus: Bus, stubs: ModuleType) -> None:
    async def rename() -> list[Any]:
        return [order async for order in desk(bus, stubs).rename(orders(stubs, 100))]

    answered = bus.run(rename())
    assert [order.order_id for order in answered] == [str(number) for number in range(100)]
    assert all(order.urgent for order in answered)


def test_a_stream_has_a_deadline(bus: Bus, stubs: ModuleType) -> None:
    async def endless() -> AsyncIterator[Any]:
        while True:
            yield stubs.Order(order_id="1")
            await asyncio.sleep(0.05)

    with pytest.raises((InvocationTimeoutError, StatusError)):
        bus.run(desk(bus, stubs).load(endless(), timeout=0.5))


def test_without_channels_a_stream_is_refused(bus: Bus) -> None:
    with pytest.raises(ContractError, match="needs the reference to a channel to write") as caught:
        bus.run(bus.bridge.call("desk::watch", {"orderId": "count-1"}))
    assert caught.value.path == '$["iii-bridge"].responses'


# --- called by Rust ----------------------------------------------------------


def relay(bus: Bus, stubs: ModuleType, order_id: str) -> Any:
    return bus.run(desk(bus, stubs).relay(stubs.Order(order_id=order_id)))


def test_rust_reads_responses(bus: Bus, stubs: ModuleType, front: Front) -> None:
    assert relay(bus, stubs, "watch").attempt == 200
    context = bus.run(front.until("watch", "watch"))
    assert dict(context.metadata) == {"tenant": "blue"}


def test_rust_is_told_of_errors_in_their_place(bus: Bus, stubs: ModuleType) -> None:
    with pytest.raises(StatusError, match="enough") as caught:
        relay(bus, stubs, "wrong")
    assert caught.value.status is StatusCode.ABORTED


def test_responses_that_are_dropped_end_the_call(bus: Bus, stubs: ModuleType, front: Front) -> None:
    assert relay(bus, stubs, "drop").attempt == 6
    bus.run(front.until("watched", "drop"))


def test_rust_sends_requests(bus: Bus, stubs: ModuleType) -> None:
    assert relay(bus, stubs, "load").attempt == 1000
    assert relay(bus, stubs, "early").attempt == 4


def test_rust_cancels(bus: Bus, stubs: ModuleType, front: Front) -> None:
    assert relay(bus, stubs, "cancel").method == "relay"
    bus.run(front.until("cancelled", "load"))


def test_rust_sends_and_reads_in_turns(bus: Bus, stubs: ModuleType) -> None:
    seen = relay(bus, stubs, "rename")
    assert (seen.attempt, seen.order.order_id, seen.order.urgent) == (3, "2", True)
