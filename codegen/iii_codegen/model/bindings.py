"""Trigger options become bindings: the config exactly as the engine takes it (wire.md 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from iii_bridge.contract.http_template import PathError, PathTemplate, parse_engine_path, parse_template
from iii_bridge.contract.spec import BindingSpec, HttpRule
from iii_bridge.types import Json
from iii_codegen.model.diagnostics import Report
from iii_codegen.model.naming import is_function_id
from iii_codegen.model.nodes import Place, PlacedBinding
from iii_codegen.model.options import Options

__all__ = ["HTTP_METHODS", "RAW_REQUEST", "api_bindings", "trigger_binding"]

HTTP_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
RAW_REQUEST: Final = "iii_bridge.v1.HttpRequest"
"""A method that takes this message gets the engine's request as it is."""

_VERBS: Final = ("get", "put", "post", "delete", "patch")


def api_bindings(rule: Options, request: str, report: Report) -> Iterator[PlacedBinding]:
    """The bindings of a google.api.http option, its additional ones included."""
    binding = _api_binding(rule, request, report)
    if binding is not None:
        yield binding
    for more in rule.values.get("additional_bindings", ()):
        extra = _api_binding(Options(more, rule.place), request, report)
        if extra is not None:
            yield extra


def _api_binding(rule: Options, request: str, report: Report) -> PlacedBinding | None:
    method, template = _verb(rule)
    if not template:
        report.add("III302", rule.place, "google.api.http names no path")
        return None
    try:
        path = parse_template(template)
    except PathError as error:
        report.add("III303", rule.place, str(error))
        return None
    _check_method(method, rule.place, report)
    http = HttpRule(method, template, rule.text("body"), rule.text("response_body"), path.fields)
    return _http_binding(path, http, request, {}, {}, rule.place)


def _verb(rule: Options) -> tuple[str, str]:
    for verb in _VERBS:
        if rule.has(verb):
            return verb.upper(), rule.text(verb)
    custom = rule.child("custom")
    return custom.text("kind").upper(), custom.text("path")


def _check_method(method: str, place: Place, report: Report) -> None:
    if method not in HTTP_METHODS:
        report.add("III304", place, f"http method {method or 'without a name'} does not exist")


def _check_function_id(function_id: str, option: str, place: Place, report: Report) -> None:
    if not is_function_id(function_id):
        report.add("III202", place, f"{option} of trigger has an id that is not well-formed: {function_id!r}")


def _http_binding(
    path: PathTemplate,
    http: HttpRule,
    request: str,
    more: Mapping[str, Json],
    metadata: Mapping[str, Json],
    place: Place,
) -> PlacedBinding:
    config = {"api_path": path.engine_path, "http_method": http.method, **more}
    raw = request == RAW_REQUEST
    return PlacedBinding(
        BindingSpec(trigger_type="http", config=config, metadata=metadata, http=None if raw else http), place
    )


def trigger_binding(trigger: Options, request: str, report: Report) -> PlacedBinding | None:
    """The binding of one `iii_bridge.v1.trigger` option; None when it was reported as unusable."""
    metadata = trigger.metadata(report, "trigger")
    condition = trigger.text("condition_function_id")
    more: dict[str, Json] = {"condition_function_id": condition} if condition else {}
    if condition:
        _check_function_id(condition, "condition_function_id", trigger.place, report)
    if trigger.has("http"):
        return _own_http(trigger.child("http"), request, more, metadata, report)
    for source, build in _SOURCES.items():
        if trigger.has(source):
            trigger_type, config = build(trigger.child(source), report)
            spec = BindingSpec(trigger_type=trigger_type, config={**config, **more}, metadata=metadata)
            return PlacedBinding(spec, trigger.place)
    report.add("III301", trigger.place, "trigger names no source")
    return None


