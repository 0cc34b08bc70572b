"""By what a payload typed into a terminal, and what comes back, is checked."""

from __future__ import annotations

from typing import Any, Protocol

from iii_bridge.bridge.catalogue import Catalogue, LiveFunction
from iii_bridge.bridge.checks import checks_of, encode_json
from iii_bridge.client import Bridge
from iii_bridge.contract.compat import Verdict, compare
from iii_bridge.contract.compat.values import exactly
from iii_bridge.contract.spec import MethodKind, MethodSpec
from iii_bridge.errors import ContractError, Side, UnsupportedError
from iii_bridge.types import Json

__all__ = ["Checker", "NoCheck", "checker_of"]


class Checker(Protocol):
    """Checks both halves of one call; each raises ContractError."""

    @property
    def timeout(self) -> float | None:
        """Seconds the contract gives a call; None where nothing says."""
        ...

    def request(self, payload: Json) -> None:
        """Before it is sent."""
        ...

    def response(self, answer: Json) -> None:
        """When it has come back."""
        ...


class NoCheck:
    """Takes everything."""

    timeout: float | None = None

    def request(self, payload: Json) -> None:
        """Nothing is asked of it."""

    def response(self, answer: Json) -> None:
        """Nothing is asked of it."""


class _ByContract:
    def __init__(self, method: MethodSpec[Any, Any]) -> None:
        if method.kind is not MethodKind.UNARY:
            kind = method.kind.value.replace("_", " ")
            raise UnsupportedError(f"{method.full_name} is a {kind}, which rides on channels; call it from a client")
        self.timeout = method.timeout
        self._id = method.function_id
        self._checks = checks_of(method)

    def request(self, payload: Json) -> None:
        self._checks.decode_request(encode_json(payload, self._id, Side.REQUEST))

    def response(self, answer: Json) -> None:
        self._checks.decode_response(encode_json(answer, self._id, Side.RESPONSE))


class _BySchemas:
    timeout: float | None = None

    def __init__(self, live: LiveFunction) -> None:
        self._live = live

    def request(self, payload: Json) -> None:
        self._check(payload, self._live.request_schema, Side.REQUEST)

    def response(self, answer: Json) -> None:
        self._check(answer, self._live.response_schema, Side.RESPONSE)

    def _check(self, value: Json, schema: Json, side: Side) -> None:
        found = compare(exactly(value), schema, side).findings if schema is not None else ()
        for finding in found:
            if finding.verdict is Verdict.INCOMPATIBLE:
                problem = f"the schema of worker {self._live.worker_name} accepts {finding.accepted}"
                raise ContractError(self._live.function_id, side, finding.path, problem)


async def checker_of(bridge: Bridge, live: LiveFunction) -> Checker:
    """By the contract the worker tells, when it is the one the function was registered with; else by the schemas."""
    method = await _method(Catalogue(bridge.call), live) if live.method else None
    return _BySchemas(live) if method is None else _ByContract(method)


async def _method(catalogue: Catalogue, live: LiveFunction) -> MethodSpec[Any, Any] | None:
    served = await catalogue.contract(live.service)
    if served is None or served.digest != live.digest:
        return None
    try:
        from iii_bridge.dynamic import contracts_of_descriptors
    except ModuleNotFoundError:  # contracts are read with the extra `codegen`; schemas have to do
        return None
    service = contracts_of_descriptors(served.descriptors).services.get(live.service)
    methods = service.methods if service is not None else ()
    return next((method for method in methods if method.full_name == live.method), None)
