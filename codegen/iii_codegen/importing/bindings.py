"""Registered triggers as options: the config of the engine back to what a contract says (wire.md 7)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from iii_bridge.contract.compat.document import is_object
from iii_bridge.contract.http_template import PathError, parse_engine_path
from iii_bridge.types import Json
from iii_codegen.importing.draft import Binding
from iii_codegen.importing.literal import Word

__all__ = ["HTTP_ENVELOPE", "event_messages", "option"]

HTTP_ENVELOPE: Final = frozenset(
    {"query_params", "path_params", "headers", "body", "request_body", "method", "trigger", "path"}
)
"""The members of what the engine hands to a function that is bound to http (wire.md 7.1)."""

_EVENTS: Final = {
    "http": ("HttpRequest", "HttpResponse"),
    "cron": ("CronTick", ""),
    "state": ("StateChange", ""),
    "stream": ("StreamEvent", ""),
    "stream:join": ("StreamSubscription", ""),
    "stream:leave": ("StreamSubscription", ""),
    "log": ("LogRecord", ""),
    "engine::functions-available": ("FunctionsAvailable", ""),
    "engine::workers-available": ("WorkersAvailable", ""),
}
_VERBS: Final = ("GET", "PUT", "POST", "DELETE", "PATCH")
_WITH_BODY: Final = ("POST", "PUT", "PATCH")
_NAMED: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "cron": ("cron", ("expression",)),
    "state": ("state", ("scope", "key")),
    "stream": ("stream", ("stream_name", "group_id", "item_id")),
    "subscribe": ("subscribe", ("topic",)),
    "durable:subscriber": ("durable_subscriber", ("topic",)),
}


def event_messages(trigger_type: str) -> tuple[str, str]:
    """The messages of `iii_bridge.v1` a trigger type hands over and takes back, empty where it does not say."""
    request, response = _EVENTS.get(trigger_type, ("", ""))
    return (f"iii_bridge.v1.{request}" if request else ""), (f"iii_bridge.v1.{response}" if response else "")


def option(binding: Binding) -> tuple[str, dict[str, Any]]:
    """The name of an option and its value: google's for a plain route, else a trigger of ours."""
    config = {name: value for name, value in binding.config.items() if value is not None}
    condition = config.pop("condition_function_id", None)
    source = _source(binding.trigger_type, config)
    if source is None:
        text = json.dumps({**binding.config}, ensure_ascii=False, sort_keys=True)
        return _OURS, {"custom": {"type": binding.trigger_type, "config_json": text}}
    if "http" in source and condition is None and set(config) <= {"api_path", "http_method"}:
        rule = _google(str(config["api_path"]), str(config.get("http_method", "GET")).upper())
        if rule is not None:
            return "google.api.http", rule
    more = {"condition_function_id": condition} if condition is not None else {}
    return _OURS, {**source, **more}


_OURS: Final = "iii_bridge.v1.trigger"


def _source(trigger_type: str, config: Mapping[str, Json]) -> dict[str, Any] | None:
    """The source of a trigger, when its option can say all of the config."""
    if trigger_type == "http" and set(config) <= {"api_path", "http_method", "middleware_function_ids"}:
        return {"http": {**config}} if isinstance(config.get("api_path"), str) else None
    if trigger_type in ("stream:join", "stream:leave") and not config:
        return {"stream": {"event": Word(f"EVENT_{trigger_type.partition(':')[2].upper()}")}}
    option_name, names = _NAMED.get(trigger_type, ("", ()))
    plain = {name: value for name, value in config.items() if name in names and isinstance(value, str)}
    rest = {name: value for name, value in config.items() if name not in plain}
    if not option_name or (rest and set(rest) != {"queue_config"}):
        return None
    if rest:
        queue = _queue(rest["queue_config"])
        return None if queue is None else {option_name: {**plain, "queue_config": queue}}
    return {option_name: plain}


def _queue(config: Json) -> dict[str, Any] | None:
    if not is_object(config):
        return None
    found: dict[str, Any] = {}
    for name, value in config.items():
        if name == "type" and value in ("concurrent", "fifo"):
            found["type"] = Word(f"TYPE_{str(value).upper()}")
        elif name in _QUEUE_NUMBERS and isinstance(value, int):
            found[_QUEUE_NUMBERS[name]] = value
        elif name in _QUEUE_TIMES and isinstance(value, int):
            option_name, unit = _QUEUE_TIMES[name]
            seconds, rest = divmod(value, unit)
            found[option_name] = {"seconds": seconds, **({"nanos": rest * (10**9 // unit)} if rest else {})}
        else:
            return None
    return found


_QUEUE_NUMBERS: Final = {
    "maxRetries": "max_retries",
    "concurrency": "concurrency",
    "maxPriority": "max_priority",
}
_QUEUE_TIMES: Final = {
    "visibilityTimeout": ("visibility_timeout", 1),
    "delaySeconds": ("delay", 1),
    "backoffDelayMs": ("backoff", 1000),
}


def _google(path: str, method: str) -> dict[str, Any] | None:
    if method not in _VERBS:
        return None
    try:
        template = parse_engine_path(path).template
    except PathError:
        return None
    return {method.lower(): template, **({"body": "*"} if method in _WITH_BODY else {})}
