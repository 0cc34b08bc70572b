"""A third message library, as small as one can be: what it takes to add one to the codec.

Messages have slots; times are nanoseconds, a Struct and a
ListValue plain Python values, a Value a tuple with one, a FieldMask its paths,
an Any its URL and bytes.
"""

from __future__ import annotations

import datetime
import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any

from iii_bridge.contract import scalars
from iii_bridge.contract.attribute_source import AttributeSource
from iii_bridge.contract.backend import FieldAccess, ScalarForm, add_backend
from iii_bridge.contract.descriptors import parse_file
from iii_bridge.contract.nanoseconds import NanoDatetime, NanoTimedelta, nanoseconds_beyond
from iii_bridge.contract.plan import Element, FieldPlan, Shape
from iii_bridge.contract.problems import Problem
from iii_bridge.contract.schema import MessageSchema

__all__ = ["PlainMessage", "plain_class"]

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MICROSECOND = datetime.timedelta(microseconds=1)


class PlainMessage:
    """The base of its messages."""

    __slots__ = ()
    DESCRIPTOR: Any

    def __init__(self) -> None:
        for field in self.DESCRIPTOR.fields:
            setattr(self, field.name, _default(field))


@functools.cache
def plain_class(descriptor: Any) -> type[Any]:
    """The class of a descriptor."""
    slots = tuple(field.name for field in descriptor.fields)
    return type(descriptor.name, (PlainMessage,), {"__slots__": slots, "DESCRIPTOR": descriptor})


def _default(field: Any) -> Any:
    if field.is_repeated:
        is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
        return {} if is_map else []
    return None if field.has_presence else field.default_value


class _PlainBackend:
    name = "plain"
    source = AttributeSource()
    boxes = False

    def owns(self, message_type: type) -> bool:
        return issubclass(message_type, PlainMessage)

    def schema(self, message_type: Any) -> MessageSchema:
        descriptor = message_type.DESCRIPTOR
        return parse_file(descriptor.file.serialized_pb).messages[descriptor.full_name]

    def fields(self, message_type: Any) -> Mapping[int, FieldAccess]:
        return {field.number: self._access(field) for field in message_type.DESCRIPTOR.fields}

    def _access(self, field: Any) -> FieldAccess:
        value = field
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            value = field.message_type.fields_by_name["value"]
        if value.enum_type is not None:
            enums = parse_file(value.enum_type.file.serialized_pb).enums
            return FieldAccess(field.name, int, enums[value.enum_type.full_name])
        return FieldAccess(field.name, value.message_type and plain_class(value.message_type))

    def class_of(self, full_name: str, near: Any) -> type:
        return plain_class(near.DESCRIPTOR.file.pool.FindMessageTypeByName(full_name))

    def loader(self, field: FieldPlan) -> Callable[[Any], Any]:
        return operator.attrgetter(field.attribute)

    def storer(self, field: FieldPlan) -> Callable[[Any, Any], None]:
        return lambda message, value: setattr(message, field.attribute, value)

    def scalar_form(self, element: Element) -> ScalarForm | None:
        return FORMS.get(element.shape)

    def make(self, shape: Shape, cls: type, content: Any) -> Any:
        return (content,) if shape is Shape.VALUE else content  # a Value of null is not an unset one

    def open(self, shape: Shape, value: Any) -> Any:
        if not isinstance(value, {Shape.STRUCT: dict, Shape.LIST: list}.get(shape, tuple)):
            raise Problem(f"expected a {shape.value}, found {type(value).__name__}")
        if shape is Shape.STRUCT:
            return {name: (member,) for name, member in value.items()}
        if shape is Shape.LIST:
            return [(item,) for item in value]
        if shape is Shape.ANY:
            return value
        (held,) = value
        return KINDS[type(held)], 0 if held is None else held

    def unbox(self, message: Any) -> Any:
        return message

    def box(self, message_type: type, value: Any) -> Any:
        return value

    def serialize(self, message: Any) -> bytes:
        raise NotImplementedError("no binary form")

    def parse(self, message_type: type, data: bytes) -> Any:
        raise NotImplementedError("no binary form")


def _read_timestamp(value: Any) -> int:
    moment = scalars.read_timestamp(value)
    return (moment - EPOCH) // MICROSECOND * 1000 + nanoseconds_beyond(moment)


def _write_timestamp(value: Any) -> str:
    return scalars.write_timestamp(NanoDatetime.of(EPOCH + value // 1000 * MICROSECOND, value % 1000))


def _read_duration(value: Any) -> int:
    length = scalars.read_duration(value)
    return length // MICROSECOND * 1000 + nanoseconds_beyond(length)


def _write_duration(value: Any) -> str:
    length = NanoTimedelta.of(abs(value) // 1000 * MICROSECOND, abs(value) % 1000)
    return scalars.write_duration(-length if value < 0 else length)


KINDS = {
    bool: "bool_value",
    float: "number_value",
    str: "string_value",
    dict: "struct_value",
    list: "list_value",
    type(None): "null_value",
}

FORMS = {
    Shape.TIMESTAMP: ScalarForm(_read_timestamp, _write_timestamp),
    Shape.DURATION: ScalarForm(_read_duration, _write_duration),
    Shape.MASK: ScalarForm(scalars.read_mask, scalars.write_mask),
}

add_backend(_PlainBackend())
