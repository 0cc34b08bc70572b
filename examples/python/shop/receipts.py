"""receipts: writes what the queue delivers, once per order."""

from __future__ import annotations

import datetime
from collections import Counter

from example_contracts.examples.receipts.v1 import ReceiptsService, SumRequest, SumResponse, WriteRequest
from iii_bridge import Context
from iii_bridge.abi.v1 import Empty
from shop.timing import Timings

__all__ = ["Receipts"]


class Receipts(ReceiptsService):
    """Keeps receipts in memory; a queue delivers at least once, so an order id seen before is only counted."""

    def __init__(self) -> None:
        self._written: dict[str, WriteRequest] = {}
        self._cents: Counter[str] = Counter()
        self._repeated = 0
        self._waits = Timings()

    async def write(self, request: WriteRequest, context: Context, /) -> Empty:
        """Writes the receipt unless its order has one."""
        if request.order_id in self._written:
            self._repeated += 1
            return Empty()
        if request.queued_at is not None:
            waited = datetime.datetime.now(datetime.UTC) - request.queued_at
            self._waits.values.append(waited.total_seconds() * 1000)
        self._written[request.order_id] = request
        self._cents[request.customer] += request.total_cents
        return Empty()

    async def sum(self, request: SumRequest, context: Context, /) -> SumResponse:
        """Everything written so far."""
        p50, p95 = self._waits.p50_p95()
        return SumResponse(
            receipts=len(self._written),
            total_cents=self._cents.total(),
            cents_by_customer=dict(self._cents),
            repeated=self._repeated,
            p50_ms=p50,
            p95_ms=p95,
        )
