"""What the contract fixtures of the pytest plugin hand out, free of pytest."""

from __future__ import annotations

import functools
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, Unpack

from iii_bridge.bridge.settings import ConnectOptions
from iii_bridge.contract.reflection import descriptor_set
from iii_bridge.dynamic import Contracts, contracts_of_descriptors, contracts_of_protos
from iii_bridge.testing.engines import Link
from iii_bridge.testing.mock import MockWorker
from iii_bridge.testing.outcomes import Outcome
from iii_bridge.testing.runner import RunnerOptions, run_contract
from iii_bridge.testing.workers import AnyService, spec_of
from iii_codegen.show import load_settings

__all__ = ["ContractTester", "Mocks", "mocks", "tested"]


class ContractTester(Protocol):
    """Tests live workers against their contracts."""

    def __call__(self, service: AnyService | str, /, *, strict: bool = False, **options: Any) -> list[Outcome]:
        """Fails the test where a check failed, with `strict` also where one proves nothing.

        `service`: a generated class, a spec, or the full name of a service among the project's contracts. `options`
        are those of `RunnerOptions`.
        """
        ...


class Mocks(Protocol):
    """Starts stand-ins for services."""

    def __call__(self, service: AnyService, /, *, seed: int = 0, **options: Unpack[ConnectOptions]) -> MockWorker:
        """As `MockWorker(service, seed=seed).running(url, **options)`, until the test ends."""
        ...


def tested(link: Link, service: AnyService | str, project: Path, options: RunnerOptions) -> list[Outcome]:
    """A run of the contract runner. Raises ContractsError, ConfigError, and KeyError for a name there is none of."""
    name = service if isinstance(service, str) else spec_of(service).full_name
    contracts = _contracts_of_project(project) if isinstance(service, str) else _contracts_of_stubs(name)
    if name not in contracts.services:
        raise KeyError(f"the contracts have no service {name}; they have {', '.join(contracts.services) or 'none'}")
    return run_contract(link, contracts, [contracts.services[name]], options)


@functools.cache
def _contracts_of_project(project: Path) -> Contracts:
    config = load_settings(project, None)
    return contracts_of_protos(config.proto, config.include)


@functools.cache
def _contracts_of_stubs(service: str) -> Contracts:
    return contracts_of_descriptors(descriptor_set(service))


def mocks(url: str, stack: ExitStack) -> Mocks:
    """Mocks that `stack` stops."""

    def start(service: AnyService, /, *, seed: int = 0, **options: Unpack[ConnectOptions]) -> MockWorker:
        return stack.enter_context(MockWorker(service, seed=seed).running(url, **options))

    return start
