"""A hand-written worker on the official Python SDK; its schemas come from Pydantic: `python pydantic_worker.py URL`."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import iii
from pydantic import BaseModel, Field


class Line(BaseModel):
    sku: str = Field(min_length=1, description="What is wanted.")
    quantity: Annotated[int, Field(gt=0, le=1000)]


class Reserve(BaseModel):
    order_id: str
    lines: list[Line] = Field(min_length=1)
    note: str | None = None


class Reservation(BaseModel):
    reservation_id: str
    pieces: int
    state: Literal["HELD", "REFUSED"]


def reserve(data: Reserve) -> Reservation:
    request = Reserve.model_validate(data)
    pieces = sum(line.quantity for line in request.lines)
    return Reservation(reservation_id=f"r-{request.order_id}", pieces=pieces, state="HELD")


def main() -> None:
    options = iii.InitOptions(worker_name="typed-python", otel={"enabled": False}, enable_metrics_reporting=False)
    worker = iii.register_worker(sys.argv[1], options)
    worker.register_function("python::reserve", reserve, description="Reserves pieces.")
    sys.stdin.read()  # until whoever started it goes
    worker.shutdown()


if __name__ == "__main__":
    main()
