"""From a method's bindings to what is registered for them (design decision 11).

A function that a trigger invokes directly cannot tell it from a call: queues
and topics hand over neither metadata nor the trigger's id (wire.md 6.2). So
every binding targets an internal function of its own, which names the binding
in `context.binding` and then runs the method with the same checks.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from iii_bridge.aio.dispatch import Handler
from iii_bridge.aio.invocation import Invocation
from iii_bridge.bridge.checks import checks_of
from iii_bridge.bridge.handlers import MethodBody
from iii_bridge.bridge.http_adapter import plan_http
from iii_bridge.contract.spec import BindingSpec, MethodSpec, OnViolation
from iii_bridge.errors import ContractError
from iii_bridge.protocol.sidecar import MEMBER
from iii_bridge.triggers import BoundTrigger
from iii_bridge.wire import RegisterFunction, raw

__all__ = ["plan_bindings"]

_log: Final = logging.getLogger("iii_bridge.worker")

_QUEUED: Final = frozenset({"durable:subscriber"})
"""Trigger types whose deliveries are retried and end as dead letters: `on_violation` applies."""


def plan_bindings(
    methods: Sequence[tuple[MethodSpec[Any, Any], MethodBody, RegisterFunction]],
) -> tuple[list[tuple[RegisterFunction, Handler]], list[BoundTrigger]]:
    """The functions to register for the bindings of a service's methods, and the bindings with their targets.

    Each method comes with its own registration, whose schemas hold for its events as well.
    """
    functions: list[tuple[RegisterFunction, Handler]] = []
    bound: list[BoundTrigger] = []
    for adapter in plan_http((method, body) for method, body, _ in methods):
        functions.append((adapter.registration(), adapter.handle))
        bound += adapter.bindings
    for method, body, own in methods:
        for spec, function_id in _event_functions(method):
            trigger = BoundTrigger(spec, function_id)
            functions.append((_registration(method, trigger, own), _event_handler(method, trigger, body)))
            bound.append(trigger)
    return functions, bound


def _event_functions(method: MethodSpec[Any, Any]) -> Sequence[tuple[BindingSpec, str]]:
    """Every binding that is not transcoded, with its function id: numbered from the second of a type on."""
    met: Counter[str] = Counter()
    named: list[tuple[BindingSpec, str]] = []
    for spec in method.bindings:
        if spec.http is None:
            kind = spec.trigger_type.replace(":", "-")
            met[kind] += 1
            number = f"-{met[kind]}" if met[kind] > 1 else ""
            named.append((spec, f"{method.function_id}::on-{kind}{number}"))
    return named


def _registration(method: MethodSpec[Any, Any], trigger: BoundTrigger, own: RegisterFunction) -> RegisterFunction:
    """The frame: internal, so that listings show the method alone."""
    return RegisterFunction(
        id=trigger.function_id,
        description=f"{trigger.spec.trigger_type} for {method.function_id}",
        request_format=own.request_format,
        response_format=own.response_format,
        metadata=raw({"internal": True, MEMBER: {"method": method.full_name}}),
    )


def _event_handler(method: MethodSpec[Any, Any], trigger: BoundTrigger, body: MethodBody) -> Handler:
    """Decodes an event as the method's request, runs the method and checks what it returns."""
    checks = checks_of(method)
    finish = _http_response if trigger.spec.trigger_type == "http" else _as_it_is
    acknowledges = method.on_violation is OnViolation.ACK_AND_LOG and trigger.spec.trigger_type in _QUEUED

    async def handle(invocation: Invocation) -> Raw | None:
        invocation.binding = trigger.as_context()
        try:
            request, invocation.caller_worker_id = checks.decode_request(invocation.data)
        except ContractError as violation:
            if not acknowledges:
                raise
            _log.error("acknowledged a delivery that violates its contract: %s", violation)
            return None
        return finish(checks.encode_response(await body(request, invocation)))

    return handle


def _as_it_is(data: Raw) -> Raw:
    return data


class _Header(msgspec.Struct):
    name: str
    value: str


class _HttpResponse(msgspec.Struct, omit_defaults=True):
    """As the message says it; `headers` as the engine takes them: by name, or as lines that may share one."""

    status_code: int | UnsetType = UNSET
    headers: dict[str, str] | list[str] = {}
    body: Raw | UnsetType = UNSET
    more_headers: list[_Header] = []


_response_decoder: Final = msgspec.json.Decoder(_HttpResponse)


def _http_response(data: Raw) -> Raw:
    """An iii_bridge.v1.HttpResponse as the engine's http takes it (wire.md 7.1)."""
    response = _response_decoder.decode(data)
    if not response.more_headers:
        return data
    named = response.headers.items() if isinstance(response.headers, dict) else ()
    lines = [f"{name}: {value}" for name, value in named]
    lines += [f"{header.name}: {header.value}" for header in response.more_headers]
    return raw(_HttpResponse(response.status_code, lines, response.body))
