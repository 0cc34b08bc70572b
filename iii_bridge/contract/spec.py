"""What generated stubs know of their contract, in one frozen value per method.

Specs are built at import and cost no parsing: schemas and codecs are made on
first use. No name here belongs to one message library.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from iii_bridge.types import Json

__all__ = [
    "BindingSpec",
    "Defaults",
    "Delivery",
    "Enums",
    "HttpAuth",
    "HttpEndpointSpec",
    "HttpRule",
    "Idempotency",
    "Int64",
    "JsonProfile",
    "MethodKind",
    "MethodSchemas",
    "MethodSpec",
    "Names",
    "OnViolation",
    "SchemaTable",
    "ServiceSpec",
    "UnknownEnumNames",
    "UnknownMembers",
]

Request = TypeVar("Request")
Response = TypeVar("Response")

_NOTHING: Mapping[str, Json] = MappingProxyType({})


class Names(enum.Enum):
    """How fields are spelled in JSON: by json_name, or as written in the contract."""

    JSON = "json"
    PROTO = "proto"


class Int64(enum.Enum):
    """How 64-bit integers are spelled in JSON."""

    STRING = "string"
    NUMBER = "number"


class Enums(enum.Enum):
    """How enum values are spelled in JSON."""

    NAME = "name"
    NUMBER = "number"


class Defaults(enum.Enum):
    """Whether members with default values are written."""

    EMIT = "emit"
    OMIT = "omit"


@dataclass(frozen=True, slots=True)
class JsonProfile:
    """How messages are spelled in JSON. Decoding accepts every legal spelling whatever the profile."""

    names: Names = Names.JSON
    int64: Int64 = Int64.STRING
    enums: Enums = Enums.NAME
    defaults: Defaults = Defaults.EMIT


class UnknownMembers(enum.Enum):
    """What happens to members the contract does not know."""

    IGNORE = "ignore"
    WARN = "warn"
    REJECT = "reject"


class UnknownEnumNames(enum.Enum):
    """What happens to an enum value whose name the contract does not know; numbers are kept."""

    REJECT = "reject"
    IGNORE = "ignore"
    """It counts as absent: in its field, in its list, in its map."""


class OnViolation(enum.Enum):
    """What happens to a queue delivery that violates the contract."""

    ERROR = "error"
    ACK_AND_LOG = "ack_and_log"


class Delivery(enum.Enum):
    """How a call is delivered when the caller does not choose."""

    SYNC = "sync"
    VOID = "void"
    ENQUEUE = "enqueue"


class Idempotency(enum.Enum):
    """The standard `idempotency_level` option: what may be retried."""

    UNKNOWN = "unknown"
    NO_SIDE_EFFECTS = "no_side_effects"
    IDEMPOTENT = "idempotent"


class MethodKind(enum.Enum):
    """Which sides of a method are streams."""

    UNARY = "unary"
    CLIENT_STREAM = "client_stream"
    SERVER_STREAM = "server_stream"
    BIDI_STREAM = "bidi_stream"


@dataclass(frozen=True, slots=True)
class HttpRule:
    """How an HTTP request becomes a request message, as google.api.http writes it.

    `template` is the path as written (`/v1/orders/{order_id}`), `body` is `*`,
    the name of a field, or empty; `response_body` a field name or empty.
    """

    method: str
    template: str
    body: str = ""
    response_body: str = ""
    path_fields: tuple[str, ...] = ()
    """Proto field paths bound by the template, in order; equal to the engine's path parameter names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingSpec:
    """One trigger of a method: `config` and `metadata` are what the engine is sent (wire.md 7)."""

    trigger_type: str
    config: Mapping[str, Json]
    metadata: Mapping[str, Json] = field(default_factory=lambda: _NOTHING)
    http: HttpRule | None = None
    """Set for http bindings, unless the method takes iii_bridge.v1.HttpRequest as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAuth:
    """`kind` is bearer, api_key or hmac; `env` names an environment variable of the engine (wire.md 9)."""

    kind: str
    env: str
    header: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpEndpointSpec:
    """A function the engine invokes over HTTP (wire.md 9). `timeout` in seconds."""

    url: str
    method: str = "POST"
    timeout: float | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    auth: HttpAuth | None = None


@dataclass(frozen=True, slots=True)
class MethodSchemas:
    """JSON Schemas of one function as JSON text, in both dialects."""

    request: str
    response: str
    request_draft_07: str
    response_draft_07: str


SchemaTable = Mapping[str, MethodSchemas]
"""From a method's full name (`shop.orders.v1.OrdersService/Place`) to its schemas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSpec(Generic[Request, Response]):
    """Everything the runtime needs to call or to serve one method. Times in seconds."""

    full_name: str
    """`shop.orders.v1.OrdersService/Place`."""
    name: str
    """The Python name of the method on clients and service bases."""
    function_id: str
    kind: MethodKind
    request: type[Request]
    response: type[Response]
    schemas: Callable[[], SchemaTable]
    """Loads the schemas of the file on first use."""
    description: str = ""
    namespace: str | None = None
    """The namespace the function is served in; None: the connection's."""
    metadata: Mapping[str, Json] = field(default_factory=lambda: _NOTHING)
    timeout: float | None = None
    attempt_timeout: float | None = None
    idempotency: Idempotency = Idempotency.UNKNOWN
    delivery: Delivery = Delivery.SYNC
    queue: str | None = None
    json: JsonProfile = JsonProfile()
    unknown_members: UnknownMembers = UnknownMembers.IGNORE
    unknown_enum_names: UnknownEnumNames = UnknownEnumNames.REJECT
    on_violation: OnViolation = OnViolation.ERROR
    http_endpoint: HttpEndpointSpec | None = None
    bindings: tuple[BindingSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """One service: its methods and the digest of everything its contract says."""

    full_name: str
    methods: tuple[MethodSpec[Any, Any], ...]
    digest: str
    """`sha256:<hex>` over the service's contract; equal digests mean equal contracts."""
    namespace: str | None = None
    description: str = ""
