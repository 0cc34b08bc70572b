"""What the engine's catalogue says of functions and their bindings (wire.md 8)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, cast

import msgspec

from iii_bridge.bridge.calls import Calls
from iii_bridge.bridge.checks import decode_json, encode_json
from iii_bridge.bridge.reflection import ServedContract
from iii_bridge.contract.reflection import contract_function_id
from iii_bridge.errors import FunctionNotFoundError, Side
from iii_bridge.protocol.builtins import FUNCTIONS_INFO, FUNCTIONS_INFO_LIMIT
from iii_bridge.protocol.sidecar import MEMBER
from iii_bridge.types import Json
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["Catalogue", "LiveFunction", "LiveTrigger", "catalogue_of"]

_FUNCTIONS_LIST: Final = "engine::functions::list"
_WORKERS_LIST: Final = "engine::workers::list"
_TRIGGERS_LIST: Final = "engine::registered-triggers::list"
_ASK_TIMEOUT: Final = 5.0

_NOTHING: Final[Mapping[str, Json]] = MappingProxyType({})

Call = Callable[[str, Json], Awaitable[Json]]
"""Calls a function of the engine by its id, with JSON."""


@dataclass(frozen=True, slots=True)
class LiveTrigger:
    """One registered trigger."""

    trigger_type: str
    function_id: str
    config: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFunction:
    """One registered function. Schemas are decoded JSON, None where the worker gave none; lists leave them out."""

    function_id: str
    namespace: str = DEFAULT_NAMESPACE
    worker_name: str = ""
    description: str = ""
    metadata: Mapping[str, Json] = field(default_factory=lambda: _NOTHING)
    request_schema: Json = None
    response_schema: Json = None

    @property
    def method(self) -> str:
        """The full name of the method it serves, empty where it was not served from a contract."""
        return self._mark("method")

    @property
    def service(self) -> str:
        """The full name of the service of that method."""
        return self.method.partition("/")[0]

    @property
    def digest(self) -> str:
        """The digest of its service's contract, empty where it was not served from one."""
        return self._mark("digest")

    @property
    def internal(self) -> bool:
        """Whether lists leave it out."""
        return self.metadata.get("internal") is True

    def _mark(self, name: str) -> str:
        mark = self.metadata.get(MEMBER)
        value = cast("dict[str, Any]", mark).get(name) if isinstance(mark, dict) else None
        return value if isinstance(value, str) else ""


class Catalogue:
    """Asks the engine. Every question raises what a call raises; ForbiddenError where access rules say so."""

    def __init__(self, call: Call) -> None:
        """`call` is `Bridge.call`, or anything like it."""
        self._call = call

    async def functions(self, *, prefix: str = "", internal: bool = False) -> list[LiveFunction]:
        """Every function whose id begins so, of all namespaces, without schemas."""
        question = {"include_internal": internal, **({"prefix": prefix} if prefix else {})}
        answer = await self._call(_FUNCTIONS_LIST, question)
        return [_function(row) for row in _rows(answer, "functions")]

    async def describe(self, function_ids: Iterable[str], namespace: str | None = None) -> dict[str, LiveFunction]:
        """The functions of these ids that the catalogue shows, with schemas.

        Without `namespace` an id is looked up in `default`, else in the only
        other namespace that has it.
        """
        ids = list(dict.fromkeys(function_ids))
        found: dict[str, LiveFunction] = {}
        for start in range(0, len(ids), FUNCTIONS_INFO_LIMIT):
            question: dict[str, Json] = {"function_ids": ids[start : start + FUNCTIONS_INFO_LIMIT]}
            if namespace is not None:
                question["namespace"] = namespace
            answer = await self._call(FUNCTIONS_INFO, question)
            live = [_function(row) for row in _rows(answer, "functions") if row.get("error") is None]
            found.update((item.function_id, item) for item in live)
        return found

    async def described(self, listed: Sequence[LiveFunction]) -> list[LiveFunction]:
        """The same functions with schemas, which the engine gives for ids of one namespace at a time."""
        found: dict[tuple[str, str], LiveFunction] = {}
        for space in sorted({item.namespace for item in listed}):
            ids = [item.function_id for item in listed if item.namespace == space]
            found |= {(space, key): value for key, value in (await self.describe(ids, space)).items()}
        return [found.get((item.namespace, item.function_id), item) for item in listed]

    async def worker_names(self) -> set[str]:
        """The names of the connected workers; what the engine carries itself is none."""
        answer = await self._call(_WORKERS_LIST, {})
        return {name for row in _rows(answer, "workers") if (name := _text(row, "name"))}

    async def triggers(self) -> list[LiveTrigger]:
        """Every registered trigger, those of internal functions included; parked ones are not listed."""
        answer = await self._call(_TRIGGERS_LIST, {"include_internal": True})
        rows = _rows(answer, "registered_triggers")
        return [
            LiveTrigger(_text(row, "trigger_type"), _text(row, "function_id"), _object(row, "config")) for row in rows
        ]

    async def contract(self, service: str) -> ServedContract | None:
        """The contract a served service answers with; None where nobody does."""
        try:
            answer = await self._call(contract_function_id(service), {})
        except FunctionNotFoundError:
            return None
        try:
            return msgspec.convert(answer, ServedContract)
        except msgspec.ValidationError:
            return None


def catalogue_of(calls: Calls) -> Catalogue:
    """The catalogue as a bridge asks it itself: past interceptors, without retries, and not for long."""

    async def ask(function_id: str, payload: Json) -> Json:
        data = encode_json(payload, function_id, Side.REQUEST)
        return decode_json(await calls.call(function_id, data, timeout=_ASK_TIMEOUT), function_id, Side.RESPONSE)

    return Catalogue(ask)


def _rows(answer: Json, name: str) -> list[dict[str, Any]]:
    held = cast("dict[str, Any]", answer).get(name) if isinstance(answer, dict) else None
    if not isinstance(held, list):
        return []
    return [cast("dict[str, Any]", row) for row in held if isinstance(row, dict)]  # pyright: ignore[reportUnknownVariableType]


def _function(row: Mapping[str, Any]) -> LiveFunction:
    return LiveFunction(
        function_id=_text(row, "function_id"),
        namespace=_text(row, "namespace") or DEFAULT_NAMESPACE,
        worker_name=_text(row, "worker_name"),
        description=_text(row, "description"),
        metadata=_object(row, "metadata"),
        request_schema=row.get("request_schema"),
        response_schema=row.get("response_schema"),
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _object(row: Mapping[str, Any], name: str) -> Mapping[str, Json]:
    value = row.get(name)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else _NOTHING
