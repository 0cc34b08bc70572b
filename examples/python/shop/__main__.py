"""One worker process: `python -m shop ROLE [--misbehave MODE]`, engine at III_URL.

Prints a line that starts with `ready:` to stderr once its functions are served, and ends on SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from example_contracts.examples.inventory.v1 import InventoryClient
from example_contracts.examples.pricing.v1 import PricingClient
from example_contracts.examples.receipts.v1 import ReceiptsClient
from iii_bridge import Bridge, connect
from shop.misbehave import ANSWERS, MODES, TypedSlip, answering
from shop.orders import Orders
from shop.receipts import Receipts
from shop.stand_ins import InventoryStandIn, PricingStandIn
from shop.types import PythonTypes

UNTYPED = {"untyped-pricing": "pricing::quote", "untyped-inventory": "inventory::reserve"}


async def orders(bridge: Bridge) -> None:
    """The orders worker."""
    await bridge.serve(Orders(PricingClient(bridge), InventoryClient(bridge), ReceiptsClient(bridge)))


async def receipts(bridge: Bridge) -> None:
    """The receipts worker."""
    await bridge.serve(Receipts())


async def pricing(bridge: Bridge) -> None:
    """Stands in for the TypeScript worker."""
    await bridge.serve(PricingStandIn())


async def inventory(bridge: Bridge) -> None:
    """Stands in for the Rust worker."""
    await bridge.serve(InventoryStandIn())


async def types(bridge: Bridge) -> None:
    """The Python worker of the contract test."""
    await bridge.serve(PythonTypes(bridge))


async def typed_slip(bridge: Bridge) -> None:
    """A typed worker with a slip."""
    await bridge.serve(TypedSlip())


ROLES: dict[str, Callable[[Bridge], Awaitable[None]]] = {
    "orders": orders,
    "receipts": receipts,
    "pricing": pricing,
    "inventory": inventory,
    "types": types,
    "typed-slip": typed_slip,
}


def serve_untyped(role: str, mode: str) -> Callable[[Bridge], Awaitable[None]]:
    """A worker that knows no contract and answers wrongly."""
    function_id = UNTYPED[role]

    async def start(bridge: Bridge) -> None:
        bridge.function(function_id)(answering(ANSWERS[function_id][mode]))
        # Registrations are not acknowledged: a call that comes back proves that the engine has seen them.
        await bridge.call("engine::functions::list", {})

    return start


async def run(role: str, start: Callable[[Bridge], Awaitable[None]]) -> None:
    """Serves until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with connect(worker_name=f"example-{role}") as bridge:
        await start(bridge)
        print(f"ready: {role}", file=sys.stderr, flush=True)
        await stop.wait()


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="shop", description=__doc__)
    parser.add_argument("role", choices=sorted([*ROLES, *UNTYPED]))
    parser.add_argument("--misbehave", choices=MODES, default="wrong-type", help="for the untyped roles")
    options = parser.parse_args()
    start = serve_untyped(options.role, options.misbehave) if options.role in UNTYPED else ROLES[options.role]
    asyncio.run(run(options.role, start))


if __name__ == "__main__":
    main()
