"""Contracts against the live catalogue, method by method."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from iii_bridge.bridge.catalogue import Catalogue, LiveFunction, LiveTrigger
from iii_bridge.bridge.verify import same_schemas
from iii_bridge.contract.compat import Finding, Sides, Verdict, compare_function
from iii_bridge.contract.spec import BindingSpec, MethodSpec, ServiceSpec
from iii_bridge.dynamic import Contracts, ContractsError, contracts_of_descriptors
from iii_bridge.errors import Side
from iii_bridge.types import Json

__all__ = ["CheckedMethod", "Status", "check_contracts"]


class Status(enum.Enum):
    """How a method stands; from good to bad."""

    SAME = "same contract"
    """Served from an equal contract, by its digest."""
    COMPATIBLE = "compatible"
    UNKNOWN = "unknown"
    INCOMPATIBLE = "incompatible"
    MISSING = "missing"


@dataclass(slots=True)
class CheckedMethod:
    """One method of a contract and the function behind it."""

    method: str
    function_id: str
    status: Status = Status.MISSING
    worker: str = ""
    findings: list[Finding] = field(default_factory=lambda: list[Finding]())

    def as_json(self) -> Json:
        """For programs: every part by name."""
        return {
            "method": self.method,
            "function_id": self.function_id,
            "status": self.status.value,
            "worker": self.worker or None,
            "findings": [
                {
                    "verdict": finding.verdict.value,
                    "side": finding.side.value,
                    "path": finding.path,
                    "produced": finding.produced,
                    "accepted": finding.accepted,
                    "problem": finding.problem,
                    "witness": finding.witness,
                }
                for finding in self.findings
            ],
        }


async def check_contracts(
    catalogue: Catalogue, contracts: Contracts, services: Iterable[ServiceSpec], namespace: str | None
) -> list[CheckedMethod]:
    """Every method of these services, in their order. Raises what asking the engine raises."""
    chosen = list(services)
    spaces = {method.namespace or namespace for service in chosen for method in service.methods}
    live: dict[str, LiveFunction] = {}
    for space in spaces:
        ids = [m.function_id for service in chosen for m in service.methods if (m.namespace or namespace) == space]
        live |= await catalogue.describe(ids, space)
    check = _Check(catalogue, contracts, await catalogue.triggers())
    return [
        await check.method(service, method, live.get(method.function_id))
        for service in chosen
        for method in service.methods
    ]


class _Check:
    def __init__(self, catalogue: Catalogue, contracts: Contracts, triggers: list[LiveTrigger]) -> None:
        self._catalogue = catalogue
        self._contracts = contracts
        self._triggers = triggers
        self._served: dict[str, Contracts | None] = {}

    async def method(
        self, service: ServiceSpec, method: MethodSpec[Any, Any], live: LiveFunction | None
    ) -> CheckedMethod:
        row = CheckedMethod(method.full_name, method.function_id)
        if live is None:
            return row
        row.worker = live.worker_name
        if live.digest == service.digest:
            row.status = Status.SAME
        elif same_schemas(method, live):
            row.status = Status.COMPATIBLE
        else:
            ours = self._contracts.exchange(method.full_name)
            theirs = await self._sides(live)
            row.findings += compare_function(Sides(ours.request_written, ours.response_read), theirs).findings
            row.status = _worst(row.findings)
        unbound = list(self._unbound(service, method))
        row.findings += unbound
        row.status = Status.INCOMPATIBLE if unbound else row.status
        return row

    async def _sides(self, live: LiveFunction) -> Sides:
        """What the function reads and writes: exactly, where its worker tells; else what it was registered with."""
        contracts = await self._contract(live) if live.method else None
        if contracts is None:
            return Sides(live.request_schema, live.response_schema)
        try:
            exchange = contracts.exchange(live.method)
        except KeyError:
            return Sides(live.request_schema, live.response_schema)
        return Sides(exchange.request_read, exchange.response_written)

    async def _contract(self, live: LiveFunction) -> Contracts | None:
        if live.service not in self._served:
            served = await self._catalogue.contract(live.service)
            current = served is not None and served.digest == live.digest
            self._served[live.service] = _read(served.descriptors) if served is not None and current else None
        return self._served[live.service]

    def _unbound(self, service: ServiceSpec, method: MethodSpec[Any, Any]) -> Iterator[Finding]:
        own = [trigger for trigger in self._triggers if _belongs(trigger, method)]
        # Rules on one route of the engine share its binding, which is that of the first of them (design decision 11).
        routes = [trigger for trigger in self._triggers if any(_belongs(trigger, other) for other in service.methods)]
        for spec in method.bindings:
            bound = own if spec.http is None else routes
            if not any(_same_source(spec, trigger) for trigger in bound):
                source = " ".join(
                    [spec.trigger_type, *(str(spec.config[name]) for name in _SOURCES if name in spec.config)]
                )
                problem = f"nobody has bound {source}; serve the contract, or its http routes"
                yield Finding(Verdict.INCOMPATIBLE, Side.CONFIG, "$", "no binding", source, problem)


_SOURCES = ("http_method", "api_path", "topic", "expression", "scope", "key", "stream_name")


def _belongs(trigger: LiveTrigger, method: MethodSpec[Any, Any]) -> bool:
    """Whether a binding invokes a method's function or one beside it."""
    return trigger.function_id == method.function_id or trigger.function_id.startswith(f"{method.function_id}::")


def _same_source(spec: BindingSpec, trigger: LiveTrigger) -> bool:
    return spec.trigger_type == trigger.trigger_type and all(
        _plain(name, spec.config[name]) == _plain(name, trigger.config.get(name))
        for name in _SOURCES
        if name in spec.config
    )


def _plain(name: str, value: Json) -> Json:
    """The engine takes paths with or without a slash in front, and methods in any case."""
    if not isinstance(value, str):
        return value
    if name == "api_path":  # parameters that are called differently are one route
        return "/".join(":" if part.startswith(":") else part for part in value.strip("/").split("/"))
    return value.upper() if name == "http_method" else value


def _worst(findings: Iterable[Finding]) -> Status:
    verdicts = {finding.verdict for finding in findings}
    if Verdict.INCOMPATIBLE in verdicts:
        return Status.INCOMPATIBLE
    return Status.UNKNOWN if Verdict.UNKNOWN in verdicts else Status.COMPATIBLE


def _read(descriptors: bytes) -> Contracts | None:
    try:
        return contracts_of_descriptors(descriptors)
    except ContractsError:  # of a newer iii-bridge, say; its schemas are in the catalogue
        return None
