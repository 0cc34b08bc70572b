"""What a service registers, as the JSON that the support code reads when it starts."""

from __future__ import annotations

import json

from iii_bridge.types import Json
from iii_codegen.emit.file import header
from iii_codegen.model.registration import (
    EventAdapter,
    HttpAdapter,
    HttpRoute,
    HttpTarget,
    ServiceRegistration,
    TriggerFrame,
)

__all__ = ["registration_text"]


def registration_text(registration: ServiceRegistration, source: str) -> str:
    """The file beside the code; its first member says that it is generated."""
    document: dict[str, Json] = {
        "$comment": header(source),
        "service": registration.service.full_name,
        "namespace": registration.service.namespace,
        "methods": [
            {"method": method.full_name, "function": frame.members()} for method, frame in registration.methods
        ],
        "http": [_http(adapter) for adapter in registration.http],
        "events": [_event(adapter) for adapter in registration.events],
        "contract": {"function": registration.contract.members(), "answer": registration.answer},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _http(adapter: HttpAdapter) -> Json:
    return {"function": adapter.function.members(), "routes": [_route(route) for route in adapter.routes]}


def _route(route: HttpRoute) -> Json:
    return {"trigger": _trigger(route.trigger), "targets": [_target(target) for target in route.targets]}


def _target(target: HttpTarget) -> Json:
    template = target.template
    variables = [
        {"field": each.field_path, "start": each.start, "end": each.end, "spans": each.spans}
        for each in template.variables
    ]
    rule: dict[str, Json] = {
        "body": target.rule.body,
        "response_body": target.rule.response_body,
        "segments": list(template.segments),
        "variables": variables,
        "verb": template.verb,
    }
    return {"method": target.method.full_name, "rule": rule, "metadata": dict(target.metadata)}


def _event(adapter: EventAdapter) -> Json:
    return {
        "method": adapter.method.full_name,
        "function": adapter.function.members(),
        "trigger": _trigger(adapter.trigger),
        "acknowledges": adapter.acknowledges,
        "answers_http": adapter.answers_http,
    }


def _trigger(trigger: TriggerFrame) -> Json:
    return {
        "trigger_type": trigger.trigger_type,
        "function_id": trigger.function_id,
        "config": dict(trigger.config),
        "metadata": dict(trigger.metadata),
    }
