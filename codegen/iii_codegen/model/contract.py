"""Resolves a method's options: function, else service, else file, else default (design decisions 3 to 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from iii_bridge.contract.spec import (
    Defaults,
    Delivery,
    Enums,
    HttpAuth,
    HttpEndpointSpec,
    Idempotency,
    Int64,
    JsonProfile,
    Names,
    OnViolation,
    UnknownEnumNames,
    UnknownMembers,
)
from iii_bridge.types import Json
from iii_codegen.model.bindings import api_bindings, trigger_binding
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.naming import default_function_id, default_prefix
from iii_codegen.model.nodes import Contract, PlacedBinding
from iii_codegen.model.options import Options

__all__ = ["MethodOptions", "ServiceScope", "json_profile", "resolve"]

_IDEMPOTENCY: Final = {
    "NO_SIDE_EFFECTS": Idempotency.NO_SIDE_EFFECTS,
    "IDEMPOTENT": Idempotency.IDEMPOTENT,
}


@dataclass(frozen=True, slots=True)
class ServiceScope:
    """What a service's methods inherit."""

    package: str
    name: str
    file: Options
    service: Options
    metadata: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class MethodOptions:
    """The options one method carries."""

    name: str
    request: str
    comment: str
    function: Options
    http: Options | None
    triggers: Sequence[Options]
    idempotency: str


def resolve(scope: ServiceScope, method: MethodOptions, report: Report) -> Contract:
    """The method's contract; reports what is wrong with the options themselves."""
    function, service = method.function, scope.service
    metadata = dict(scope.metadata) | function.metadata(report, f"method {method.name}")
    idempotency = _IDEMPOTENCY.get(method.idempotency, Idempotency.UNKNOWN)
    if function.has("attempt_timeout") and idempotency is Idempotency.UNKNOWN:
        problem = f"method {method.name} is never retried: its idempotency is not declared"
        report.add("III212", function.place, problem)
    return Contract(
        function_id=_function_id(scope, method, report),
        description=function.text("description") or method.comment,
        namespace=service.text("namespace") or None,
        metadata=metadata,
        timeout=_seconds("timeout", scope, method, report),
        attempt_timeout=_seconds("attempt_timeout", scope, method, report),
        idempotency=idempotency,
        delivery=_first_delivery(function, service),
        queue=function.text("queue") or service.text("queue") or None,
        json=json_profile(function.child("json"), service.child("json"), scope.file.child("json")),
        unknown_members=_unknown_members(function) or _unknown_members(service) or UnknownMembers.IGNORE,
        unknown_enum_names=_unknown_enum_names(function) or _unknown_enum_names(service) or UnknownEnumNames.REJECT,
        on_violation=_on_violation(function) or _on_violation(service) or OnViolation.ERROR,
        http_endpoint=_endpoint(function.child("http_endpoint")) if function.has("http_endpoint") else None,
        bindings=tuple(_bindings(method, report)),
    )


def _function_id(scope: ServiceScope, method: MethodOptions, report: Report) -> str:
    if method.function.has("id"):
        written = method.function.text("id")
        if not written:
            report.add("III201", method.function.place, f"method {method.name} has an empty function id")
        return written
    prefix = default_prefix(scope.name)
    if scope.service.has("prefix"):
        prefix = scope.service.text("prefix")
        if not prefix:
            report.add("III201", scope.service.place, f"service {scope.name} has an empty prefix")
            return ""
    return default_function_id(prefix, scope.package, method.name)


def _seconds(name: str, scope: ServiceScope, method: MethodOptions, report: Report) -> float | None:
    """A wrong time of a service is one finding, however many methods inherit it."""
    for what, options in ((f"method {method.name}", method.function), (f"service {scope.name}", scope.service)):
        value = options.seconds(name)
        if value is None:
            continue
        if value <= 0:
            report.add("III208", options.place, f"{name} of {what} is not positive")
        return value
    return None


def _first_delivery(*options: Options) -> Delivery:
    found = (option.choice("delivery", "DELIVERY_", Delivery) for option in options)
    return next((delivery for delivery in found if delivery is not None), Delivery.SYNC)


def _unknown_members(options: Options) -> UnknownMembers | None:
    return options.choice("unknown_members", "UNKNOWN_MEMBERS_", UnknownMembers)


def _unknown_enum_names(options: Options) -> UnknownEnumNames | None:
    return options.choice("unknown_enum_names", "UNKNOWN_ENUM_NAMES_", UnknownEnumNames)


def _on_violation(options: Options) -> OnViolation | None:
    return options.choice("on_violation", "ON_VIOLATION_", OnViolation)


def json_profile(*profiles: Options) -> JsonProfile:
    """The profile of `json` options, the nearest first: each part from the first that names it."""
    names = (profile.choice("names", "NAMES_", Names) for profile in profiles)
    int64 = (profile.choice("int64", "INT64_", Int64) for profile in profiles)
    enums = (profile.choice("enums", "ENUMS_", Enums) for profile in profiles)
    defaults = (profile.choice("defaults", "DEFAULTS_", Defaults) for profile in profiles)
    return JsonProfile(
        names=next((part for part in names if part), Names.JSON),
        int64=next((part for part in int64 if part), Int64.STRING),
        enums=next((part for part in enums if part), Enums.NAME),
        defaults=next((part for part in defaults if part), Defaults.EMIT),
    )


def _endpoint(options: Options) -> HttpEndpointSpec:
    return HttpEndpointSpec(
        url=options.text("url"),
        method=options.text("method").upper() or "POST",
        timeout=options.seconds("timeout"),
        headers=dict(sorted(options.child("headers").values.items())),
        auth=_auth(options),
    )


def _auth(options: Options) -> HttpAuth | None:
    if options.has("bearer"):
        return HttpAuth(kind="bearer", env=options.child("bearer").text("token_env"))
    if options.has("api_key"):
        key = options.child("api_key")
        return HttpAuth(kind="api_key", env=key.text("value_env"), header=key.text("header"))
    if options.has("hmac"):
        return HttpAuth(kind="hmac", env=options.child("hmac").text("secret_env"))
    return None


def _bindings(method: MethodOptions, report: Report) -> list[PlacedBinding]:
    found: list[PlacedBinding] = []
    if method.http is not None:
        found.extend(api_bindings(method.http, method.request, report))
    for trigger in method.triggers:
        binding = trigger_binding(trigger, method.request, report)
        if binding is not None:
            found.append(binding)
    return found
