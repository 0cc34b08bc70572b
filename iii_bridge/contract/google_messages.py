"""google.protobuf as the message backend: generated and dynamic messages, with the contract their descriptors hold.

Nothing has to be registered: a class from any descriptor pool will do, and an
Any is looked up in the pool of the message that holds it.
"""

from __future__ import annotations

import datetime
import functools
import keyword
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor
from google.protobuf.message import DecodeError, Message

from iii_bridge.contract import google_values, scalars
from iii_bridge.contract.backend import FieldAccess, Item, MessageBackend, ScalarForm
from iii_bridge.contract.descriptors import parse_file
from iii_bridge.contract.nanoseconds import nanoseconds_beyond
from iii_bridge.contract.plan import Element, FieldPlan, Shape
from iii_bridge.contract.problems import Problem
from iii_bridge.contract.schema import FileSchema, MessageSchema

__all__ = ["BACKEND"]

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SECOND: Final = datetime.timedelta(seconds=1)
_MICROSECOND: Final = datetime.timedelta(microseconds=1)


def _method(name: str) -> Callable[..., Any]:
    """A method of every message class, which a field of the same name does not hide."""
    shared: Any = getattr(descriptor_pb2.FileDescriptorProto, name)
    if shared is getattr(descriptor_pb2.DescriptorProto, name):
        return cast("Callable[..., Any]", shared)

    def of_its_class(message: Message, *arguments: Any) -> Any:  # not upb: each class has its own
        return getattr(type(message), name)(message, *arguments)

    return of_its_class


_has: Final = _method("HasField")
_set_in_parent: Final = _method("SetInParent")
_copy_from: Final = _method("CopyFrom")
_serialize: Final = _method("SerializePartialToString")


class _Source:
    """Messages are filled where they stand: google's cannot be stored in one another."""

    fills = True
    trusted = True

    @property
    def names(self) -> Mapping[str, Any]:
        own = {name: getattr(google_values, name) for name in google_values.__all__}
        return {**own, "has": _has, "set_in_parent": _set_in_parent}

    def begin(self, type_name: str) -> list[str]:
        return []

    def create(self, type_name: str) -> str:
        return f"{type_name}()"

    def read(self, element: Element, value: str, target: str) -> str | None:
        if element.boxed:
            return f"fill_box({target}, {value})"
        return _READS[element.shape].format(target, value)

    def absent(self, field: FieldPlan, default: str) -> list[str]:
        return []

    def store(self, field: FieldPlan, key: str, item: Item) -> list[str]:
        reach, message = _reach(field.attribute), field.element.is_message
        if field.key is not None:
            target = f"t[{key}]"
            line = item("x", target) if message else f"{target} = {item('x', '')}"
            return [f"t = {reach}", "for k, x in v.items():", f"    {line}"]
        if field.schema.repeated:
            if message:
                return [f"a = {reach}.add", "for x in v:", f"    {item('x', 'a()')}"]
            value = item("x", "")
            return [f"{reach}.extend({'v' if value == 'x' else f'[{value} for x in v]'})"]
        if message:
            return [f"t = {reach}", "set_in_parent(t)", item("v", "t")]
        value = item("v", "")
        return [f"setattr(m, {field.attribute!r}, {value})" if reach.startswith("getattr") else f"{reach} = {value}"]

    def load(self, field: FieldPlan) -> str:
        return _reach(field.attribute)

    def if_present(self, field: FieldPlan, then: list[str]) -> list[str]:
        lines = [f"v = {_reach(field.attribute)}", *then]
        return [f"if has(m, {field.attribute!r}):", *(f"    {line}" for line in lines)]

    def write(self, element: Element, value: str) -> str | None:
        return _WRITES[element.shape].format(value) if element.shape in _WRITES else None

    def unboxed(self, value: str) -> str:
        return f"{value}.value"

    def listed(self, value: str) -> str:
        return f"{value}[:]"

    def entries(self, value: str) -> str:
        return f"k in {value} for x in ({value}[k],)"  # several times as fast as items()


_READS: Final = {
    Shape.TIMESTAMP: "fill_timestamp({}, {})",
    Shape.DURATION: "fill_duration({}, {})",
    Shape.MASK: "fill_mask({}, {})",
    Shape.STRUCT: "fill_struct({}, {}, c, d + 1)",
    Shape.LIST: "fill_list({}, {}, c, d + 1)",
    Shape.VALUE: "fill_value({}, {}, c, d + 1)",
}

_WRITES: Final = {
    Shape.TIMESTAMP: "timestamp_json({})",
    Shape.DURATION: "duration_json({})",
    Shape.STRUCT: "struct_json({}, d + 1)",
    Shape.LIST: "list_json({}, d + 1)",
    Shape.VALUE: "value_json({}, d + 1)",
}


def _reach(name: str) -> str:
    return f"getattr(m, {name!r})" if keyword.iskeyword(name) else f"m.{name}"


