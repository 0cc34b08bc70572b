"""The module that holds what a service registers: frames as JSON, settings as literals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from iii_bridge.contract.http_template import PathTemplate
from iii_codegen.emit.file import Lines, header
from iii_codegen.emit.typescript.literal import Code, add_value, text
from iii_codegen.emit.typescript.names import method_name
from iii_codegen.model.nodes import Method
from iii_codegen.model.registration import EventAdapter, HttpAdapter, HttpTarget, ServiceRegistration, TriggerFrame

__all__ = ["contract_module"]


def contract_module(path: str, runtime: str, registrations: Iterable[ServiceRegistration]) -> str:
    """The text of the module; `runtime` is where it imports from."""
    lines = Lines()
    lines.add(f"// {header(path)}", "/* eslint-disable */", "")
    lines.add(f"import {{ json, type ServiceContract }} from {text(runtime)};")
    for registration in registrations:
        lines.add("")
        name = f"{registration.service.base_name}Contract"
        add_value(lines, _service(registration), f"export const {name}: ServiceContract = ", ";")
    return "\n".join(lines.all()) + "\n"


def _json(value: Any) -> Code:
    """As JSON text: no literal can say a member that is called __proto__."""
    return Code(f"json({text(json.dumps(value, separators=(',', ':'), ensure_ascii=False))})")


def _service(registration: ServiceRegistration) -> dict[str, Any]:
    service = registration.service
    return {
        "fullName": service.full_name,
        "digest": service.digest,
        **({"namespace": service.namespace} if service.namespace else {}),
        "methods": {
            method_name(method.name): _method(method, frame.members()) for method, frame in registration.methods
        },
        "http": [_http(adapter) for adapter in registration.http],
        "events": [_event(adapter) for adapter in registration.events],
        "reflection": {"frame": _json(registration.contract.members()), "answer": _json(registration.answer)},
        "required": {name: list(fields) for name, fields in registration.required.items()},
    }


def _method(method: Method, frame: Mapping[str, Any]) -> dict[str, Any]:
    contract, profile = method.contract, method.contract.json
    return {
        "fullName": method.full_name,
        "kind": method.kind.value,
        **({} if contract.timeout is None else {"timeoutMs": max(1, round(contract.timeout * 1000))}),
        "delivery": contract.delivery.value,
        **({"queue": contract.queue} if contract.queue else {}),
        "json": {
            "names": profile.names.value,
            "int64": profile.int64.value,
            "enums": profile.enums.value,
            "defaults": profile.defaults.value,
        },
        "unknownMembers": contract.unknown_members.value,
        "unknownEnumNames": contract.unknown_enum_names.value,
        "onViolation": contract.on_violation.value,
        "frame": _json(frame),
    }


def _http(adapter: HttpAdapter) -> dict[str, Any]:
    return {
        "frame": _json(adapter.function.members()),
        "method": method_name(adapter.method.name),
        "routes": [
            {"trigger": _trigger(route.trigger), "targets": [_target(target) for target in route.targets]}
            for route in adapter.routes
        ],
    }


def _target(target: HttpTarget) -> dict[str, Any]:
    return {
        "method": method_name(target.method.name),
        "template": _template(target.template),
        "body": target.rule.body,
        "responseBody": target.rule.response_body,
        "metadata": _json(target.metadata),
    }


def _template(template: PathTemplate) -> dict[str, Any]:
    variables = [
        {"fieldPath": found.field_path, "start": found.start, "end": found.end, "spans": found.spans}
        for found in template.variables
    ]
    return {"segments": list(template.segments), "variables": variables, "verb": template.verb}


def _event(adapter: EventAdapter) -> dict[str, Any]:
    return {
        "frame": _json(adapter.function.members()),
        "method": method_name(adapter.method.name),
        "trigger": _trigger(adapter.trigger),
        "acknowledges": adapter.acknowledges,
        "answersHttp": adapter.answers_http,
    }


def _trigger(trigger: TriggerFrame) -> dict[str, Any]:
    return {"type": trigger.trigger_type, "config": _json(trigger.config), "metadata": _json(trigger.metadata)}
