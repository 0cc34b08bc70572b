"""Workers and callers that break the contract, and who catches them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from demo.processes import Command, python_worker, running
from demo.team import STAND_IN, Team
from example_contracts.examples.inventory.v1 import InventoryClient, ReserveRequest
from example_contracts.examples.pricing.v1 import PricingClient, QuoteRequest
from iii_bridge import Bridge, BridgeError, ContractError

__all__ = ["Case", "Caught", "answers", "requests", "response"]

MODES = ("renamed-field", "wrong-type", "out-of-range", "unknown-enum")
_PATHS = {
    "pricing::quote": ("$.totalCents", "$.totalCents", "$.totalCents", "$.tier"),
    "inventory::reserve": ("$.parcels", "$.quantity", "$.parcels", "$.warehouse"),
}
"""Where each function's answer is wrong, in the order of `MODES`."""

_BAD_ORDERS: dict[str, tuple[dict[str, Any], str]] = {
    "renamed-field": ({"orderId": "v-1", "customer": "c", "sku": "bolt-000", "pieces": "3"}, "$.quantity"),
    "wrong-type": ({"orderId": "v-2", "customer": "c", "sku": ["bolt-000"], "quantity": "3"}, "$.sku"),
    "out-of-range": ({"orderId": "v-3", "customer": "c", "sku": "bolt-000", "quantity": str(2**63)}, "$.quantity"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One breach: who commits it, how, and where it must be found."""

    offender: str
    mode: str
    function_id: str
    side: str
    path: str


@dataclass(frozen=True, slots=True)
class Caught:
    """A case and what came of it."""

    case: Case
    by: str
    said: str
    holds: bool


async def answers(bridge: Bridge, url: str, team: Team) -> AsyncIterator[Caught]:
    """Wrong responses: each language's worker in turn is replaced by one that answers wrongly."""
    pricing, inventory = PricingClient(bridge), InventoryClient(bridge)

    async def quote() -> object:
        return await pricing.quote(QuoteRequest(order_id="v-1", sku="bolt-000", quantity=3))

    async def reserve() -> object:
        return await inventory.reserve(ReserveRequest(order_id="v-1", sku="bolt-000", quantity=3))

    async def unchecked() -> object:
        """Knows no contract: what it is told was found by the worker."""
        return await bridge.call("pricing::quote", {"orderId": "v-1", "sku": "bolt-000", "quantity": "3"})

    for mode in MODES:
        async with running(url, team.wrong_pricing(mode), team.wrong_inventory(mode)):
            yield await response(quote, _case(team.pricing, mode, "pricing::quote"))
            yield await response(reserve, _case(team.inventory, mode, "inventory::reserve"))
    if team.pricing != STAND_IN:
        for mode in MODES:
            untyped = python_worker("the untyped Python worker", "untyped-pricing", "--misbehave", mode)
            yield await _alone(url, untyped, quote, _case("untyped Python", mode, "pricing::quote"))
    slip = python_worker("the typed Python worker with a slip", "typed-slip")
    yield await _alone(url, slip, unchecked, _case("typed Python", "out-of-range", "pricing::quote"), by="itself")


def _case(offender: str, mode: str, function_id: str) -> Case:
    return Case(f"{offender} worker", mode, function_id, "response", _PATHS[function_id][MODES.index(mode)])


async def _alone(
    url: str, worker: Command, call: Callable[[], Awaitable[object]], case: Case, by: str = "the caller"
) -> Caught:
    async with running(url, worker):
        return await response(call, case, by)


async def response(call: Callable[[], Awaitable[object]], case: Case, by: str = "the caller") -> Caught:
    """Makes the call: the case is caught when the error names its function, its side and its path."""
    try:
        await call()
    except ContractError as error:
        found = (error.function_id, error.side.value, error.path)
        return Caught(case, by, str(error), found == (case.function_id, case.side, case.path))
    except BridgeError as error:
        return Caught(case, "nobody", f"{type(error).__name__}: {error}", holds=False)
    return Caught(case, "nobody", "the answer was accepted", holds=False)


async def requests(bridge: Bridge, http_url: str, team: Team) -> AsyncIterator[Caught]:
    """Wrong requests to the Python worker orders: over HTTP, and from callers that know no contract."""
    async with httpx.AsyncClient(base_url=http_url) as client:
        for mode, (order, path) in _BAD_ORDERS.items():
            answer = await client.post("/v1/orders", json=order)
            case = Case("HTTP caller", mode, "orders::place", "request", path)
            yield _refused(case, answer.status_code == 400, answer.text)
    callers = {"TypeScript": "typescript-types::forward", "Rust": "rust-types::forward"}
    for language in sorted({team.pricing, team.inventory} & callers.keys()):
        for mode, (order, path) in _BAD_ORDERS.items():
            answer = await bridge.call(callers[language], {"functionId": "orders::place", "payload": order})
            error = answer.get("error", {})
            case = Case(f"{language} caller", mode, "orders::place", "request", path)
            yield _refused(case, error.get("code") == "contract_violation", error.get("message", str(answer)))


def _refused(case: Case, refused: bool, said: str) -> Caught:
    named = all(part in said for part in (case.function_id, case.side, case.path))
    return Caught(case, "the worker" if refused else "nobody", said, refused and named)