class _GoogleBackend:
    """Messages of upb, or of google's other implementations; their classes keep every value within its type."""

    name = "google"
    source = _Source()
    boxes = True

    def owns(self, message_type: type) -> bool:
        return issubclass(message_type, Message)

    def schema(self, message_type: type) -> MessageSchema:
        descriptor = _descriptor(message_type)
        return _file_schema(descriptor.file).messages[descriptor.full_name]

    def fields(self, message_type: type) -> Mapping[int, FieldAccess]:
        return {field.number: _access(field) for field in _descriptor(message_type).fields}

    def class_of(self, full_name: str, near: type) -> type:
        descriptor: Descriptor = _descriptor(near).file.pool.FindMessageTypeByName(full_name)
        return message_factory.GetMessageClass(descriptor)

    def loader(self, field: FieldPlan) -> Callable[[Any], Any]:
        name = field.attribute
        if field.key is not None:
            return lambda message: {key: entries[key] for entries in (getattr(message, name),) for key in entries}
        if field.schema.repeated:
            return lambda message: list(getattr(message, name))
        read = operator.attrgetter(name)
        return (lambda message: read(message) if _has(message, name) else None) if field.schema.presence else read

    def storer(self, field: FieldPlan) -> Callable[[Any, Any], None]:
        name, message = field.attribute, field.element.is_message
        if field.key is not None:
            return functools.partial(_store_entries, name, message)
        if field.schema.repeated:
            return lambda holder, values: getattr(holder, name).extend(values)
        if message:
            return lambda holder, value: _copy_from(getattr(holder, name), value)
        return lambda holder, value: setattr(holder, name, value)

    def scalar_form(self, element: Element) -> ScalarForm | None:
        cls = element.cls
        if cls is None or element.shape not in _FORMS:
            return None
        read, write = _FORMS[element.shape]
        return ScalarForm(functools.partial(_of_parts, cls, read), write)

    def make(self, shape: Shape, cls: type, content: Any) -> Any:
        if shape is Shape.ANY:
            return cls(type_url=content[0], value=content[1])
        if shape not in google_values.FILL:
            return cls(value=content)
        message = cls()
        google_values.FILL[shape](message, content, [0], 0)
        return message

    def open(self, shape: Shape, value: Any) -> Any:
        if shape is Shape.ANY:
            return value.type_url, value.value
        if shape is Shape.STRUCT:
            return {name: value.fields[name] for name in value.fields}
        if shape is Shape.LIST:
            return list(value.values)
        if shape is not Shape.VALUE:
            return value.value
        kind = value.WhichOneof("kind")
        if kind is None:
            raise Problem("exactly one kind of a Value must be set; set null_value for null")
        return kind, getattr(value, kind)

    def unbox(self, message: Any) -> Any:
        return message

    def box(self, message_type: type, value: Any) -> Any:
        return value

    def serialize(self, message: Any) -> bytes:
        data: bytes = _serialize(message)
        return data

    def parse(self, message_type: type, data: bytes) -> Any:
        from_string: Any = getattr(message_type, "FromString")  # noqa: B009 -- a Message only at run time
        try:
            return from_string(data)
        except DecodeError as error:
            raise ValueError("the bytes are not a message of the type") from error


def _descriptor(message_type: type) -> Descriptor:
    descriptor: Descriptor = getattr(message_type, "DESCRIPTOR")  # noqa: B009 -- a Message only at run time
    return descriptor


@functools.cache
def _file_schema(file: FileDescriptor) -> FileSchema:
    """By descriptor: its bytes are made anew each time they are asked for."""
    return parse_file(file.serialized_pb)


def _access(field: FieldDescriptor) -> FieldAccess:
    value = field
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        value = field.message_type.fields_by_name["value"]
    if value.enum_type is not None:
        return FieldAccess(field.name, int, _file_schema(value.enum_type.file).enums[value.enum_type.full_name])
    cls = None if value.message_type is None else message_factory.GetMessageClass(value.message_type)
    return FieldAccess(field.name, cls)


def _store_entries(name: str, message: bool, holder: Any, values: Mapping[Any, Any]) -> None:
    entries = getattr(holder, name)
    for key, value in values.items():
        if message:
            _copy_from(entries[key], value)
        else:
            entries[key] = value


def _of_parts(cls: type, read: Callable[[Any], dict[str, Any]], value: Any) -> Any:
    return cls(**read(value))


def _read_timestamp(value: Any) -> dict[str, int]:
    moment = scalars.read_timestamp(value)
    seconds, rest = divmod(moment - _EPOCH, _SECOND)
    return {"seconds": seconds, "nanos": rest.microseconds * 1000 + nanoseconds_beyond(moment)}


def _read_duration(value: Any) -> dict[str, int]:
    length = scalars.read_duration(value)
    nanoseconds = length // _MICROSECOND * 1000 + nanoseconds_beyond(length)
    seconds, nanos = divmod(abs(nanoseconds), 1_000_000_000)
    return {"seconds": seconds, "nanos": nanos} if nanoseconds >= 0 else {"seconds": -seconds, "nanos": -nanos}


def _read_mask(value: Any) -> dict[str, list[str]]:
    return {"paths": scalars.read_mask(value)}


def _write_mask(value: Any) -> str:
    return scalars.write_mask(list(value.paths))


_FORMS: Final[dict[Shape, tuple[Callable[[Any], dict[str, Any]], Callable[[Any], Any]]]] = {
    Shape.TIMESTAMP: (_read_timestamp, google_values.timestamp_json),
    Shape.DURATION: (_read_duration, google_values.duration_json),
    Shape.MASK: (_read_mask, _write_mask),
}

BACKEND: Final[MessageBackend] = _GoogleBackend()
"""The backend of google.protobuf."""
