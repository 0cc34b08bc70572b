"""What to do with each field of a message class: contract and class joined by field number.

Both decoders and both encoders work from plans; none of them looks at
descriptors or at a message library's metadata.
"""

from __future__ import annotations

import enum
import functools
import threading
from dataclasses import dataclass
from typing import Any, Final

from iii_bridge.contract.backend import FieldAccess, MessageBackend, backend_of
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.schema import EnumSchema, FieldSchema, Kind, MessageSchema
from iii_bridge.errors import UnsupportedError

__all__ = [
    "INTEGERS",
    "TREES",
    "UNBOUNDED",
    "Element",
    "FieldPlan",
    "MessagePlan",
    "Shape",
    "height_of",
    "plan_of",
    "root_element",
]


class Shape(enum.Enum):
    """How one value looks in JSON and in Python."""

    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT = "float"
    DOUBLE = "double"
    BOOL = "bool"
    STRING = "string"
    BYTES = "bytes"
    ENUM = "enum"
    NULL = "null"
    MESSAGE = "message"
    TIMESTAMP = "timestamp"
    DURATION = "duration"
    MASK = "mask"
    STRUCT = "struct"
    VALUE = "value"
    LIST = "list"
    ANY = "any"


INTEGERS: Final = frozenset({Shape.INT32, Shape.UINT32, Shape.INT64, Shape.UINT64})
"""The shapes that `scalars.INTEGER_RANGES` has a range for, by value."""

TREES: Final = frozenset({Shape.STRUCT, Shape.VALUE, Shape.LIST})
"""The shapes of any JSON object, value or array."""

UNBOUNDED: Final = TREES | {Shape.ANY}
"""The shapes that may hold anything, at any depth."""

_SHAPE_OF_KIND: Final = {
    Kind.DOUBLE: Shape.DOUBLE,
    Kind.FLOAT: Shape.FLOAT,
    Kind.INT64: Shape.INT64,
    Kind.SINT64: Shape.INT64,
    Kind.SFIXED64: Shape.INT64,
    Kind.UINT64: Shape.UINT64,
    Kind.FIXED64: Shape.UINT64,
    Kind.INT32: Shape.INT32,
    Kind.SINT32: Shape.INT32,
    Kind.SFIXED32: Shape.INT32,
    Kind.UINT32: Shape.UINT32,
    Kind.FIXED32: Shape.UINT32,
    Kind.BOOL: Shape.BOOL,
    Kind.STRING: Shape.STRING,
    Kind.BYTES: Shape.BYTES,
    Kind.ENUM: Shape.ENUM,
    Kind.MESSAGE: Shape.MESSAGE,
    Kind.GROUP: Shape.MESSAGE,
}

_SHAPE_OF_WELL_KNOWN: Final = {
    "google.protobuf.Timestamp": Shape.TIMESTAMP,
    "google.protobuf.Duration": Shape.DURATION,
    "google.protobuf.FieldMask": Shape.MASK,
    "google.protobuf.Struct": Shape.STRUCT,
    "google.protobuf.Value": Shape.VALUE,
    "google.protobuf.ListValue": Shape.LIST,
    "google.protobuf.Any": Shape.ANY,
    "google.protobuf.NullValue": Shape.NULL,
    "google.protobuf.DoubleValue": Shape.DOUBLE,
    "google.protobuf.FloatValue": Shape.FLOAT,
    "google.protobuf.Int64Value": Shape.INT64,
    "google.protobuf.UInt64Value": Shape.UINT64,
    "google.protobuf.Int32Value": Shape.INT32,
    "google.protobuf.UInt32Value": Shape.UINT32,
    "google.protobuf.BoolValue": Shape.BOOL,
    "google.protobuf.StringValue": Shape.STRING,
    "google.protobuf.BytesValue": Shape.BYTES,
}


_WRAPPED: Final = frozenset(_SHAPE_OF_KIND.values()) & frozenset(_SHAPE_OF_WELL_KNOWN.values())
_MESSAGES: Final = frozenset(Shape) - (frozenset(_SHAPE_OF_KIND.values()) - {Shape.MESSAGE}) - {Shape.NULL}


