"""Between http triggers and methods: `<function id>::http` (design decision 11, wire.md 7.1).

The request message is put together from body, path and query
(`bridge.transcoding`) and decoded by the method's own codec, so that every
check applies to it. The answer always has a body, because a function that
returns nothing makes the engine wait (wire.md 13.18).
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from msgspec import Raw

from iii_bridge.aio.invocation import Invocation
from iii_bridge.bridge.checks import checks_of
from iii_bridge.bridge.handlers import MethodBody
from iii_bridge.bridge.http_status import http_status
from iii_bridge.bridge.transcoding import Transcoder
from iii_bridge.contract.spec import BindingSpec, HttpRule, MethodSpec
from iii_bridge.errors import BridgeError, ContractError, Side, StatusError
from iii_bridge.protocol.failures import violation_detail
from iii_bridge.protocol.sidecar import MEMBER
from iii_bridge.status import StatusCode
from iii_bridge.triggers import BoundTrigger
from iii_bridge.types import Binding, Json
from iii_bridge.wire import NULL, RegisterFunction, raw

__all__ = ["HttpAdapter", "plan_http", "unavailable_response"]

_log: Final = logging.getLogger("iii_bridge.http")

_JSON_HEADERS: Final = {"content-type": "application/json"}
_ANY_OBJECT: Final = raw({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"})


class _HttpRequest(msgspec.Struct):
    """What the engine hands over (wire.md 7.1); the body stays undecoded."""

    path: str = ""
    method: str = ""
    path_params: dict[str, str] = {}
    query_params: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: Raw = NULL


class _HttpResponse(msgspec.Struct):
    status_code: int
    headers: dict[str, str]
    body: Raw


_request_decoder: Final = msgspec.json.Decoder(_HttpRequest)


class _Target:
    """One rule of one method, and how a request to it is answered."""

    def __init__(self, method: MethodSpec[Any, Any], spec: BindingSpec, rule: HttpRule, body: MethodBody) -> None:
        self.spec = spec
        self.method = method
        self.transcoder = Transcoder(method, rule)
        self._reads_body = bool(rule.body)
        self._checks = checks_of(method)
        self._body = body

    @property
    def rank(self) -> tuple[bool, bool]:
        """Which of several rules on one route is asked first: False before True."""
        template = self.transcoder.template
        return not template.verb, "**" in template.segments

    async def answer(self, request: _HttpRequest, path: Mapping[str, str], invocation: Invocation) -> Raw:
        try:
            body = self._json_body(request) if self._reads_body else None
            data = self.transcoder.request(path, request.query_params.items(), body)
            message, _ = self._checks.decode_request(data)
            response = self._checks.encode_response(await self._body(message, invocation))
            return _answer(200, self.transcoder.response(response))
        except BridgeError as error:
            return _failure(error, self.method.function_id)
        except Exception:
            _log.exception("%s failed", self.method.function_id)
            return _failure_body(StatusCode.UNKNOWN, f"{self.method.function_id} failed", ())

    def _json_body(self, request: _HttpRequest) -> Raw | None:
        """The engine hands over null for no body, broken JSON and other content types alike (wire.md 7.1)."""
        if request.body != NULL:
            return request.body
        if request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers:
            return None
        problem = "the body is not readable as JSON; send it with content-type application/json"
        raise ContractError(self.method.function_id, Side.REQUEST, "$", problem)


@dataclass(eq=False)
class _Route:
    """One route of the engine. Rules that differ in their custom verbs alone share it."""

    bound: BoundTrigger
    targets: list[_Target] = field(default_factory=list[_Target])

    def find(self, request: _HttpRequest) -> tuple[_Target, Mapping[str, str]] | None:
        names = (part[1:] for part in self.path.split("/") if part.startswith(":"))
        values = [request.path_params.get(name, "") for name in names]
        for target in self.targets:
            path = target.transcoder.template.bind(self.path, values)
            if path is not None:
                return target, path
        return None

    @property
    def path(self) -> str:
        return str(self.bound.spec.config["api_path"])

    def add(self, target: _Target) -> None:
        """Rules with a verb come first, those for any number of segments last."""
        self.targets.append(target)
        self.targets.sort(key=lambda known: known.rank)


class HttpAdapter:
    """Serves routes of http bindings under the name of one method."""

    def __init__(self, method: MethodSpec[Any, Any]) -> None:
        self.function_id: str = f"{method.function_id}::http"
        self._method = method
        self._routes: dict[tuple[str, str], _Route] = {}

    @property
    def bindings(self) -> list[BoundTrigger]:
        """What has to be bound to this function."""
        return [route.bound for route in self._routes.values()]

    def registration(self) -> RegisterFunction:
        """The frame: internal, so that listings show the method alone."""
        return RegisterFunction(
            id=self.function_id,
            description=f"HTTP for {self._method.function_id}",
            request_format=_ANY_OBJECT,
            response_format=_ANY_OBJECT,
            metadata=raw({"internal": True, MEMBER: {"method": self._method.full_name}}),
        )

    def add_route(self, spec: BindingSpec) -> _Route:
        """A route of its own, to be given targets."""
        route = _Route(BoundTrigger(spec, self.function_id))
        self._routes[_key(spec.config.get("http_method", "GET"), spec.config["api_path"])] = route
        return route

    async def handle(self, invocation: Invocation) -> Raw:
        """A handler: always answers, with 200 or with a status and a body that says why."""
        try:
            request = _request_decoder.decode(invocation.data)
            route = self._routes[_key(request.method, request.path)]
        except (msgspec.DecodeError, KeyError):
            problem = "this function answers http triggers only; call the method's own function"
            raise ContractError(self.function_id, Side.REQUEST, "$", problem) from None
        found = route.find(request)
        if found is None:
            return _failure_body(StatusCode.NOT_FOUND, "no method has this path", ())
        target, path = found
        known = route.bound.as_context()
        invocation.binding = Binding(known.trigger_type, known.trigger_id, target.spec.metadata)
        return await target.answer(request, path, invocation)


def plan_http(methods: Iterable[tuple[MethodSpec[Any, Any], MethodBody]]) -> list[HttpAdapter]:
    """The adapters of a service's transcoded bindings, one for each method that has routes of its own."""
    adapters: list[HttpAdapter] = []
    routes: dict[tuple[str, str], _Route] = {}
    for method, body in methods:
        adapter = HttpAdapter(method)
        for spec in method.bindings:
            if spec.http is None:
                continue
            target = _Target(method, spec, spec.http, body)
            for path in target.transcoder.template.engine_paths:
                shape = str(spec.config.get("http_method", "GET")), _shape(path)
                if shape not in routes:
                    own = dataclasses.replace(spec, config={**spec.config, "api_path": path})
                    routes[shape] = adapter.add_route(own)
                routes[shape].add(target)
        if adapter.bindings:
            adapters.append(adapter)
    return adapters


