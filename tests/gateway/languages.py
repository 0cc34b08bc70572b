"""A gateway in front of workers in processes of their own, in Python, TypeScript and Rust."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from demo.processes import ROOT, python_worker
from demo.team import rust_worker, typescript_worker
from iii_bridge.dynamic import Contracts, contracts_of_protos
from iii_bridge.gateway import Gateway, GatewayOptions
from tests.contract.bus import Bus, bus_with
from tests.gateway.support import WITHIN, rich

__all__ = ["SERVED", "example_contracts", "failures_of", "languages_gateway", "objects_in"]

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
    with bus_with(*commands) as bus, _gateway_on(bus, contracts, SERVED, **options) as address:
        yield address


@contextmanager
def _gateway_on(bus: Bus, contracts: Contracts, services: Sequence[str], **options: Any) -> Iterator[str]:
    """The address of a gateway in front of what this bus has."""
    specs = [contracts.services[name] for name in services]

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


@contextmanager
def failures_of(bus: Bus, proto: Path, method: str) -> Iterator[Callable[..., Any]]:
    """Calls a method of this bus, by its full name, through a gateway: fields in, the error that comes of it out."""
    contracts = contracts_of_protos(proto)
    spec = next(each for each in contracts.methods() if each.full_name == method)
    service = method.partition("/")[0]
    with _gateway_on(bus, contracts, [service]) as address, grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(f"/{method}", spec.request.SerializeToString, spec.response.FromString)

        def failure(**fields: Any) -> Any:
            try:
                answer = call(spec.request(**fields), timeout=WITHIN)
            except grpc.RpcError as error:
                return error
            raise AssertionError(f"{method} answered {answer}")

        yield failure


def objects_in(error: Any) -> list[Any]:
    """The details of a status that are no messages anybody knows."""
    found: list[Any] = []
    for detail in rich(error).details:
        held = Struct()
        assert detail.Unpack(held)
        found.append(json_format.MessageToDict(held))
    return found
