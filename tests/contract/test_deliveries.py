"""Foreign workers also take what a queue delivers, and what nobody waits for."""

from __future__ import annotations

import asyncio

from example_contracts.examples.inventory.v1 import CountRequest as InventoryCountRequest
from example_contracts.examples.inventory.v1 import InventoryClient, ReserveRequest
from example_contracts.examples.pricing.v1 import CountRequest as PricingCountRequest
from example_contracts.examples.pricing.v1 import PricingClient, QuoteRequest
from tests.contract.bus import Bus


async def counts(bus: Bus) -> tuple[int, int]:
    """Order lines quoted by TypeScript and reserved by Rust so far."""
    quoted = await PricingClient(bus.bridge).count(PricingCountRequest())
    reserved = await InventoryClient(bus.bridge).count(InventoryCountRequest())
    return quoted.quoted, reserved.reserved


async def grown(bus: Bus, before: tuple[int, int], by: int) -> None:
    """Asks until both have grown: neither a queue nor a void call says when it has been delivered."""
    async with asyncio.timeout(15):
        while await counts(bus) != (before[0] + by, before[1] + by):  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)


def test_a_queue_delivers_to_typescript_and_rust(bus: Bus) -> None:
    async def deliver() -> None:
        before = await counts(bus)
        quote, reserve = PricingClient(bus.bridge).quote, InventoryClient(bus.bridge).reserve
        for number in range(5):
            receipt = await quote.enqueue(QuoteRequest(order_id=f"q-{number}", sku="bolt-000", quantity=1))
            assert receipt.message_receipt_id
            await reserve.enqueue(ReserveRequest(order_id=f"q-{number}", sku="bolt-000", quantity=1))
        await grown(bus, before, 5)

    bus.run(deliver())


def test_fire_and_forget_reaches_typescript_and_rust(bus: Bus) -> None:
    async def fire() -> None:
        before = await counts(bus)
        await PricingClient(bus.bridge).quote.void(QuoteRequest(order_id="v-1", sku="bolt-000", quantity=1))
        await InventoryClient(bus.bridge).reserve.void(ReserveRequest(order_id="v-1", sku="bolt-000", quantity=1))
        await grown(bus, before, 1)

    bus.run(fire())
