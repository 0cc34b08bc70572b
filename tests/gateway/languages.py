"""A gateway in front of the example workers in Python, TypeScript and Rust."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from demo.processes import ROOT, python_worker
from demo.team import rust_worker, typescript_worker
from iii_bridge.dynamic import Contracts, contracts_of_protos
from iii_bridge.gateway import Gateway, GatewayOptions
from tests.contract.bus import bus_with

__all__ = ["SERVED", "example_contracts", "languages_gateway"]

SERVED: Final = (
    "examples.types.v1.PythonTypesService",
    "examples.types.v1.TypescriptTypesService",
    "examples.types.v1.RustTypesService",
    "examples.pricing.v1.PricingService",
    "examples.inventory.v1.InventoryService",
)
"""By the Python worker, the TypeScript one and the Rust one; the last two by TypeScript and Rust again."""


def example_contracts() -> Contracts:
    """What the gateway serves."""
    return contracts_of_protos(ROOT / "proto")


@contextmanager
def languages_gateway(contracts: Contracts, **options: Any) -> Iterator[str]:
    """The address of the gateway; the workers run in processes of their own."""
    commands = (python_worker("the Python worker", "types"), typescript_worker(), rust_worker())
    with bus_with(*commands) as bus:
        specs = [contracts.services[name] for name in SERVED]

        async def start() -> Gateway:
            chosen = GatewayOptions(**{"listen": "127.0.0.1:0", "health_interval": 0.2, **options})
            gateway = Gateway(bus.bridge, specs, [contracts.descriptors], chosen)
            await gateway.start()
            return gateway

        gateway = bus.run(start())
        try:
            yield gateway.address
        finally:
            bus.run(gateway.stop())
