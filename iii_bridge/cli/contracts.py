"""Where a verb takes contracts from: the project it is called in, what it is given, or workers of a live engine."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import typer

from iii_bridge.bridge.catalogue import Catalogue
from iii_bridge.contract.reflection import CONTRACT_PREFIX, service_of_function_id
from iii_bridge.contract.spec import ServiceSpec
from iii_bridge.dynamic import Contracts, ContractsError, contracts_of_descriptors, contracts_of_protos
from iii_codegen.config import ConfigError
from iii_codegen.show import load_settings

__all__ = ["chosen_services", "contracts_here", "contracts_there", "given_contracts", "read_contracts"]


def contracts_here(project: Path, proto: Path | None) -> Contracts | None:
    """The contracts of a project; None where it has no directory of them and none was named.

    Ends the program with code 2 when they cannot be read.
    """
    try:
        config = load_settings(project, proto)
        if proto is None and not config.proto.is_dir():
            return None
        return contracts_of_protos(config.proto, config.include)
    except (ConfigError, ContractsError) as error:
        typer.echo(f"error: {error}" if isinstance(error, ConfigError) else str(error), err=True)
        raise typer.Exit(2) from None


def given_contracts(proto: Path | None, include: Sequence[Path], descriptor_set: Path | None) -> Contracts | None:
    """What `read_contracts` reads; None where neither a directory nor a descriptor set is named."""
    if proto is None and descriptor_set is None:
        return None
    return read_contracts(proto or Path(), include, descriptor_set)


def read_contracts(proto: Path, include: Sequence[Path], descriptor_set: Path | None) -> Contracts:
    """The contracts of a descriptor set where one is named, else of a directory. Raises ContractsError and OSError."""
    if descriptor_set is not None:
        return contracts_of_descriptors(descriptor_set.read_bytes())
    return contracts_of_protos(proto, include)


async def contracts_there(catalogue: Catalogue) -> list[Contracts]:
    """The contracts live workers tell, each with its own files; one that cannot be read is named and left out."""
    found: list[Contracts] = []
    for row in await catalogue.functions(prefix=CONTRACT_PREFIX, internal=True):
        service = service_of_function_id(row.function_id) or ""
        served = await catalogue.contract(service)
        if served is None:
            continue
        try:
            contracts = contracts_of_descriptors(served.descriptors)
        except ContractsError as error:
            typer.echo(f"the contract of {service} cannot be read: {error}", err=True)
            continue
        found.append(contracts.only(service))
    return found


def chosen_services(known: Sequence[Contracts], names: Collection[str]) -> list[tuple[Contracts, list[ServiceSpec]]]:
    """Of each set of contracts the services that are named, or all. Raises typer.BadParameter for an unknown name."""
    services = [name for contracts in known for name in contracts.services]
    for name in names:
        if name not in services:
            raise typer.BadParameter(f"the contracts have no service {name}; they have {', '.join(services) or 'none'}")
    return [
        (contracts, [spec for name, spec in contracts.services.items() if not names or name in names])
        for contracts in known
    ]
