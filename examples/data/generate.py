"""Writes catalogue.json and orders.csv, the same bytes every time.

Most lines are plain; a few name a sku that has no price, and a few ask for more than one line may reserve.
"""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED = 20261
SKUS = 120
LINES = 3000
CUSTOMERS = 200
KINDS = ("bolt", "bracket", "cable", "clamp", "hinge", "hose", "lamp", "nut", "plate", "screw", "valve", "washer")


def catalogue(rng: random.Random) -> list[dict[str, object]]:
    """One row per sku: its price, where it is stored, and how much of it fits a line and a parcel."""
    return [
        {
            "sku": f"{KINDS[number % len(KINDS)]}-{number:03}",
            "unit_cents": rng.randint(5, 250_000),
            "warehouse": rng.choice(("WAREHOUSE_NORTH", "WAREHOUSE_SOUTH")),
            "line_limit": rng.choice((150, 250, 400)),
            "per_parcel": rng.choice((1, 6, 12, 50)),
        }
        for number in range(SKUS)
    ]


def quantity(rng: random.Random) -> int:
    """Small mostly, with some that reach the discounts, and a few above every limit."""
    kind = rng.random()
    if kind < 0.70:
        return rng.randint(1, 9)
    if kind < 0.90:
        return rng.randint(10, 99)
    if kind < 0.985:
        return rng.randint(100, 400)
    return rng.randint(401, 5000)


def orders(rng: random.Random, skus: list[str]) -> list[list[object]]:
    """The order lines; one in about a hundred names a sku of last year's catalogue."""
    lines: list[list[object]] = []
    for number in range(1, LINES + 1):
        sku = rng.choice(skus) if rng.random() > 0.01 else f"old-{rng.randint(1, 40):03}"
        lines.append([f"o-{number:05}", f"customer-{rng.randint(1, CUSTOMERS):03}", sku, quantity(rng)])
    return lines


def main() -> None:
    """Writes both files beside this one."""
    rng = random.Random(SEED)
    items = catalogue(rng)
    rows = ",\n".join(json.dumps(item) for item in items)
    (HERE / "catalogue.json").write_text(f"[\n{rows}\n]\n")
    with (HERE / "orders.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("order_id", "customer", "sku", "quantity"))
        writer.writerows(orders(rng, [str(item["sku"]) for item in items]))


if __name__ == "__main__":
    main()
