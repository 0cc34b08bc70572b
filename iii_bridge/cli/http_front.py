"""`iii-bridge http-front`: the http routes of services that other workers implement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from iii_bridge.bridge.running import DEFAULT_GRACE, run_program
from iii_bridge.bridge.settings import DEFAULT_CONNECT_TIMEOUT
from iii_bridge.cli.contracts import read_contracts
from iii_bridge.cli.options import (
    ConnectTimeoutOption,
    DescriptorSetOption,
    GraceOption,
    IncludeOption,
    OwnNamespaceOption,
    UrlOption,
    WorkerNameOption,
    start_logging,
)
from iii_bridge.client import Bridge
from iii_bridge.contract.spec import ServiceSpec
from iii_bridge.dynamic import Contracts
from iii_bridge.errors import LocalProtocolError

__all__ = ["http_front"]


def http_front(
    service: Annotated[
        list[str] | None,
        typer.Argument(metavar="SERVICE...", help="full names; default every service with http routes"),
    ] = None,
    proto: Annotated[Path, typer.Option(help="the directory of the contracts")] = Path("proto"),
    include: IncludeOption = None,
    descriptor_set: DescriptorSetOption = None,
    url: UrlOption = None,
    name: WorkerNameOption = None,
    namespace: OwnNamespaceOption = None,
    of_namespace: Annotated[
        str | None, typer.Option(help="where the functions are looked up; default the connection's namespace")
    ] = None,
    connect_timeout: ConnectTimeoutOption = DEFAULT_CONNECT_TIMEOUT,
    grace: GraceOption = DEFAULT_GRACE,
) -> None:
    """Serve the http routes of services written in TypeScript, Rust or anything else.

    Workers on an official SDK register their functions; this process registers the google.api.http routes of their
    contracts, turns requests into messages and checks both sides. It needs no generated code:

        iii-bridge http-front --proto proto shop.pricing.v1.PricingService

    Exit codes: 0 after a signal, 1 when a contract cannot be read, the engine stays away or refuses a route, 2 for an
    option that is wrong.
    """
    start_logging()
    contracts = read_contracts(proto, include or (), descriptor_set)
    specs = _chosen(contracts, service or [])

    async def start(bridge: Bridge) -> None:
        for spec in specs:
            await bridge.serve_http(spec, namespace=of_namespace)
        routes = sum(len([b for b in method.bindings if b.http]) for spec in specs for method in spec.methods)
        shown = ", ".join(spec.full_name for spec in specs)
        typer.echo(f"ready: {routes} routes of {shown} as worker {bridge.worker_name}")

    run_program(start, url=url, grace=grace, worker_name=name, namespace=namespace, connect_timeout=connect_timeout)


def _chosen(contracts: Contracts, names: list[str]) -> list[ServiceSpec]:
    """The services named, or those with http routes. Raises BadParameter for a name the contracts do not have."""
    for name in names:
        if name not in contracts.services:
            known = ", ".join(contracts.services) or "none"
            raise typer.BadParameter(f"the contracts have no service {name}; they have {known}")
    chosen = [contracts.services[name] for name in names] or [
        spec
        for spec in contracts.services.values()
        if any(binding.http for method in spec.methods for binding in method.bindings)
    ]
    if not chosen:
        raise LocalProtocolError("no service of the contracts has http routes; give a method google.api.http")
    return chosen
