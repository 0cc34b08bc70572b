"""What a worker registers for a service, whatever its language: functions, bindings and what they are made of.

Design decisions 11, 15 and 27 in data. Emitters write it down in their
language; a worker of any of them then registers what `Bridge.serve` does.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from iii_bridge.contract.http_template import PathTemplate, parse_template
from iii_bridge.contract.spec import BindingSpec, HttpAuth, HttpEndpointSpec, HttpRule, MethodSchemas, OnViolation
from iii_bridge.types import Json
from iii_codegen.model.library import is_library
from iii_codegen.model.nodes import Method, Service, Tree
from iii_codegen.model.reach import closure

__all__ = [
    "CONTRACT_PREFIX",
    "SIDECAR_MEMBER",
    "EventAdapter",
    "FunctionFrame",
    "HttpAdapter",
    "HttpRoute",
    "HttpTarget",
    "ServiceRegistration",
    "TriggerFrame",
    "service_registration",
]

SIDECAR_MEMBER: Final = "iii-bridge"
"""Our member of metadata: of invocations (design decision 8) and of functions."""

CONTRACT_PREFIX: Final = "iii-bridge::contract::"
"""What the id of a service's contract function begins with (design decision 27)."""

_QUEUED: Final = frozenset({"durable:subscriber"})
_ANY: Final = "google.protobuf.Any"

