"""A breach counts as caught only where it happened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from demo.violations import Case, response
from iii_bridge import BridgeError, ContractError, FunctionNotFoundError, Side

CASE = Case("Rust worker", "wrong-type", "inventory::reserve", "response", "$.quantity")


async def accepted() -> object:
    return None


def raising(error: BridgeError) -> Callable[[], Awaitable[object]]:
    async def call() -> object:
        raise error

    return call


def test_accepted_is_missed() -> None:
    caught = asyncio.run(response(accepted, CASE))
    assert (caught.holds, caught.by) == (False, "nobody")


def test_found_where_it_is() -> None:
    error = ContractError("inventory::reserve", Side.RESPONSE, "$.quantity", "not an integer")
    assert asyncio.run(response(raising(error), CASE)).holds


@pytest.mark.parametrize(
    "error",
    [
        ContractError("pricing::quote", Side.RESPONSE, "$.quantity", "not an integer"),
        ContractError("inventory::reserve", Side.REQUEST, "$.quantity", "not an integer"),
        ContractError("inventory::reserve", Side.RESPONSE, "$.parcels", "not an integer"),
        FunctionNotFoundError("function_not_found", "no such function", "inventory::reserve"),
    ],
    ids=["function", "side", "path", "kind"],
)
def test_found_elsewhere_is_missed(error: BridgeError) -> None:
    assert not asyncio.run(response(raising(error), CASE)).holds
