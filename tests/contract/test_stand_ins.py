"""The Python stand-ins answer as the workers do whose place they take."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar, cast

import pytest

from example_contracts.examples.inventory.v1 import InventoryClient, ReserveRequest
from example_contracts.examples.pricing.v1 import PricingClient, QuoteRequest
from iii_bridge import Context, StatusError
from shop.stand_ins import InventoryStandIn, PricingStandIn
from tests.contract.bus import Bus

T = TypeVar("T")
QUANTITIES = (1, 9, 10, 99, 100, 149, 151, 5000, 0, -1, 2**62, 2**63 - 1)
SKUS = ("bolt-000", "cable-002", "no-such")
NO_CONTEXT = cast("Context", None)


async def outcome(call: Awaitable[T]) -> T | tuple[str, str]:
    """The answer, or the status and its text."""
    try:
        return await call
    except StatusError as error:
        return error.status.name, error.message


@pytest.mark.parametrize("sku", SKUS)
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_pricing(bus: Bus, sku: str, quantity: int) -> None:
    request = QuoteRequest(order_id=f"p-{sku}-{quantity}", sku=sku, quantity=quantity)
    stand_in = bus.run(outcome(PricingStandIn().quote(request, NO_CONTEXT)))
    assert bus.run(outcome(PricingClient(bus.bridge).quote(request))) == stand_in


@pytest.mark.parametrize("sku", SKUS)
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_inventory(bus: Bus, sku: str, quantity: int) -> None:
    request = ReserveRequest(order_id=f"i-{sku}-{quantity}", sku=sku, quantity=quantity)
    stand_in = bus.run(outcome(InventoryStandIn().reserve(request, NO_CONTEXT)))
    assert bus.run(outcome(InventoryClient(bus.bridge).reserve(request))) == stand_in