@dataclass(frozen=True, slots=True)
class Element:
    """One value: of a field, a list's item, a map's key or value, or a whole document."""

    shape: Shape
    cls: type | None = None
    """The class behind MESSAGE, ENUM and the well-known types; an enum's makes a value of a number."""
    enum: EnumSchema | None = None
    boxed: bool = False
    """A wrapper message that holds the plain value, where the library does not unwrap it."""

    @property
    def is_message(self) -> bool:
        """Whether the contract has a message here; a library may hold it as a plain value."""
        return self.boxed or self.shape in _MESSAGES

    @property
    def enum_type(self) -> type[Any]:
        """The class of an ENUM. Raises TypeError for any other value."""
        if self.cls is None or self.enum is None:
            raise TypeError("an enum field without an enum class; generate the module again")
        return self.cls


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One field: its contract, its attribute and its value."""

    schema: FieldSchema
    attribute: str
    element: Element
    """The value itself, the items of a list, or the values of a map."""
    key: Shape | None = None
    """The shape of a map's keys; None for other fields."""

    @property
    def is_plain(self) -> bool:
        """Neither a list nor a map."""
        return self.key is None and not self.schema.repeated


@dataclass(frozen=True, slots=True, eq=False)
class MessagePlan:
    """One message class: its fields, and its oneofs with their fields."""

    cls: type
    full_name: str
    backend: MessageBackend
    schema: MessageSchema
    fields: tuple[FieldPlan, ...]
    oneofs: tuple[tuple[FieldPlan, ...], ...]


@functools.cache
def plan_of(message_type: type) -> MessagePlan:
    """The plan of a generated message class.

    Raises TypeError for a class that is no message, KeyError for one that is
    not registered, UnsupportedError for a contract the codec cannot serve.
    """
    backend = backend_of(message_type)
    schema = backend.schema(message_type)
    _refuse_shared_spellings(schema)
    accesses = backend.fields(message_type)
    fields = tuple(_field_plan(field, accesses[field.number], backend) for field in schema.fields)
    by_number = {field.schema.number: field for field in fields}
    oneofs = tuple(tuple(by_number[number] for number in oneof.fields) for oneof in schema.oneofs)
    return MessagePlan(message_type, schema.full_name, backend, schema, fields, oneofs)


def root_element(message_type: type) -> Element:
    """The value a whole document of a message class is."""
    backend = backend_of(message_type)
    shape = _SHAPE_OF_WELL_KNOWN.get(backend.schema(message_type).full_name, Shape.MESSAGE)
    return Element(shape, message_type, boxed=backend.boxes and shape in _WRAPPED)


def _refuse_shared_spellings(schema: MessageSchema) -> None:
    """Both spellings of every field are read, so none may stand for two fields."""
    owners: dict[str, str] = {}
    for field in schema.fields:
        for spelling in {field.name, field.json_name}:
            if spelling in owners:
                raise UnsupportedError(
                    f"{schema.full_name}: {owners[spelling]} and {field.name} are both spelled {spelling} in JSON; "
                    "give one of them another json_name"
                )
            owners[spelling] = field.name


def _field_plan(field: FieldSchema, access: FieldAccess, backend: MessageBackend) -> FieldPlan:
    if field.map is None:
        return FieldPlan(field, access.attribute, _element(field, access, backend))
    element = _element(field.map.value, access, backend)
    return FieldPlan(field, access.attribute, element, _SHAPE_OF_KIND[field.map.key.kind])


def _element(field: FieldSchema, access: FieldAccess, backend: MessageBackend) -> Element:
    well_known = _SHAPE_OF_WELL_KNOWN.get(field.type_name)
    boxed = backend.boxes and well_known in _WRAPPED
    shape = well_known or _SHAPE_OF_KIND[field.kind]
    return Element(shape, access.cls, access.enum if shape is Shape.ENUM else None, boxed)


def height_of(plan: MessagePlan) -> int | None:
    """How many messages stand within one another at most, this one included; None when there is no bound."""
    with _heights_lock:
        if plan.cls not in _heights:
            _heights[plan.cls] = None  # met again while it is being worked out: the type is recursive
            _heights[plan.cls] = _height(plan)
        return _heights[plan.cls]


_heights: Final[dict[type, int | None]] = {}
_heights_lock: Final = threading.RLock()


def _height(plan: MessagePlan) -> int | None:
    tallest = 0
    for field in plan.fields:
        if field.element.shape in UNBOUNDED:
            return None
        if field.element.shape is Shape.MESSAGE and field.element.cls is not None:
            height = height_of(plan_of(field.element.cls))
            if height is None:
                return None
            tallest = max(tallest, height)
    return tallest + 1 if tallest < MAX_DEPTH else None
