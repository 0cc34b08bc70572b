"""Python stand-ins for the TypeScript and the Rust worker, for machines without node or cargo."""

from __future__ import annotations

from collections import Counter

from example_contracts.examples.inventory.v1 import CountRequest as InventoryCountRequest
from example_contracts.examples.inventory.v1 import CountResponse as InventoryCountResponse
from example_contracts.examples.inventory.v1 import InventoryService, Reservation, ReserveRequest, Warehouse
from example_contracts.examples.pricing.v1 import (
    CountRequest,
    CountResponse,
    PricingService,
    Quotation,
    QuoteRequest,
    Tier,
)
from iii_bridge import Context, StatusCode, StatusError
from shop.catalogue import load_catalogue

__all__ = ["InventoryStandIn", "PricingStandIn"]


class PricingStandIn(PricingService):
    """What examples/typescript/src/pricing.ts does."""

    def __init__(self) -> None:
        self._catalogue = load_catalogue()
        self._quoted: set[str] = set()
        self._refused: set[str] = set()

    async def quote(self, request: QuoteRequest, context: Context, /) -> Quotation:
        """NOT_FOUND for a sku that is not in the catalogue."""
        item = self._catalogue.get(request.sku)
        if item is None:
            problem = f"no price for sku {request.sku}: it is not in the catalogue"
            raise self._refuse(request, StatusCode.NOT_FOUND, problem)
        if request.quantity <= 0:
            raise self._refuse(request, StatusCode.INVALID_ARGUMENT, "the quantity must be positive")
        tier, percent = _tier(request.quantity)
        total = (item.unit_cents * request.quantity * (100 - percent) + 50) // 100
        if total >= 2**63:
            raise self._refuse(request, StatusCode.OUT_OF_RANGE, "the total has more cents than fit: split the order")
        self._quoted.add(request.order_id)
        return Quotation(
            sku=request.sku,
            unit_cents=item.unit_cents,
            total_cents=total,
            tier=tier,
            discount_percent=percent,
        )

    def _refuse(self, request: QuoteRequest, code: StatusCode, problem: str) -> StatusError:
        self._refused.add(request.order_id)
        return StatusError(code, problem)

    async def count(self, request: CountRequest, context: Context, /) -> CountResponse:
        """Different order lines quoted and refused."""
        return CountResponse(quoted=len(self._quoted), refused=len(self._refused))


def _tier(quantity: int) -> tuple[Tier, int]:
    if quantity >= 100:
        return Tier.TIER_BULK, 12
    if quantity >= 10:
        return Tier.TIER_DOZEN, 5
    return Tier.TIER_LIST, 0


class InventoryStandIn(InventoryService):
    """What examples/rust/src/inventory.rs does."""

    def __init__(self) -> None:
        self._catalogue = load_catalogue()
        self._reserved: dict[str, Reservation] = {}
        self._refused: set[str] = set()
        self._pieces: Counter[str] = Counter()

    async def reserve(self, request: ReserveRequest, context: Context, /) -> Reservation:
        """FAILED_PRECONDITION above the limit of a line."""
        known = self._reserved.get(request.order_id)
        if known is not None:
            return known
        item = self._catalogue.get(request.sku)
        if item is None:
            raise self._refuse(request, StatusCode.NOT_FOUND, f"no stock of sku {request.sku}")
        if request.quantity <= 0:
            raise self._refuse(request, StatusCode.INVALID_ARGUMENT, "the quantity must be positive")
        if request.quantity > item.line_limit:
            problem = f"a line may reserve at most {item.line_limit} of sku {item.sku}: split the order"
            raise self._refuse(request, StatusCode.FAILED_PRECONDITION, problem)
        reservation = Reservation(
            reservation_id=f"r-{request.order_id}",
            quantity=request.quantity,
            warehouse=Warehouse[item.warehouse],
            parcels=-(-request.quantity // item.per_parcel),
        )
        self._reserved[request.order_id] = reservation
        self._pieces[item.sku] += request.quantity
        return reservation

    def _refuse(self, request: ReserveRequest, code: StatusCode, problem: str) -> StatusError:
        self._refused.add(request.order_id)
        return StatusError(code, problem)

    async def count(self, request: InventoryCountRequest, context: Context, /) -> InventoryCountResponse:
        """Different order lines reserved and refused, and the pieces by sku."""
        return InventoryCountResponse(
            reserved=len(self._reserved), refused=len(self._refused), pieces=dict(self._pieces)
        )
