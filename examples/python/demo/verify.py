"""Compares what the workers and HTTP said with what the files say."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from demo.expect import Expected
from demo.processes import DemoError
from demo.workload import Line, Placed, look_up
from example_contracts.examples.inventory.v1 import CountRequest as InventoryCountRequest
from example_contracts.examples.inventory.v1 import CountResponse as InventoryCounts
from example_contracts.examples.inventory.v1 import InventoryClient
from example_contracts.examples.orders.v1 import MeasureRequest, MeasureResponse, OrdersClient
from example_contracts.examples.pricing.v1 import CountRequest as PricingCountRequest
from example_contracts.examples.pricing.v1 import CountResponse as PricingCounts
from example_contracts.examples.pricing.v1 import PricingClient
from example_contracts.examples.receipts.v1 import ReceiptsClient, SumRequest, SumResponse
from iii_bridge import Bridge

__all__ = ["Check", "Told", "ask", "checks", "receipts_written"]

SAMPLE = 40
STALLED_AFTER = 20.0


@dataclass(frozen=True, slots=True)
class Check:
    """One number, as expected and as found."""

    what: str
    expected: Any
    found: Any

    @property
    def holds(self) -> bool:
        """Whether they are equal."""
        return bool(self.expected == self.found)


@dataclass(frozen=True, slots=True)
class Told:
    """What every worker said of itself, and what looking orders up again gave."""

    hops: MeasureResponse
    pricing: PricingCounts
    inventory: InventoryCounts
    receipts: SumResponse
    looked_up: dict[str, tuple[int, dict[str, Any]]]


async def receipts_written(bridge: Bridge, expected: int) -> SumResponse:
    """Waits until the queue has delivered; DemoError when the number stops growing short of `expected`."""
    client = ReceiptsClient(bridge)
    seen, since = -1, time.monotonic()
    while True:
        told = await client.sum(SumRequest())
        if told.receipts >= expected:
            return told
        if told.receipts > seen:
            seen, since = told.receipts, time.monotonic()
        elif time.monotonic() - since > STALLED_AFTER:
            raise DemoError(f"{told.receipts} of {expected} receipts are written and no more arrive")
        await asyncio.sleep(0.1)


async def ask(bridge: Bridge, http_url: str, receipts: SumResponse, lines: list[Line]) -> Told:
    """Asks every worker for its numbers, and HTTP for a sample of the orders."""
    step = max(1, len(lines) // SAMPLE)
    hops, pricing, inventory, looked_up = await asyncio.gather(
        OrdersClient(bridge).measure(MeasureRequest()),
        PricingClient(bridge).count(PricingCountRequest()),
        InventoryClient(bridge).count(InventoryCountRequest()),
        look_up(http_url, [line.order_id for line in lines[::step]]),
    )
    return Told(hops, pricing, inventory, receipts, looked_up)


def checks(lines: list[Line], expected: Expected, placed: Placed, told: Told) -> list[Check]:
    """Every number of the run."""
    return [
        *_http(lines, expected, placed, told),
        *_hops(lines, expected, placed.repeated, told),
        *_workers(expected, told),
    ]


def _http(lines: list[Line], expected: Expected, placed: Placed, told: Told) -> list[Check]:
    answers = placed.answers
    ok = {order_id: int(body.get("totalCents", -1)) for order_id, (status, body) in answers.items() if status == 200}
    refused = {order_id: body.get("code") for order_id, (status, body) in answers.items() if 400 <= status < 500}
    again = {order_id: (status, body.get("totalCents")) for order_id, (status, body) in told.looked_up.items()}
    known = {
        order_id: (200, str(expected.cents[order_id])) if order_id in expected.cents else (404, None)
        for order_id in told.looked_up
    }
    return [
        Check("lines answered over HTTP", len(lines), len(answers)),
        Check("orders placed", len(expected.cents), len(ok)),
        Check("cents of every order, recomputed", expected.cents, ok),
        Check(
            "refused NOT_FOUND by pricing",
            expected.unpriced,
            {key for key, code in refused.items() if code == "NOT_FOUND"},
        ),
        Check(
            "refused FAILED_PRECONDITION by inventory",
            expected.above_limit,
            {key for key, code in refused.items() if code == "FAILED_PRECONDITION"},
        ),
        Check(f"orders looked up again ({len(known)})", known, again),
    ]


def _hops(lines: list[Line], expected: Expected, repeated: int, told: Told) -> list[Check]:
    calls = {hop.function_id: hop.calls for hop in told.hops.hops}
    wanted = {
        "pricing::quote": len(lines),
        "inventory::reserve": len(lines) - len(expected.unpriced),
        "receipts::write": len(expected.cents),
    }
    return [
        Check(f"calls of {function_id}", number, _less_repeats(number, calls.get(function_id, 0), repeated))
        for function_id, number in wanted.items()
    ]


def _less_repeats(wanted: int, found: int, repeated: int) -> int:
    """A line placed again over HTTP may have been carried on twice; any other number above `wanted` is wrong."""
    return wanted if wanted <= found <= wanted + repeated else found


def _workers(expected: Expected, told: Told) -> list[Check]:
    return [
        Check("lines quoted by pricing", len(expected.cents) + len(expected.above_limit), told.pricing.quoted),
        Check("lines refused by pricing", len(expected.unpriced), told.pricing.refused),
        Check("lines reserved by inventory", len(expected.cents), told.inventory.reserved),
        Check("lines refused by inventory", len(expected.above_limit), told.inventory.refused),
        Check("pieces reserved, by sku", dict(expected.pieces), dict(told.inventory.pieces)),
        Check("receipts written", len(expected.cents), told.receipts.receipts),
        Check("cents on receipts", sum(expected.cents.values()), told.receipts.total_cents),
        Check("cents by customer", dict(expected.cents_by_customer), dict(told.receipts.cents_by_customer)),
    ]
