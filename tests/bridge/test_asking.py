"""Asking for metadata of answers, at the bridge of the caller."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from iii_bridge import StatusCode, StatusError, in_memory
from iii_bridge.bridge.asking import Asked, asked_of, asking
from iii_bridge.protocol.response_metadata import ResponseMetadata
from iii_bridge.status import format_status_line
from tests.aio.fake_engine import FakeEngine
from tests.bridge.contracts import shop
from tests.bridge.support import bridge_in_memory, run_really
from tests.bridge.test_in_memory import BlockingOrders
from tests.virtual_clock import run_virtually

RECEIPT = {"orderId": "o", "total": "4"}


def wrapped(**said: Any) -> dict[str, Any]:
    return {"iii-bridge": {**said, "result": RECEIPT}}


def test_one_call_asks_and_those_beside_it_do_not() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            client = shop.OrdersClient(bridge)
            asked = Asked("orders::place")
            with asking(asked):
                placing = asyncio.create_task(client.place(shop.PlaceRequest(sku="a"), metadata={"who": "me"}))
                getting = asyncio.create_task(client.get(shop.GetRequest(order_id="o")))
            calls = {call["function_id"]: call for call in [await peer.next_call(), await peer.next_call()]}
            assert calls["orders::place"]["metadata"]["iii-bridge"]["response_metadata"] is True
            assert calls["orders::place"]["metadata"]["who"] == "me"
            assert "response_metadata" not in calls["orders::get"]["metadata"]["iii-bridge"]
            await peer.answer(calls["orders::place"], wrapped(headers={"x-a": "1"}, trailers={"x-b": ["2", "3"]}))
            await peer.answer(calls["orders::get"], RECEIPT)
            assert await placing == await getting == shop.Receipt(order_id="o", total=4)
            assert asked.metadata == ResponseMetadata({"x-a": "1"}, {"x-b": ["2", "3"]})
            assert asked_of("orders::place") is None

    run_virtually(main())


def test_the_last_attempt_counts() -> None:
    async def main() -> None:
        async with bridge_in_memory(FakeEngine()) as (bridge, peer):
            asked = Asked("orders::get")
            with asking(asked):
                getting = asyncio.create_task(shop.OrdersClient(bridge).get(shop.GetRequest(order_id="o")))
            first = await peer.next_call()
            not_run = {"@type": "iii_bridge/not_run", "function": "orders::get"}  # which a caller tries again
            line = format_status_line(StatusCode.UNAVAILABLE.name, "no", [not_run], {"trailers": {"x-first": "1"}})
            await peer.answer(first, error={"code": "UNAVAILABLE", "message": "no", "stacktrace": line})
            second = await peer.next_call()
            assert second["metadata"]["iii-bridge"]["attempt"] == 2
            assert asked.metadata == ResponseMetadata()
            await peer.answer(second, wrapped(trailers={"x-second": "2"}))
            assert await getting == shop.Receipt(order_id="o", total=4)
            assert asked.metadata == ResponseMetadata({}, {"x-second": "2"})

    run_virtually(main())


class Telling(BlockingOrders):
    """A blocking service that says more than its answers."""

    def place(self, request: Any, context: Any, /) -> Any:
        context.respond_with(headers={"x-sku": request.sku}, trailers={"x-end": ["1", "2"]})
        return super().place(request, context)

    def get(self, request: Any, context: Any, /) -> Any:
        context.respond_with(trailers={"x-why": "none"})
        return super().get(request, context)


def test_a_blocking_handler_says_it_beside_a_response_and_a_status() -> None:
    async def main() -> None:
        async with in_memory(Telling()) as orders:
            asked = Asked("orders::place")
            with asking(asked):
                receipt = await orders.place(shop.PlaceRequest(sku="tea"))
            assert receipt == await orders.place(shop.PlaceRequest(sku="tea"))
            assert asked.metadata == ResponseMetadata({"x-sku": "tea"}, {"x-end": ["1", "2"]})
            asked = Asked("orders::get")
            with asking(asked), pytest.raises(StatusError) as caught:
                await orders.get(shop.GetRequest(order_id="o"))
            assert caught.value.status is StatusCode.NOT_FOUND
            assert asked.metadata == ResponseMetadata({}, {"x-why": "none"})

    run_really(main())
