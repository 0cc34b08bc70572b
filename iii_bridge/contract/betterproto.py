"""betterproto2 as the message backend: beside well_known and betterproto_maps the only module that imports it."""

from __future__ import annotations

import dataclasses
import enum
import operator
import struct
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final

import betterproto2

from iii_bridge.contract import fast_values, scalars, well_known
from iii_bridge.contract.attribute_source import AttributeSource
from iii_bridge.contract.backend import FieldAccess, MessageBackend, ScalarForm
from iii_bridge.contract.betterproto_maps import mend_maps
from iii_bridge.contract.canonical_binary import canonical_binary
from iii_bridge.contract.descriptors import enum_schema, message_schema
from iii_bridge.contract.plan import Element, FieldPlan, Shape
from iii_bridge.contract.problems import Problem
from iii_bridge.contract.registry import class_of
from iii_bridge.contract.schema import FieldSchema, Kind, MessageSchema
from iii_bridge.errors import UnsupportedError

__all__ = ["BACKEND"]


class _Source(AttributeSource):
    """Attribute stores on a bare object, and the usual spellings of well-known types without detours."""

    @property
    def names(self) -> Mapping[str, Any]:
        return {
            "new": object.__new__,
            **{name: getattr(fast_values, name) for name in fast_values.__all__},
        }

    def begin(self, type_name: str) -> list[str]:
        # betterproto2 sets it in __post_init__, which attribute stores on a bare object pass by.
        return [f"m = new({type_name})", "m._unknown_fields = b''"]

    def read(self, element: Element, value: str, target: str) -> str | None:
        return _READS[element.shape].format(value) if element.shape in _READS else None

    def write(self, element: Element, value: str) -> str | None:
        return _WRITES[element.shape].format(value) if element.shape in _WRITES else None


_READS: Final = {
    Shape.TIMESTAMP: "timestamp_of({})",
    Shape.DURATION: "duration_of({})",
    Shape.MASK: "mask_of({})",
    Shape.STRUCT: "struct_of({}, c, d + 1)",
    Shape.LIST: "list_of({}, c, d + 1)",
    Shape.VALUE: "value_of({}, c, d + 1)",
}

_WRITES: Final = {Shape.TIMESTAMP: "timestamp_text({})", Shape.DURATION: "duration_text({})"}


