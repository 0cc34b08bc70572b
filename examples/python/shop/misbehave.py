"""Functions that answer wrongly on purpose.

The untyped ones stand for a worker that knows no contract: only the caller can
catch it. The typed one has a slip in its own code: the worker catches itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from example_contracts.examples.pricing.v1 import (
    CountRequest,
    CountResponse,
    PricingService,
    Quotation,
    QuoteRequest,
    Tier,
)
from iii_bridge import Context

__all__ = ["ANSWERS", "MODES", "TypedSlip", "answering"]

MODES = ("renamed-field", "wrong-type", "out-of-range", "unknown-enum")

_QUOTATION = {
    "sku": "bolt-000",
    "unitCents": "118003",
    "totalCents": "354009",
    "tier": "TIER_LIST",
    "discountPercent": 0,
}
_RESERVATION = {"reservationId": "r-1", "quantity": "3", "warehouse": "WAREHOUSE_NORTH", "parcels": 3}


def _without(answer: dict[str, Any], member: str, **more: Any) -> dict[str, Any]:
    return {**{name: value for name, value in answer.items() if name != member}, **more}


ANSWERS: dict[str, dict[str, dict[str, Any]]] = {
    "pricing::quote": {
        "renamed-field": _without(_QUOTATION, "totalCents", sumCents="354009"),
        "wrong-type": _QUOTATION | {"totalCents": True},
        "out-of-range": _QUOTATION | {"totalCents": str(2**63)},
        "unknown-enum": _QUOTATION | {"tier": "TIER_GOLD"},
    },
    "inventory::reserve": {
        "renamed-field": _without(_RESERVATION, "parcels", packages=3),
        "wrong-type": _RESERVATION | {"quantity": ["3"]},
        "out-of-range": _RESERVATION | {"parcels": 2**31},
        "unknown-enum": _RESERVATION | {"warehouse": "WAREHOUSE_MOON"},
    },
}
"""What each function answers in each mode."""


class TypedSlip(PricingService):
    """A service on generated stubs whose total does not fit an int64."""

    async def quote(self, request: QuoteRequest, context: Context, /) -> Quotation:
        """Out of range: refused by the worker before it leaves."""
        return Quotation(sku=request.sku, unit_cents=1, total_cents=2**63, tier=Tier.TIER_LIST)

    async def count(self, request: CountRequest, context: Context, /) -> CountResponse:
        """Nothing is ever quoted."""
        return CountResponse()


def answering(answer: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """An untyped handler that always answers `answer`."""

    async def handler(payload: dict[str, Any]) -> dict[str, Any]:
        return answer

    return handler
