"""The shop's catalogue, shared with the TypeScript and the Rust worker through examples/data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DATA", "Item", "load_catalogue"]

DATA = Path(__file__).resolve().parents[2] / "data"


@dataclass(frozen=True, slots=True)
class Item:
    """One sku: its price in cents, where it is stored, how much of it one line may reserve and a parcel holds."""

    sku: str
    unit_cents: int
    warehouse: str
    line_limit: int
    per_parcel: int


def load_catalogue() -> dict[str, Item]:
    """Every item by sku."""
    rows = json.loads((DATA / "catalogue.json").read_text(encoding="utf-8"))
    return {row["sku"]: Item(**row) for row in rows}
