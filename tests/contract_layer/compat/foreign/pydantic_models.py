"""The models of an order as a Pydantic worker has them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Currency(StrEnum):
    EUR = "EUR"
    USD = "USD"


class Money(BaseModel):
    currency: Currency
    units: int


class Card(BaseModel):
    kind: Literal["card"]
    number: str = Field(pattern="^[0-9]{12,19}$")


class Cash(BaseModel):
    kind: Literal["cash"]


class Line(BaseModel):
    sku: str = Field(min_length=1, max_length=40)
    quantity: Annotated[int, Field(gt=0, le=1000)]
    parts: list[Line] = []


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    lines: list[Line] = Field(min_length=1)
    total: Money
    note: str | None = None
    attributes: dict[str, str] = {}
    weight: float = 0.0
    placed: datetime
    payment: Annotated[Card | Cash, Field(discriminator="kind")]
