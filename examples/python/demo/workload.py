"""Places every order line of examples/data over HTTP, a few tens in flight."""

from __future__ import annotations

import asyncio
import csv
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import httpx

from demo.processes import DemoError
from shop.catalogue import DATA

__all__ = ["IN_FLIGHT", "Line", "Placed", "load_lines", "look_up", "place_all"]

IN_FLIGHT = 32
ATTEMPTS = 3
TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Line:
    """One order line as the file has it."""

    order_id: str
    customer: str
    sku: str
    quantity: int


@dataclass(slots=True)
class Placed:
    """What HTTP answered, by order id, and how long each answer took in milliseconds."""

    answers: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict[str, tuple[int, dict[str, Any]]])
    millis: list[float] = field(default_factory=list[float])
    repeated: int = 0
    seconds: float = 0.0


def load_lines() -> list[Line]:
    """The order lines, in the order of the file."""
    with (DATA / "orders.csv").open(newline="", encoding="utf-8") as file:
        return [
            Line(row["order_id"], row["customer"], row["sku"], int(row["quantity"])) for row in csv.DictReader(file)
        ]


async def place_all(http_url: str, lines: list[Line], advance: Callable[[], None]) -> Placed:
    """Places each line once; one that got no answer, or a server's error, is placed again under its id."""
    placed = Placed()
    waiting = iter(lines)
    tls = httpx.create_ssl_context()
    started = time.perf_counter()

    async def place_some() -> None:
        # A client, and so a connection, of its own: a shared pool serves its waiters unevenly.
        async with httpx.AsyncClient(base_url=http_url, timeout=TIMEOUT, verify=tls) as client:
            for line in waiting:
                await _place(client, line, placed)
                advance()

    await asyncio.gather(*(place_some() for _ in range(IN_FLIGHT)))
    placed.seconds = time.perf_counter() - started
    return placed


async def _place(client: httpx.AsyncClient, line: Line, placed: Placed) -> None:
    # 64-bit integers travel as strings, so that JavaScript fronts keep them.
    body = {"orderId": line.order_id, "customer": line.customer, "sku": line.sku, "quantity": str(line.quantity)}
    for attempt in range(1, ATTEMPTS + 1):
        started = time.perf_counter()
        try:
            answer = await client.post("/v1/orders", json=body)
        except httpx.TransportError as error:
            if attempt == ATTEMPTS:
                raise DemoError(f"no answer over HTTP after {ATTEMPTS} attempts: {type(error).__name__}") from error
        else:
            if answer.status_code < 500 or attempt == ATTEMPTS:
                placed.millis.append((time.perf_counter() - started) * 1000)
                placed.answers[line.order_id] = (answer.status_code, _json(answer))
                return
        placed.repeated += 1


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body: Any = answer.json()
    except ValueError:
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


async def look_up(http_url: str, order_ids: list[str]) -> dict[str, tuple[int, dict[str, Any]]]:
    """`GET /v1/orders/{order_id}` for each id."""
    async with httpx.AsyncClient(base_url=http_url, timeout=TIMEOUT) as client:
        answers = {order_id: await client.get(f"/v1/orders/{order_id}") for order_id in order_ids}
    return {order_id: (answer.status_code, _json(answer)) for order_id, answer in answers.items()}
