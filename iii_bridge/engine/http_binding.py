"""The config of an http trigger, read into a route (wire.md 7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from iii_bridge.engine.firing import read_config
from iii_bridge.engine.providers import TriggerRefused
from iii_bridge.protocol.engine_state import Binding, TriggerType
from iii_bridge.wire.codec import raw
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["HTTP_TYPE", "Route", "read_route"]

_METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"})
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_STRINGS: Final[dict[str, Any]] = {"type": "object", "additionalProperties": {"type": "string"}}
_CONFIG_SCHEMA: Final[dict[str, Any]] = {
    "$schema": _DIALECT,
    "title": "HttpTriggerConfig",
    "type": "object",
    "required": ["api_path"],
    "properties": {
        "api_path": {"type": "string", "description": "path of the route; `:name` takes one segment"},
        "http_method": {"enum": [*sorted(_METHODS), None], "default": "GET"},
        "condition_function_id": {"type": ["string", "null"], "description": "called first; only false stops"},
        "middleware_function_ids": {"type": ["array", "null"], "items": {"type": "string"}},
    },
}
_REQUEST_SCHEMA: Final[dict[str, Any]] = {
    "$schema": _DIALECT,
    "title": "HttpCallRequest",
    "type": "object",
    "required": ["body", "headers", "method", "path", "path_params", "query_params"],
    "properties": {
        "body": {"description": "the JSON body; null for any other content type"},
        "headers": _STRINGS,
        "method": {"type": "string"},
        "path": {"type": "string", "description": "the registered template"},
        "path_params": _STRINGS,
        "query_params": _STRINGS,
    },
}
_RESPONSE_SCHEMA: Final[dict[str, Any]] = {
    "$schema": _DIALECT,
    "title": "HttpCallResponse",
    "type": "object",
    "properties": {
        "status_code": {"type": ["integer", "null"], "default": 200},
        "headers": {"anyOf": [_STRINGS, {"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
        "body": {"default": {}},
    },
}

HTTP_TYPE: Final = TriggerType(
    namespace=DEFAULT_NAMESPACE,
    id="http",
    description="HTTP API trigger",
    provider=None,
    worker_name="iii-http",
    configuration_schema=raw(_CONFIG_SCHEMA),
    request_schema=raw(_REQUEST_SCHEMA),
    response_schema=raw(_RESPONSE_SCHEMA),
)
"""The trigger type, as discovery shows it."""


class _Config(msgspec.Struct):
    api_path: str | None = None
    http_method: str | None = None
    condition_function_id: str | None = None
    middleware_function_ids: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One binding as a route: `path` is the template with its leading slash."""

    binding: Binding
    method: str
    path: str
    parameters: tuple[str, ...]
    condition: str | None
    middleware: tuple[str, ...]


def read_route(binding: Binding) -> Route:
    """Reads a binding's config; raises `TriggerRefused` with what is wrong."""
    config = read_config(binding, _Config)
    if not config.api_path:
        raise TriggerRefused("api_path is required for http triggers")
    method = (config.http_method or "GET").upper()
    if method not in _METHODS:
        known = ", ".join(sorted(_METHODS))
        raise TriggerRefused(f"http_method '{config.http_method}' is not supported; use one of {known}")
    path = "/" + config.api_path.removeprefix("/")
    return Route(
        binding=binding,
        method=method,
        path=path,
        parameters=tuple(segment[1:] for segment in path.split("/") if segment.startswith(":")),
        condition=config.condition_function_id or None,
        middleware=tuple(config.middleware_function_ids or ()),
    )
