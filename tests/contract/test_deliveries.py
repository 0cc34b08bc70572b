"""Foreign workers also take what a queue delivers, and what nobody waits for."""

from __future__ import annotations

import asyncio

from example_contracts.examples.inventory.v1 import CountRequest as InventoryCountRequest
from example_contracts.examples.inventory.v1 import InventoryClient, ReserveRequest
from example_contracts.examples.pricing.v1 import CountRequest as PricingCountRequest
from example_contracts.examples.pricing.v1 import PricingClient, QuoteRequest

from tests.contract.bus import Bus


async def quoted(bus: Bus) -> int:
    return (await PricingClient(bus.bridge).count(PricingCountRequest())).quoted


async def reserved(bus: Bus) -> int:
    return (await InventoryClient(bus.bridge).count(InventoryCountRequest())).reserved


def test_a_queue_delivers_to_typescript_and_rust(bus: Bus) -> None:
    async def deliver() -> None:
        quotes, reservations = await quoted(bus), await reserved(bus)
        quote, reserve = PricingClient(bus.bridge).quote, InventoryClient(bus.bridge).reserve
        for number in range(5):
            receipt = await quote.enqueue(QuoteRequest(order_id=f"q-{number}", sku="bolt-000", quantity=1))
            assert receipt.message_receipt_id
            await reserve.enqueue(ReserveRequest(order_id=f"q-{number}", sku="bolt-000", quantity=1))
        async with asyncio.timeout(15):
            while (await quoted(bus), await reserved(bus)) != (quotes + 5, reservations + 5):
                await asyncio.sleep(0.01)  # the queue says nothing when it has delivered

    bus.run(deliver())


def test_fire_and_forget_reaches_typescript_and_rust(bus: Bus) -> None:
    async def fire() -> None:
        quotes, reservations = await quoted(bus), await reserved(bus)
        await PricingClient(bus.bridge).quote.void(QuoteRequest(order_id="v-1", sku="bolt-000", quantity=1))
        await InventoryClient(bus.bridge).reserve.void(ReserveRequest(order_id="v-1", sku="bolt-000", quantity=1))
        async with asyncio.timeout(15):
            while (await quoted(bus), await reserved(bus)) != (quotes + 1, reservations + 1):
                await asyncio.sleep(0.01)  # nothing comes back from a void call

    bus.run(fire())
