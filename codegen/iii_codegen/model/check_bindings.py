"""Checks of bindings: routes, path parameters, bodies, schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from iii_bridge.contract.http_template import parse_engine_path, parse_template
from iii_bridge.contract.spec import HttpRule, MethodKind
from iii_bridge.cron import CronError, check_cron
from iii_codegen.model.bindings import RAW_REQUEST
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.nodes import Cardinality, Field, Kind, Method, PlacedBinding, Tree

__all__ = ["EVENT_MEMBERS", "check_bindings"]

_RAW_RESPONSE: Final = "iii_bridge.v1.HttpResponse"


@dataclass(frozen=True, slots=True)
class _Route:
    """Who has a route of the engine: the service, the method, the path as written and its shape."""

    service: str
    method: Method
    path: str
    shape: str


_Routes = dict[tuple[str, str], _Route]
"""By HTTP method and shape of the engine's path."""


def check_bindings(tree: Tree, report: Report) -> None:
    """Reports problems of the bindings in the generated files."""
    routes: _Routes = {}
    for file in tree.generated_files():
        for service in file.services:
            for method in service.methods:
                _check_raw(method, report)
                for binding in method.contract.bindings:
                    _check_kind(method, binding, report)
                    _check_event(tree, method, binding, report)
                    if binding.spec.trigger_type == "http":
                        _check_route(service.full_name, method, binding, routes, report)
                    if binding.spec.http is not None:
                        _check_rule(tree, method, binding, binding.spec.http, report)
                    if binding.spec.trigger_type == "cron":
                        _check_cron(binding, report)


def _check_raw(method: Method, report: Report) -> None:
    if method.request == RAW_REQUEST and method.response != _RAW_RESPONSE:
        report.add("III310", method.place, f"{method.full_name} takes the raw request but returns {method.response}")


def _check_kind(method: Method, binding: PlacedBinding, report: Report) -> None:
    if method.kind is MethodKind.UNARY:
        return
    code = "III308" if binding.spec.trigger_type == "http" else "III315"
    report.add(code, binding.place, f"{method.full_name} is streaming and has a {binding.spec.trigger_type} binding")


def _check_event(tree: Tree, method: Method, binding: PlacedBinding, report: Report) -> None:
    kind = binding.spec.trigger_type
    if "condition_function_id" in binding.spec.config and kind in _WITHOUT_CONDITION:
        report.add("III317", binding.place, f"the condition of a {kind} trigger of {method.full_name} is never asked")
    request = tree.messages.get(method.request)
    if kind in EVENT_MEMBERS and request is not None and request.fields:
        named = {name for field in request.fields for name in (field.name, field.json_name)}
        if not named & EVENT_MEMBERS[kind]:
            report.add("III318", binding.place, f"no event of a {kind} trigger fills a field of {method.request}")


_WITHOUT_CONDITION: Final = frozenset({"subscribe", "stream:join", "stream:leave"})
"""Trigger types that ignore conditions (wire.md 6.1)."""

_SUBSCRIPTION: Final = frozenset({"subscription_id", "stream_name", "group_id", "id", "context"})
EVENT_MEMBERS: Final[Mapping[str, frozenset[str]]] = {
    "cron": frozenset({"trigger", "job_id", "scheduled_time", "actual_time"}),
    "state": frozenset({"type", "event_type", "scope", "key", "old_value", "new_value"}),
    "stream": frozenset({"type", "timestamp", "streamName", "groupId", "id", "event"}),
    "stream:join": _SUBSCRIPTION,
    "stream:leave": _SUBSCRIPTION,
}
"""The members of what the engine hands over, where that is not the publisher's own payload (wire.md 7)."""


def _check_route(service: str, method: Method, binding: PlacedBinding, routes: _Routes, report: Report) -> None:
    verb, path = str(binding.spec.config["http_method"]), str(binding.spec.config["api_path"])
    rule = binding.spec.http
    template = parse_template(rule.template) if rule else parse_engine_path(path)
    own = _Route(service, method, path, template.shape)
    for engine_path in template.engine_paths:
        other = routes.setdefault((verb, parse_engine_path(engine_path).shape), own)
        # Within a service, custom verbs at the end of one route are told apart (bridge.http_adapter).
        if other is own or (other.service == service and other.shape != own.shape):
            continue
        shown = f"{verb} {path}" if path == other.path else f"{verb} {path} ({verb} {other.path})"
        problem = f"route {shown} of {method.full_name} is bound to {other.method.full_name} already"
        report.add("III305", binding.place, problem)
        return


def _check_rule(tree: Tree, method: Method, binding: PlacedBinding, rule: HttpRule, report: Report) -> None:
    what = f"{rule.method} {rule.template}"
    for path in parse_template(rule.template).fields:
        field = _field(tree, method.request, path)
        if field is None or field.element.kind is Kind.MESSAGE or field.cardinality is not Cardinality.SINGULAR:
            problem = f"path parameter {path} of {what} is no scalar field of {method.request}"
            report.add("III306", binding.place, problem)
    if rule.body not in ("", "*") and _field(tree, method.request, rule.body) is None:
        report.add("III307", binding.place, f"body {rule.body} of {what} is no field of {method.request}")
    if rule.response_body and _field(tree, method.response, rule.response_body) is None:
        report.add("III309", binding.place, f"response_body {rule.response_body} of {what} is no field of the response")


def _field(tree: Tree, root: str, path: str) -> Field | None:
    """The field a path leads to; None when there is none."""
    found: Field | None = None
    for name in path.split("."):
        message = tree.messages.get(root)
        found = next((field for field in message.fields if field.name == name), None) if message else None
        if found is None:
            return None
        root = found.element.type_name
    return found


def _check_cron(binding: PlacedBinding, report: Report) -> None:
    expression = str(binding.spec.config.get("expression", ""))
    if not expression:
        return  # reported as III311 where the option was read
    try:
        check_cron(expression)
    except CronError as error:
        report.add("III312", binding.place, f"cron expression {expression} cannot be read: {error}")
