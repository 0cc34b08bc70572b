"""The contract as frozen, language-free values: what protobuf says, with iii's options resolved.

No attribute here belongs to one output language; emitters know languages,
the model knows protobuf.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from iii_bridge.contract.rules import FieldRules, MessageRules
from iii_bridge.contract.spec import (
    BindingSpec,
    Delivery,
    HttpEndpointSpec,
    Idempotency,
    JsonProfile,
    MethodKind,
    OnViolation,
    UnknownEnumNames,
    UnknownMembers,
)
from iii_bridge.types import Json

__all__ = [
    "Cardinality",
    "Contract",
    "Element",
    "Enum",
    "EnumValue",
    "Field",
    "File",
    "Kind",
    "Message",
    "Method",
    "Place",
    "PlacedBinding",
    "Service",
    "Tree",
]


_DEFAULT_PROFILE: Final = JsonProfile()


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a `.proto` file; line and column count from 1, 0 when unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Kind(enum.Enum):
    """The type of a value; the members' values are protobuf's own names of its scalar types."""

    BOOL = "bool"
    BYTES = "bytes"
    DOUBLE = "double"
    ENUM = "enum"
    FIXED32 = "fixed32"
    FIXED64 = "fixed64"
    FLOAT = "float"
    INT32 = "int32"
    INT64 = "int64"
    MESSAGE = "message"
    SFIXED32 = "sfixed32"
    SFIXED64 = "sfixed64"
    SINT32 = "sint32"
    SINT64 = "sint64"
    STRING = "string"
    UINT32 = "uint32"
    UINT64 = "uint64"


class Cardinality(enum.Enum):
    """How many values a field holds."""

    SINGULAR = "singular"
    REPEATED = "repeated"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Element:
    """One value of a field; `type_name` is the full name of its message or enum, else empty."""

    kind: Kind
    type_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a message."""

    name: str
    json_name: str
    number: int
    cardinality: Cardinality
    element: Element
    """The field's value, an item of a repeated field, or the value of a map entry."""
    key: Kind | None = None
    """The kind of a map's keys."""
    explicit_presence: bool = False
    """Whether unset and default differ: `optional`, members of oneofs, messages."""
    oneof: str = ""
    """The oneof the field belongs to; `optional` is none."""
    required: bool = False
    """Marked REQUIRED by google.api.field_behavior, buf.validate or proto2: must be present in the JSON."""
    behaviors: tuple[str, ...] = ()
    """google.api.field_behavior, by name."""
    rules: FieldRules | None = None
    """What buf.validate says."""
    examples: tuple[Json, ...] = ()
    """Of one value, in ProtoJSON; those of an enum are numbers."""
    deprecated: bool = False
    redacted: bool = False
    """Marked debug_redact: its contents are shown nowhere."""
    comment: str = ""
    place: Place
    option_place: Place | None = None
    """Where the field's options stand; None when it has none."""


@dataclass(frozen=True, slots=True)
class EnumValue:
    """A value of an enum."""

    name: str
    number: int
    deprecated: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enum:
    """An enum, at the top of a file or inside a message."""

    full_name: str
    name: str
    values: tuple[EnumValue, ...]
    closed: bool = False
    """Closed enums (proto2) refuse numbers they do not name."""
    deprecated: bool = False
    comment: str = ""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message; map entries are no messages of their own here."""

    full_name: str
    name: str
    fields: tuple[Field, ...]
    oneofs: tuple[tuple[str, str], ...] = ()
    """Name and comment of each oneof."""
    required_oneofs: tuple[str, ...] = ()
    """Names of the oneofs that need a member (buf.validate)."""
    rules: MessageRules | None = None
    """What buf.validate says of the message as a whole."""
    messages: tuple[Message, ...] = ()
    enums: tuple[Enum, ...] = ()
    deprecated: bool = False
    comment: str = ""
    place: Place


@dataclass(frozen=True, slots=True)
class PlacedBinding:
    """A binding and the option it comes from."""

    spec: BindingSpec
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A method's options: function, else service, else file, else default. Times in seconds."""

    function_id: str
    description: str = ""
    namespace: str | None = None
    metadata: Mapping[str, Json] = field(default_factory=lambda: dict[str, Json]())
    timeout: float | None = None
    attempt_timeout: float | None = None
    idempotency: Idempotency = Idempotency.UNKNOWN
    delivery: Delivery = Delivery.SYNC
    queue: str | None = None
    json: JsonProfile = _DEFAULT_PROFILE
    unknown_members: UnknownMembers = UnknownMembers.IGNORE
    unknown_enum_names: UnknownEnumNames = UnknownEnumNames.REJECT
    on_violation: OnViolation = OnViolation.ERROR
    http_endpoint: HttpEndpointSpec | None = None
    bindings: tuple[PlacedBinding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method of a service."""

    full_name: str
    """`shop.orders.v1.OrdersService/Place`."""
    name: str
    kind: MethodKind
    request: str
    """Full name of the request message."""
    response: str
    """Full name of the response message."""
    contract: Contract
    deprecated: bool = False
    comment: str = ""
    place: Place
    option_place: Place
    """Where the function's options stand; the method itself when it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service. `base_name` is its name without a trailing "Service"."""

    full_name: str
    name: str
    base_name: str
    methods: tuple[Method, ...]
    namespace: str | None = None
    description: str = ""
    digest: str = ""
    """`sha256:<hex>` over what the contract says, comments and descriptions excluded."""
    deprecated: bool = False
    comment: str = ""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One `.proto` file."""

    path: str
    package: str
    messages: tuple[Message, ...] = ()
    enums: tuple[Enum, ...] = ()
    services: tuple[Service, ...] = ()
    descriptor: bytes = b""
    """The serialized FileDescriptorProto, without source info."""
    json: JsonProfile = _DEFAULT_PROFILE
    """Of messages by themselves; what services and methods say of theirs is in the contract of the method."""

    def all_messages(self) -> Iterator[Message]:
        """Every message, each before those nested in it."""
        waiting = list(reversed(self.messages))
        while waiting:
            message = waiting.pop()
            yield message
            waiting.extend(reversed(message.messages))

    def all_enums(self) -> Iterator[Enum]:
        """Every enum, nested ones after those of the file."""
        yield from self.enums
        for message in self.all_messages():
            yield from message.enums

    def type_names(self) -> Iterator[str]:
        """The full names of all enums and messages."""
        yield from (enum.full_name for enum in self.all_enums())
        yield from (message.full_name for message in self.all_messages())


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Everything one run knows: files by path, types by full name."""

    files: Mapping[str, File]
    """Every file that was read, dependencies before those that use them."""
    generated: tuple[str, ...]
    """Paths of the files to write code for, in the order of `files`."""
    messages: Mapping[str, Message]
    enums: Mapping[str, Enum]
    file_of: Mapping[str, str]
    """The path of the file a message or an enum is defined in, by full name."""

    def generated_files(self) -> Iterator[File]:
        """The files to write code for."""
        return (self.files[path] for path in self.generated)
