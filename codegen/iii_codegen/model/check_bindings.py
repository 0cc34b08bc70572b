"""Checks of bindings: routes, path parameters, bodies, schedules."""

from __future__ import annotations

from typing import Final

from iii_bridge.contract.spec import HttpRule, MethodKind
from iii_codegen.model.bindings import RAW_REQUEST
from iii_codegen.model.cron import CronError, check_cron
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.http_path import parse_template
from iii_codegen.model.nodes import Cardinality, Field, Kind, Method, PlacedBinding, Tree

__all__ = ["check_bindings"]

_RAW_RESPONSE: Final = "iii_bridge.v1.HttpResponse"

_Routes = dict[tuple[str, str], tuple[Method, str]]
"""The method, and the path as written, by HTTP method and shape of the path."""


def check_bindings(tree: Tree, report: Report) -> None:
    """Reports problems of the bindings in the generated files."""
    routes: _Routes = {}
    for file in tree.generated_files():
        for service in file.services:
            for method in service.methods:
                _check_raw(method, report)
                for binding in method.contract.bindings:
                    _check_kind(method, binding, report)
                    if binding.spec.trigger_type == "http":
                        _check_route(method, binding, routes, report)
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


def _check_route(method: Method, binding: PlacedBinding, routes: _Routes, report: Report) -> None:
    verb, path = str(binding.spec.config["http_method"]), str(binding.spec.config["api_path"])
    key = verb, _shape(path)
    if key not in routes:
        routes[key] = method, path
        return
    other, other_path = routes[key]
    shown = f"{verb} {path}" if path == other_path else f"{verb} {path} ({verb} {other_path})"
    report.add("III305", binding.place, f"route {shown} of {method.full_name} is bound to {other.full_name} already")


def _shape(path: str) -> str:
    return "/".join(":" if part.startswith(":") else part for part in path.split("/"))


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
