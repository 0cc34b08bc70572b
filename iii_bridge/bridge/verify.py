"""Whether the live catalogue agrees with a contract, asked when a method is first called or a service is served.

One question for each method and connection; equal schemas, the usual case,
are found equal at once. Functions that are not there, or that access rules
hide, are no disagreement: calling them says more than asking about them.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from iii_bridge.bridge.catalogue import Catalogue, LiveFunction
from iii_bridge.bridge.interceptors import ClientCall
from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.compat import Finding, Sides, Verdict, compare_function
from iii_bridge.contract.compat.reading import as_read, as_written
from iii_bridge.contract.schema import FieldSchema, Kind
from iii_bridge.contract.spec import Defaults, MethodSpec, ServiceSpec
from iii_bridge.errors import BridgeError, ContractMismatch
from iii_bridge.types import Json

__all__ = ["VerifyingCalls", "disagreements", "same_schemas", "verify_served"]

_log: Final = logging.getLogger("iii_bridge.verify")


def disagreements(method: MethodSpec[Any, Any], live: LiveFunction) -> list[Finding]:
    """What is incompatible between a method, as its caller knows it, and the function that is registered."""
    if same_schemas(method, live):
        return []
    request, response = _schemas(method)[0]
    written = method.json.defaults is Defaults.EMIT
    always = _names(method.request, lambda field: field.required or (written and not field.presence))
    needed = _names(method.response, lambda field: field.required)
    ours = Sides(as_written(request, always), as_read(response, needed))
    found = compare_function(ours, Sides(live.request_schema, live.response_schema)).findings
    return [finding for finding in found if finding.verdict is Verdict.INCOMPATIBLE]


def same_schemas(method: MethodSpec[Any, Any], live: LiveFunction) -> bool:
    """Whether the function was registered with the method's own schemas, in either dialect.

    The files that `iii-bridge codegen` writes for other languages say in a comment where they come from.
    """
    return (_uncommented(live.request_schema), _uncommented(live.response_schema)) in _schemas(method)


def _uncommented(schema: Json) -> Json:
    return {name: value for name, value in schema.items() if name != "$comment"} if isinstance(schema, dict) else schema  # pyright: ignore[reportUnknownVariableType] -- any JSON


def _schemas(method: MethodSpec[Any, Any]) -> list[tuple[Json, Json]]:
    """Request and response in both dialects."""
    texts = method.schemas()[method.full_name]
    pairs = (texts.request, texts.response), (texts.request_draft_07, texts.response_draft_07)
    return [(json.loads(request), json.loads(response)) for request, response in pairs]


async def verify_served(catalogue: Catalogue, service: ServiceSpec, namespace: str, *, raises: bool) -> None:
    """Whether the catalogue shows what was registered for a service. Raises ContractMismatch where that is wanted."""
    try:
        live = await catalogue.describe([method.function_id for method in service.methods], namespace)
    except BridgeError as error:
        _log.debug("%s was not verified: %s", service.full_name, error)
        return
    for method in service.methods:
        problem = _drift(live.get(method.function_id), service.digest)
        if problem and raises:
            raise ContractMismatch(method.function_id, [problem])
        if problem:
            _log.warning("%s of %s: %s", method.function_id, service.full_name, problem)


def _drift(live: LiveFunction | None, digest: str) -> str:
    if live is None:
        return "the catalogue does not show the function; check the listener's access rules"
    if live.digest != digest:
        return f"the catalogue shows contract {live.digest or 'none'} instead of {digest}"
    return ""


class VerifyingCalls:
    """The client interceptor behind `connect(verify=…)`."""

    def __init__(self, catalogue: Catalogue, connection: Callable[[], str | None], *, raises: bool) -> None:
        """`connection` tells connections apart; with `raises` a disagreement is an error, and first calls wait for it.

        The catalogue must not ask through interceptors.
        """
        self._catalogue = catalogue
        self._connection = connection
        self._raises = raises
        self._done: dict[tuple[str, str | None, str | None], list[Finding]] = {}
        self._asking: dict[tuple[str, str | None, str | None], asyncio.Task[list[Finding] | None]] = {}

    async def __call__(self, call: ClientCall, proceed: Callable[[ClientCall], Awaitable[Any]], /) -> Any:
        """Asks once for each method, namespace and connection. Raises ContractMismatch where that is wanted."""
        if call.method is not None:
            key = (call.function_id, call.namespace, self._connection())
            findings = self._done.get(key)
            if findings is None:
                task = self._ask(key, call.method, call.namespace)
                findings = await asyncio.shield(task) if self._raises else None
            if findings and self._raises:
                raise ContractMismatch(call.function_id, [str(finding) for finding in findings])
        return await proceed(call)

    async def close(self) -> None:
        """Ends what is being asked."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _ask(
        self, key: tuple[str, str | None, str | None], method: MethodSpec[Any, Any], namespace: str | None
    ) -> asyncio.Task[list[Finding] | None]:
        task = self._asking.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._found(key, method, namespace))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return task

    async def _found(
        self, key: tuple[str, str | None, str | None], method: MethodSpec[Any, Any], namespace: str | None
    ) -> list[Finding] | None:
        """None where nothing can be said yet, so that the next call asks again."""
        try:
            live = (await self._catalogue.describe([method.function_id], namespace)).get(method.function_id)
        except BridgeError as error:
            _log.debug("%s was not verified: %s", method.function_id, error)
            return None
        if live is None:
            return None
        findings = disagreements(method, live)
        self._done[key] = findings
        if not self._raises:
            for finding in findings:
                _log.warning("%s, served by worker %s: %s", method.function_id, live.worker_name, finding)
        return findings


def _names(cls: type, meant: Callable[[FieldSchema], bool]) -> set[str]:
    """The names that stand for such fields only, of all a message reaches."""
    chosen: set[str] = set()
    others: set[str] = set()
    seen: set[type] = set()
    waiting: list[type] = [cls]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        backend = backend_of(here)
        inner = backend.fields(here)
        for field in backend.schema(here).fields:
            (chosen if meant(field) else others).update((field.json_name, field.name))
            held = inner[field.number].cls
            kind = field.map.value.kind if field.map is not None else field.kind
            if held is not None and kind is Kind.MESSAGE:
                waiting.append(held)
    return chosen - others
