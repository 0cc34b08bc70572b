"""orders: takes order lines and carries each through pricing, inventory and the receipts queue."""

from __future__ import annotations

import datetime

from example_contracts.examples.inventory.v1 import InventoryClient, ReserveRequest
from example_contracts.examples.orders.v1 import (
    GetRequest,
    Hop,
    MeasureRequest,
    MeasureResponse,
    OrdersService,
    PlaceRequest,
    PlaceResponse,
)
from example_contracts.examples.pricing.v1 import PricingClient, QuoteRequest
from example_contracts.examples.receipts.v1 import ReceiptsClient, WriteRequest
from iii_bridge import Context, StatusCode, StatusError
from shop.timing import Timings

__all__ = ["Orders"]


class Orders(OrdersService):
    """Places each order line once; a status from pricing or inventory passes through to whoever placed it."""

    def __init__(self, pricing: PricingClient, inventory: InventoryClient, receipts: ReceiptsClient) -> None:
        self._pricing = pricing
        self._inventory = inventory
        self._receipts = receipts
        self._placed: dict[str, PlaceResponse] = {}
        self._timings = {name: Timings() for name in ("pricing::quote", "inventory::reserve", "receipts::write")}

    async def place(self, request: PlaceRequest, context: Context, /) -> PlaceResponse:
        """The same order id gets the same answer again."""
        known = self._placed.get(request.order_id)
        if known is not None:
            return known
        order_id, sku, quantity = request.order_id, request.sku, request.quantity
        quotation = await self._timings["pricing::quote"].measure(
            self._pricing.quote(QuoteRequest(order_id=order_id, sku=sku, quantity=quantity))
        )
        reservation = await self._timings["inventory::reserve"].measure(
            self._inventory.reserve(ReserveRequest(order_id=order_id, sku=sku, quantity=quantity))
        )
        receipt = WriteRequest(
            order_id=order_id,
            customer=request.customer,
            total_cents=quotation.total_cents,
            queued_at=datetime.datetime.now(datetime.UTC),
        )
        await self._timings["receipts::write"].measure(self._receipts.write.enqueue(receipt))
        response = PlaceResponse(
            order_id=order_id, total_cents=quotation.total_cents, reservation_id=reservation.reservation_id
        )
        self._placed[order_id] = response
        return response

    async def get(self, request: GetRequest, context: Context, /) -> PlaceResponse:
        """NOT_FOUND for a line that was never placed."""
        known = self._placed.get(request.order_id)
        if known is None:
            raise StatusError(StatusCode.NOT_FOUND, f"no order {request.order_id}: place it first")
        return known

    async def measure(self, request: MeasureRequest, context: Context, /) -> MeasureResponse:
        """One row per function called from here."""
        hops: list[Hop] = []
        for function_id, timings in self._timings.items():
            p50, p95 = timings.p50_p95()
            hops.append(Hop(function_id=function_id, calls=len(timings.values), p50_ms=p50, p95_ms=p95))
        return MeasureResponse(hops=hops)