def unavailable_response(function_id: str) -> Raw:
    """What an http trigger is answered while its worker is closing."""
    return _failure_body(StatusCode.UNAVAILABLE, f"{function_id} did not run: its worker is closing; call again", ())


def _shape(path: str) -> str:
    """Equal for paths the engine cannot tell apart."""
    return "/".join(":" if part.startswith(":") else part for part in path.split("/"))


def _key(method: Json, path: Json) -> tuple[str, str]:
    return str(method).upper(), str(path).strip("/")


def _answer(status: int, body: Raw) -> Raw:
    return raw(_HttpResponse(status, _JSON_HEADERS, body))


def _failure(error: BridgeError, function_id: str) -> Raw:
    if isinstance(error, ContractError):
        status = error.status if error.function_id == function_id else StatusCode.INTERNAL
        return _failure_body(status, str(error), [violation_detail(error)])
    if isinstance(error, StatusError):
        return _failure_body(error.status, error.message, error.details)
    _log.warning("%s failed: %s", function_id, error)
    return _failure_body(error.status, str(error), ())


def _failure_body(status: StatusCode, message: str, details: Sequence[Mapping[str, Json]]) -> Raw:
    body = {"code": status.name, "message": message, "details": [dict(detail) for detail in details]}
    return _answer(http_status(status), raw(body))
