"""Checks of functions: ids, root types, times, delivery, JSON profile, endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from iii_bridge.contract.spec import Delivery, HttpEndpointSpec, Int64, MethodKind
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.naming import is_function_id
from iii_codegen.model.nodes import Kind, Method, Service, Tree

__all__ = ["check_functions"]

_EMPTY: Final = "google.protobuf.Empty"
_NO_OBJECTS: Final = frozenset(
    f"google.protobuf.{name}"
    for name in (
        "BoolValue",
        "BytesValue",
        "DoubleValue",
        "Duration",
        "FieldMask",
        "FloatValue",
        "Int32Value",
        "Int64Value",
        "ListValue",
        "StringValue",
        "Timestamp",
        "UInt32Value",
        "UInt64Value",
        "Value",
    )
)
"""Types whose JSON is no object."""

_LONG: Final = frozenset((Kind.INT64, Kind.SINT64, Kind.SFIXED64, Kind.UINT64, Kind.FIXED64))
_ENDPOINT_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HEADER: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


_Ids = dict[tuple[str | None, str], Method]
"""The first method with an id, by namespace and id."""


def check_functions(tree: Tree, report: Report) -> None:
    """Reports problems of the functions in the generated files."""
    ids: _Ids = {}
    for method in _methods(tree):
        _check_unique(method, ids, report)
        _check_id(method, report)
        _check_roots(method, report)
        _check_times(method, report)
        _check_delivery(method, report)
        if method.contract.http_endpoint is not None:
            _check_endpoint(method, method.contract.http_endpoint, report)
    for file in tree.generated_files():
        for service in file.services:
            _check_namespace(service, report)
            _check_profiles(tree, service, report)


def _methods(tree: Tree) -> Iterator[Method]:
    for file in tree.generated_files():
        for service in file.services:
            yield from service.methods


def _check_unique(method: Method, ids: _Ids, report: Report) -> None:
    """The adapter of an http binding is a function of its own (design decision 11)."""
    contract = method.contract
    own = [contract.function_id] if contract.function_id else []
    if own and any(binding.spec.http is not None for binding in contract.bindings):
        own.append(f"{contract.function_id}::http")
    for function_id in own:
        other = ids.setdefault((contract.namespace, function_id), method)
        if other is not method:
            problem = f"{method.full_name} has the function id {function_id} of {other.full_name}"
            report.add("III203", method.option_place, problem)


def _check_id(method: Method, report: Report) -> None:
    function_id = method.contract.function_id
    if function_id and not is_function_id(function_id):
        report.add("III202", method.option_place, f"function id of {method.full_name} is not well-formed")


def _check_namespace(service: Service, report: Report) -> None:
    namespace = service.namespace
    if namespace is not None and (not namespace.isprintable() or " " in namespace):
        report.add("III215", service.place, f"namespace of {service.full_name} is not well-formed")


def _check_roots(method: Method, report: Report) -> None:
    for side, root in (("request", method.request), ("response", method.response)):
        if root in _NO_OBJECTS:
            report.add("III204", method.place, f"{side} of {method.full_name} is {root}, which is not a JSON object")


def _check_times(method: Method, report: Report) -> None:
    contract = method.contract
    if contract.attempt_timeout is not None and method.kind is not MethodKind.UNARY:
        report.add("III212", method.option_place, f"{method.full_name} is never retried: it is streaming")
    if contract.timeout is None or contract.attempt_timeout is None:
        return
    if contract.attempt_timeout > contract.timeout > 0:
        report.add("III209", method.option_place, f"attempt_timeout of {method.full_name} is longer than its timeout")


def _check_delivery(method: Method, report: Report) -> None:
    contract = method.contract
    if contract.delivery is Delivery.SYNC:
        return
    what = f"{method.full_name} with delivery {contract.delivery.value}"
    if method.response != _EMPTY:
        report.add("III210", method.option_place, f"{what} has a response that nobody receives")
    if contract.delivery is Delivery.ENQUEUE and contract.queue is None:
        report.add("III211", method.option_place, f"{what} names no queue")
    if method.kind is not MethodKind.UNARY:
        report.add("III213", method.option_place, f"{what} is streaming")


def _check_profiles(tree: Tree, service: Service, report: Report) -> None:
    """One finding a service: the profile is mostly inherited."""
    for method in service.methods:
        roots = (method.request, method.response)
        if method.contract.json.int64 is Int64.NUMBER and any(_has_long(tree, root) for root in roots):
            problem = f"{service.full_name} writes 64-bit integers as numbers; JavaScript loses those above 2^53"
            report.add("III214", method.option_place, problem)
            return


def _has_long(tree: Tree, root: str) -> bool:
    seen: set[str] = set()
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in tree.messages or name.startswith("google.protobuf."):
            continue
        seen.add(name)
        for field in tree.messages[name].fields:
            if field.element.kind in _LONG:
                return True
            waiting.append(field.element.type_name)
    return False


def _check_endpoint(method: Method, endpoint: HttpEndpointSpec, report: Report) -> None:
    place, what = method.option_place, f"http_endpoint of {method.full_name}"
    if method.kind is not MethodKind.UNARY:
        report.add("III405", place, f"{method.full_name} is streaming and has an http_endpoint")
    if not _is_url(endpoint.url):
        report.add("III401", place, f"{what} has no absolute http or https url")
    if endpoint.method not in _ENDPOINT_METHODS:
        report.add("III402", place, f"{what} has the method {endpoint.method}")
    if endpoint.timeout is not None and endpoint.timeout <= 0:
        report.add("III208", place, f"timeout of {what} is not positive")
    for name, value in endpoint.headers.items():
        if not _HEADER.fullmatch(name) or any(char in value for char in "\r\n\0"):
            report.add("III403", place, f"{what} has a header that is not well-formed: {name!r}")
    auth = endpoint.auth
    if auth is not None and not auth.env:
        report.add("III404", place, f"{what} names no environment variable for {auth.kind}")
    if auth is not None and auth.kind == "api_key" and not _HEADER.fullmatch(auth.header):
        report.add("III403", place, f"{what} names no header for api_key")


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url