def _own_http(
    source: Options, request: str, more: dict[str, Json], metadata: Mapping[str, Json], report: Report
) -> PlacedBinding | None:
    written = source.text("api_path")
    if not written:
        report.add("III302", source.place, "http trigger has no api_path")
        return None
    try:
        path = parse_engine_path(written)
    except PathError as error:
        report.add("III303", source.place, str(error))
        return None
    method = source.text("http_method").upper() or "GET"
    _check_method(method, source.place, report)
    middleware = source.values.get("middleware_function_ids", [])
    for function_id in middleware:
        _check_function_id(function_id, "middleware_function_ids", source.place, report)
    if middleware:
        more = {**more, "middleware_function_ids": list(middleware)}
    body = "*" if method in ("POST", "PUT", "PATCH") else ""
    http = HttpRule(method, path.template, body, "", path.fields)
    return _http_binding(path, http, request, more, metadata, source.place)


_Source = tuple[str, dict[str, Json]]


def _named(source: Options, names: tuple[str, ...], required: str, what: str, report: Report) -> dict[str, Json]:
    if required and not source.text(required):
        report.add("III311", source.place, f"{what} trigger has no {required}")
    return {name: source.text(name) for name in names if source.text(name)}


def _durable_subscriber(source: Options, report: Report) -> _Source:
    config = _named(source, ("topic",), "topic", "durable_subscriber", report)
    queue = _queue_config(source.child("queue_config"), report)
    if queue:
        config["queue_config"] = queue
    return "durable:subscriber", config


def _queue_config(queue: Options, report: Report) -> dict[str, Json]:
    config: dict[str, Json] = {}
    kind = queue.text("type").removeprefix("TYPE_").lower()
    if kind and kind != "unspecified":
        config["type"] = kind
    for name, member in (
        ("max_retries", "maxRetries"),
        ("concurrency", "concurrency"),
        ("max_priority", "maxPriority"),
    ):
        if queue.has(name):
            config[member] = int(queue.values[name])
    if config.get("concurrency") == 0:
        report.add("III313", queue.place, "queue concurrency is 0: nothing would be delivered", "use at least 1")
    for name, member, unit in _QUEUE_TIMES:
        time = queue.seconds(name)
        if time is None:
            continue
        if time < 0:
            report.add("III313", queue.place, f"queue {name} is negative", "use zero or more")
        elif not (time * unit).is_integer():
            report.add("III313", queue.place, f"queue {name} is finer than the engine counts", f"use 1/{unit} seconds")
        config[member] = int(time * unit)
    return config


_QUEUE_TIMES: Final = (  # option, the engine's member, its units in a second (wire.md 7.6)
    ("visibility_timeout", "visibilityTimeout", 1),
    ("delay", "delaySeconds", 1),
    ("backoff", "backoffDelayMs", 1000),
)


def _cron(source: Options, report: Report) -> _Source:
    return "cron", _named(source, ("expression",), "expression", "cron", report)


def _state(source: Options, report: Report) -> _Source:
    return "state", _named(source, ("scope", "key"), "", "state", report)


def _stream(source: Options, report: Report) -> _Source:
    event = source.text("event").removeprefix("EVENT_").lower()
    if event in ("join", "leave"):
        config = _named(source, ("stream_name", "group_id", "item_id"), "", "stream", report)
        if config:
            report.add("III316", source.place, f"filters of a stream:{event} trigger have no effect")
        return f"stream:{event}", config
    return "stream", _named(source, ("stream_name", "group_id", "item_id"), "stream_name", "stream", report)


def _subscribe(source: Options, report: Report) -> _Source:
    return "subscribe", _named(source, ("topic",), "topic", "subscribe", report)


def _custom(source: Options, report: Report) -> _Source:
    if not source.text("type"):
        report.add("III311", source.place, "custom trigger has no type")
    return source.text("type"), source.json_object("config_json", "III314", report, "custom trigger")


_SOURCES: Final[dict[str, Callable[[Options, Report], _Source]]] = {
    "durable_subscriber": _durable_subscriber,
    "cron": _cron,
    "state": _state,
    "stream": _stream,
    "subscribe": _subscribe,
    "custom": _custom,
}
