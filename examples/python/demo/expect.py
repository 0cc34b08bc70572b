"""What the numbers must be, worked out from the files alone, in another way than the workers do."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from demo.workload import Line
from shop.catalogue import DATA

__all__ = ["Expected", "work_out"]


@dataclass(slots=True)
class Expected:
    """The outcome of the whole file."""

    cents: dict[str, int] = field(default_factory=dict[str, int])
    """By order id, for the lines that are placed."""
    unpriced: set[str] = field(default_factory=set[str])
    """Refused by pricing: the sku is in no catalogue."""
    above_limit: set[str] = field(default_factory=set[str])
    """Refused by inventory: more than one line may reserve."""
    cents_by_customer: Counter[str] = field(default_factory=Counter[str])
    pieces: Counter[str] = field(default_factory=Counter[str])


def work_out(lines: list[Line]) -> Expected:
    """Prices with decimals where the workers use whole cents."""
    items = {row["sku"]: row for row in json.loads((DATA / "catalogue.json").read_text(encoding="utf-8"))}
    expected = Expected()
    for line in lines:
        item = items.get(line.sku)
        if item is None:
            expected.unpriced.add(line.order_id)
        elif line.quantity > item["line_limit"]:
            expected.above_limit.add(line.order_id)
        else:
            cents = _total(Decimal(item["unit_cents"]), line.quantity)
            expected.cents[line.order_id] = cents
            expected.cents_by_customer[line.customer] += cents
            expected.pieces[line.sku] += line.quantity
    return expected


def _total(unit_cents: Decimal, quantity: int) -> int:
    rate = Decimal("0.88") if quantity >= 100 else Decimal("0.95") if quantity >= 10 else Decimal(1)
    return int((unit_cents * quantity * rate).quantize(Decimal(1), rounding=ROUND_HALF_UP))