_ANY_OBJECT: Final[Mapping[str, Json]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
}
_CONTRACT_REQUEST: Final[Mapping[str, Json]] = {"title": "ContractRequest", "type": "object"}
_CONTRACT_RESPONSE: Final[Mapping[str, Json]] = {
    "title": "ServedContract",
    "type": "object",
    "properties": {
        "service": {"type": "string"},
        "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        "descriptors": {"type": "string", "contentEncoding": "base64"},
    },
    "required": ["service", "digest", "descriptors"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionFrame:
    """One `registerfunction` (wire.md 3.1)."""

    id: str
    description: str
    """Empty for none."""
    request_format: Mapping[str, Json]
    response_format: Mapping[str, Json]
    metadata: Mapping[str, Json]
    invocation: Mapping[str, Json] | None = None
    """Set where the engine invokes the function over HTTP (wire.md 9)."""

    def members(self) -> dict[str, Json]:
        """The frame without its type; what is not there is left out."""
        described: dict[str, Json] = {"description": self.description} if self.description else {}
        invoked: dict[str, Json] = {} if self.invocation is None else {"invocation": self.invocation}
        schemas: dict[str, Json] = {"request_format": self.request_format, "response_format": self.response_format}
        return {"id": self.id, **described, **schemas, "metadata": self.metadata, **invoked}


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerFrame:
    """One `registertrigger` (wire.md 3.4) without its id, which each worker makes."""

    trigger_type: str
    function_id: str
    config: Mapping[str, Json]
    metadata: Mapping[str, Json]
    """Empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTarget:
    """One http rule of a method, as a route is answered by it."""

    method: Method
    rule: HttpRule
    template: PathTemplate
    metadata: Mapping[str, Json]
    """Of the binding, for the context of whoever handles the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRoute:
    """One route of the engine; rules that differ in their custom verbs alone share it."""

    trigger: TriggerFrame
    targets: tuple[HttpTarget, ...]
    """In the order they are asked: the first whose template fits answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAdapter:
    """The function that transcodes for the routes of one method."""

    function: FunctionFrame
    method: Method
    routes: tuple[HttpRoute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAdapter:
    """The function that a binding invokes which hands over requests as they are."""

    function: FunctionFrame
    method: Method
    trigger: TriggerFrame
    acknowledges: bool
    """Whether a delivery that violates the contract is acknowledged and logged (design decision 12)."""
    answers_http: bool
    """Whether the response is an iii_bridge.v1.HttpResponse that the engine's http is given (wire.md 7.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRegistration:
    """Everything that is registered for one service."""

    service: Service
    methods: tuple[tuple[Method, FunctionFrame], ...]
    http: tuple[HttpAdapter, ...]
    events: tuple[EventAdapter, ...]
    contract: FunctionFrame
    """The function that answers with the contract; nobody waits for it."""
    answer: Mapping[str, Json]
    """What it answers."""
    required: Mapping[str, tuple[str, ...]]
    """The REQUIRED fields of the messages the service exchanges: full name to names as in the contract."""

    @property
    def functions(self) -> Iterator[FunctionFrame]:
        """In the order they are registered, the contract's last."""
        yield from (frame for _, frame in self.methods)
        yield from (adapter.function for adapter in self.http)
        yield from (adapter.function for adapter in self.events)
        yield self.contract

    @property
    def triggers(self) -> Iterator[TriggerFrame]:
        """In the order they are bound."""
        yield from (route.trigger for adapter in self.http for route in adapter.routes)
        yield from (adapter.trigger for adapter in self.events)


def service_registration(tree: Tree, service: Service, schemas: Mapping[str, MethodSchemas]) -> ServiceRegistration:
    """The registration of one service of a tree, with schemas in 2020-12; `schemas` holds them by full name."""
    methods = tuple((method, _own_function(method, service, schemas[method.full_name])) for method in service.methods)
    contract, answer = _contract(tree, service)
    return ServiceRegistration(
        service=service,
        methods=methods,
        http=tuple(_http_adapters(service)),
        events=tuple(adapter for method, own in methods for adapter in _event_adapters(method, own)),
        contract=contract,
        answer=answer,
        required=_required(tree, service),
    )


# --- functions ---------------------------------------------------------------


def _own_function(method: Method, service: Service, schemas: MethodSchemas) -> FunctionFrame:
    contract = method.contract
    endpoint = contract.http_endpoint
    return FunctionFrame(
        id=contract.function_id,
        description=contract.description,
        request_format=json.loads(schemas.request),
        response_format=json.loads(schemas.response),
        metadata={**contract.metadata, SIDECAR_MEMBER: {"method": method.full_name, "digest": service.digest}},
        invocation=None if endpoint is None else _invocation(endpoint),
    )


def _invocation(endpoint: HttpEndpointSpec) -> dict[str, Json]:
    found: dict[str, Json] = {"url": endpoint.url, "method": endpoint.method}
    if endpoint.timeout is not None:
        found["timeout_ms"] = max(1, round(endpoint.timeout * 1000))
    if endpoint.headers:
        found["headers"] = dict(endpoint.headers)
    if endpoint.auth is not None:
        found["auth"] = _auth(endpoint.auth)
    return found


def _auth(auth: HttpAuth) -> dict[str, Json]:
    if auth.kind == "api_key":
        return {"type": auth.kind, "header": auth.header, "value_key": auth.env}
    return {"type": auth.kind, ("token_key" if auth.kind == "bearer" else "secret_key"): auth.env}


def _contract(tree: Tree, service: Service) -> tuple[FunctionFrame, dict[str, Json]]:
    about: dict[str, Json] = {"service": service.full_name, "digest": service.digest}
    frame = FunctionFrame(
        id=CONTRACT_PREFIX + service.full_name,
        description=f"the contract of {service.full_name}",
        request_format=_CONTRACT_REQUEST,
        response_format=_CONTRACT_RESPONSE,
        metadata={"internal": True, SIDECAR_MEMBER: about},
    )
    descriptors = base64.b64encode(_descriptor_set(tree, service)).decode()
    return frame, {**about, "descriptors": descriptors}


def _descriptor_set(tree: Tree, service: Service) -> bytes:
    """The file of the service, dependencies first, without those of libraries."""
    path = next(file.path for file in tree.files.values() if service in file.services)
    found: dict[str, FileDescriptorProto] = {}
    _collect(path, tree, found)
    return FileDescriptorSet(file=found.values()).SerializeToString()


def _collect(path: str, tree: Tree, found: dict[str, FileDescriptorProto]) -> None:
    proto = FileDescriptorProto.FromString(tree.files[path].descriptor)
    for dependency in proto.dependency:
        if dependency in tree.generated and dependency not in found and not is_library(dependency):
            _collect(dependency, tree, found)
    found[path] = proto


# --- bindings ----------------------------------------------------------------


def _adapter(
    function_id: str, description: str, method: Method, request: Mapping[str, Json], response: Mapping[str, Json]
) -> FunctionFrame:
    """Internal, so that listings show the method alone."""
    return FunctionFrame(
        id=function_id,
        description=f"{description} for {method.contract.function_id}",
        request_format=request,
        response_format=response,
        metadata={"internal": True, SIDECAR_MEMBER: {"method": method.full_name}},
    )


def _http_adapters(service: Service) -> Iterator[HttpAdapter]:
    """One for each method that is the first to have a route; later ones join the route they cannot be told from."""
    routes: dict[tuple[str, str], tuple[Method, TriggerFrame, list[HttpTarget]]] = {}
    for method in service.methods:
        function_id = f"{method.contract.function_id}::http"
        for spec, target in _http_targets(method):
            for path in target.template.engine_paths:
                shape = str(spec.config.get("http_method", "GET")), _shape(path)
                if shape not in routes:
                    config = {**spec.config, "api_path": path}
                    routes[shape] = method, _trigger(spec, function_id, config), []
                routes[shape][2].append(target)
    for method in service.methods:
        own = tuple(
            HttpRoute(trigger=trigger, targets=tuple(sorted(targets, key=_rank)))
            for owner, trigger, targets in routes.values()
            if owner is method
        )
        if own:
            frame = _adapter(own[0].trigger.function_id, "HTTP", method, _ANY_OBJECT, _ANY_OBJECT)
            yield HttpAdapter(function=frame, method=method, routes=own)


def _http_targets(method: Method) -> Iterator[tuple[BindingSpec, HttpTarget]]:
    for binding in method.contract.bindings:
        spec = binding.spec
        if spec.http is not None:
            template = parse_template(spec.http.template)
            yield spec, HttpTarget(method=method, rule=spec.http, template=template, metadata=spec.metadata)


def _shape(path: str) -> str:
    """Equal for paths the engine cannot tell apart."""
    return "/".join(":" if part.startswith(":") else part for part in path.split("/"))


def _rank(target: HttpTarget) -> tuple[bool, bool]:
    """Rules with a verb come first, those for any number of segments last."""
    return not target.template.verb, "**" in target.template.segments


def _event_adapters(method: Method, own: FunctionFrame) -> Iterator[EventAdapter]:
    """Every binding that is not transcoded: numbered from the second of a type on."""
    met: Counter[str] = Counter()
    for binding in method.contract.bindings:
        spec = binding.spec
        if spec.http is not None:
            continue
        kind = spec.trigger_type.replace(":", "-")
        met[kind] += 1
        number = f"-{met[kind]}" if met[kind] > 1 else ""
        function_id = f"{own.id}::on-{kind}{number}"
        queued = spec.trigger_type in _QUEUED
        yield EventAdapter(
            function=_adapter(function_id, spec.trigger_type, method, own.request_format, own.response_format),
            method=method,
            trigger=_trigger(spec, function_id, spec.config),
            acknowledges=queued and method.contract.on_violation is OnViolation.ACK_AND_LOG,
            answers_http=spec.trigger_type == "http",
        )


def _trigger(spec: BindingSpec, function_id: str, config: Mapping[str, Any]) -> TriggerFrame:
    return TriggerFrame(
        trigger_type=spec.trigger_type, function_id=function_id, config=config, metadata=dict(spec.metadata)
    )


def _required(tree: Tree, service: Service) -> dict[str, tuple[str, ...]]:
    """An Any may hold every message of the tree."""
    reached = closure(tree, (name for method in service.methods for name in (method.request, method.response)))
    names = tree.messages if _ANY in reached else reached
    found = {
        name: tuple(field.name for field in tree.messages[name].fields if field.required)
        for name in sorted(names)
        if name in tree.messages
    }
    return {name: fields for name, fields in found.items() if fields}