class _BetterprotoBackend:
    """Dataclasses with one attribute per field; unset is None.

    Timestamp is an aware `datetime`, Duration a `timedelta`, a wrapper its
    plain value; the other well-known types are those of `well_known`.
    """

    name = "betterproto2"
    source = _Source()
    boxes = False

    def owns(self, message_type: type) -> bool:
        return issubclass(message_type, betterproto2.Message)

    def schema(self, message_type: type) -> MessageSchema:
        return message_schema(message_type)

    def fields(self, message_type: type) -> Mapping[int, FieldAccess]:
        # Not `message_type._betterproto`: that resolves all hints once per field and makes a dataclass per map.
        hints = typing.get_type_hints(message_type, vars(sys.modules[message_type.__module__]), {})
        attributes: dict[int, str] = {}
        for field in dataclasses.fields(message_type):
            meta: betterproto2.FieldMetadata = field.metadata["betterproto"]
            attributes[meta.number] = field.name
        schema = self.schema(message_type)
        accesses: dict[int, FieldAccess] = {}
        for field_schema in schema.fields:
            if field_schema.kind is Kind.GROUP:
                raise UnsupportedError(
                    f"{schema.full_name}.{field_schema.name} is a group; use a message field, or google's messages"
                )
            attribute = attributes[field_schema.number]
            accesses[field_schema.number] = _access(attribute, hints[attribute], field_schema)
        return accesses

    def class_of(self, full_name: str, near: type) -> type:
        cls = class_of(full_name)
        if not self.owns(cls):
            raise KeyError(full_name)
        return cls

    def loader(self, field: FieldPlan) -> Callable[[Any], Any]:
        return operator.attrgetter(field.attribute)

    def storer(self, field: FieldPlan) -> Callable[[Any, Any], None]:
        attribute = field.attribute
        return lambda message, value: setattr(message, attribute, value)

    def scalar_form(self, element: Element) -> ScalarForm | None:
        return _FORMS.get(element.shape)

    def make(self, shape: Shape, cls: type, content: Any) -> Any:
        if shape is Shape.ANY:
            return well_known.Any(type_url=content[0], value=content[1])
        if shape is Shape.STRUCT:
            return well_known.Struct.from_dict(content)
        if shape is Shape.LIST:
            return well_known.ListValue.from_python(content)
        return well_known.Value.from_python(content)

    def open(self, shape: Shape, value: Any) -> Any:
        expected = _CLASSES[shape]
        if not isinstance(value, expected):
            raise Problem(f"expected {expected.__name__}, found {type(value).__name__}")
        if isinstance(value, well_known.Any):
            return value.type_url, value.value
        if isinstance(value, well_known.Struct):
            return value.fields
        if isinstance(value, well_known.ListValue):
            return value.values
        kinds = [(name, member) for name in _KINDS if (member := getattr(value, name)) is not None]
        if len(kinds) != 1:
            raise Problem("exactly one kind of a Value must be set; set null_value for null")
        return kinds[0]

    def unbox(self, message: Any) -> Any:
        return message.to_wrapped() if hasattr(message, "to_wrapped") else message

    def box(self, message_type: type, value: Any) -> Any:
        make = getattr(message_type, "from_wrapped", None)
        return value if make is None else make(value)

    def serialize(self, message: Any) -> bytes:
        return bytes(message)

    def parse(self, message_type: type, data: bytes) -> Any:
        mend_maps(message_type)
        parse: Any = getattr(message_type, "parse")  # noqa: B009 -- the class is known to be a Message only at run time
        try:
            return parse(canonical_binary(message_type, data))
        except Problem:
            raise
        except (EOFError, ValueError, struct.error) as error:
            raise ValueError("the bytes are not a message of the type") from error


_CLASSES: Final[dict[Shape, type]] = {
    Shape.ANY: well_known.Any,
    Shape.STRUCT: well_known.Struct,
    Shape.LIST: well_known.ListValue,
    Shape.VALUE: well_known.Value,
}
_KINDS: Final = ("null_value", "number_value", "string_value", "bool_value", "struct_value", "list_value")


def _read_mask(value: Any) -> well_known.FieldMask:
    return well_known.FieldMask(paths=scalars.read_mask(value))


def _write_mask(value: Any) -> str:
    if not isinstance(value, well_known.FieldMask):
        raise Problem(f"expected FieldMask, found {type(value).__name__}")
    return scalars.write_mask(value.paths)


_FORMS: Final = {
    Shape.TIMESTAMP: ScalarForm(scalars.read_timestamp, scalars.write_timestamp),
    Shape.DURATION: ScalarForm(scalars.read_duration, scalars.write_duration),
    Shape.MASK: ScalarForm(_read_mask, _write_mask),
}


def _access(attribute: str, hint: Any, field: FieldSchema) -> FieldAccess:
    cls = _generated_class(hint)
    if cls is not None and issubclass(cls, enum.IntEnum):
        return FieldAccess(attribute, cls, enum_schema(cls))
    type_name = field.type_name if field.map is None else field.map.value.type_name
    if cls is None and type_name.startswith("google.protobuf."):
        cls = class_of(type_name)
    return FieldAccess(attribute, cls)


def _generated_class(hint: Any) -> type | None:
    """The message or enum in `X`, `X | None`, `list[X]` or `dict[K, X]`."""
    arguments = typing.get_args(hint)
    if arguments:
        if typing.get_origin(hint) in (typing.Union, types.UnionType):
            return _generated_class(next(argument for argument in arguments if argument is not type(None)))
        return _generated_class(arguments[-1])
    if isinstance(hint, type) and issubclass(hint, (betterproto2.Message, enum.IntEnum)):
        return hint
    return None


BACKEND: Final[MessageBackend] = _BetterprotoBackend()
"""The default backend."""
