"""Other ways to write a message in ProtoJSON, all of them legal: what a conforming parser has to accept."""

from __future__ import annotations

import base64
import datetime
import json
import random
from decimal import Decimal
from typing import Any

from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor

__all__ = ["Speller"]

_INTEGERS = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64,
    }
)
_EXACT = 2**53
"""Beyond it, a number with a point or an exponent is not what a validator reads."""


class Speller:
    """Writes messages of google's classes as nobody would print them; `unknown` adds members of no field."""

    def __init__(self, seed: int, *, unknown: bool = True) -> None:
        self._random = random.Random(seed)
        self._unknown = unknown

    def message(self, message: Any) -> str:
        """A JSON document."""
        name = message.DESCRIPTOR.full_name
        if name.startswith("google.protobuf."):
            return self._well_known(message, name.removeprefix("google.protobuf."))
        return self._object(self._members(message))

    def _members(self, message: Any) -> list[tuple[str, str]]:
        members = [member for field in message.DESCRIPTOR.fields for member in self._member(message, field)]
        if self._unknown and self._random.random() < 0.3:
            members.append(('"no field"', self._random.choice(["null", "1e2", '{"a":[1,{}]}'])))
        return members

    def _object(self, members: list[tuple[str, str]]) -> str:
        self._random.shuffle(members)
        gap = self._random.choice(("", " ", "\n"))
        return "{" + ",".join(f"{gap}{name}{gap}:{gap}{value}" for name, value in members) + "}"

    def _member(self, message: Any, field: Any) -> list[tuple[str, str]]:
        name = self._text(self._random.choice((field.name, field.json_name)))
        if field.is_repeated:
            is_set = len(getattr(message, field.name)) > 0 or _is_required(field)
        else:
            is_set = message.HasField(field.name) if field.has_presence else True
        if is_set:
            return [(name, self._field(message, field))]
        may_be_null = not _takes_null(field) and not _is_required(field)
        return [(name, "null")] if may_be_null and self._random.random() < 0.3 else []

    def _field(self, message: Any, field: Any) -> str:
        value = getattr(message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            key, item = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
            return self._object([(self._key(key, name), self._value(item, value[name])) for name in value])
        if field.is_repeated:
            return "[" + ",".join(self._value(field, item) for item in value) + "]"
        return self._value(field, value)

    def _key(self, field: Any, value: Any) -> str:
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return '"true"' if value else '"false"'
        if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            return self._text(value)
        return f'"{self._integer_text(value)}"'

    def _value(self, field: Any, value: Any) -> str:
        if field.message_type is not None:
            return self.message(value)
        if field.enum_type is not None:
            return self._enum(field.enum_type, value)
        return self._scalar(field, value)

    def _scalar(self, field: Any, value: Any) -> str:
        kind = field.cpp_type
        if kind in _INTEGERS:
            return self._integer(value)
        if kind in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
            return self._number(value)
        if kind == FieldDescriptor.CPPTYPE_BOOL:
            return "true" if value else "false"
        return self._bytes(value) if field.type == FieldDescriptor.TYPE_BYTES else self._text(value)

    def _text(self, value: str) -> str:
        return json.dumps(value, ensure_ascii=self._random.random() < 0.5)

    def _integer(self, value: int) -> str:
        if self._random.random() < 0.5:
            return f'"{self._integer_text(value)}"'
        return self._integer_text(value) if abs(value) < _EXACT else str(value)

    def _integer_text(self, value: int) -> str:
        shifted = Decimal(value).scaleb(-self._random.randint(1, 5))
        spellings = [
            str(value),
            f"{value}.0",
            f"{value}e0",
            f"{value * 10}E-1",
            f"{shifted:f}e{-shifted.as_tuple().exponent}",
        ]  # type: ignore[operator]
        if value % 100 == 0:
            spellings.append(f"{value // 100}e+2")
        return self._random.choice(spellings)

    def _number(self, value: float) -> str:
        if value - value != 0.0:
            return '"NaN"' if value != value else '"Infinity"' if value > 0 else '"-Infinity"'
        text = repr(value)
        text = self._random.choice((text, text.upper(), text if "e" in text else f"{text}e-0"))
        return text if self._random.random() < 0.5 else f'"{text}"'

    def _bytes(self, value: bytes) -> str:
        encode = self._random.choice((base64.b64encode, base64.urlsafe_b64encode))
        text = encode(value).decode()
        return self._text(text if self._random.random() < 0.5 else text.rstrip("="))

    def _enum(self, enum: Any, number: int) -> str:
        if enum.full_name == "google.protobuf.NullValue":
            return self._random.choice(("null", '"NULL_VALUE"', "0"))
        names = [value.name for value in enum.values if value.number == number]
        if names and self._random.random() < 0.5:
            return self._text(self._random.choice(names))
        return self._random.choice((str(number), f"{number}.0", f"{number}e0"))

    # --- well-known types ---------------------------------------------------------------------------------------------

    def _well_known(self, message: Any, name: str) -> str:
        if name == "Timestamp":
            return self._timestamp(message)
        if name == "Duration":
            return self._duration(message)
        if name == "Any":
            return self._any(message)
        if name == "FieldMask" and self._random.random() < 0.2:
            return self._random.choice(
                ('"a b,C"', '"\\u65e5.x"', '"a..b"', '"1"')
            )  # paths of no field, all of them read
        if name.endswith("Value") and name not in ("Value", "ListValue"):
            return self._scalar(message.DESCRIPTOR.fields_by_name["value"], message.value)
        return json_format.MessageToJson(message, descriptor_pool=message.DESCRIPTOR.file.pool, indent=None)

    def _timestamp(self, message: Any) -> str:
        moment = datetime.datetime(1, 1, 1) + datetime.timedelta(seconds=message.seconds + 62135596800)
        offset = datetime.timedelta(minutes=self._random.randint(-1439, 1439))
        try:
            local = moment + offset
        except OverflowError:
            local, offset = moment, datetime.timedelta()
        sign, minutes = ("-" if offset < datetime.timedelta() else "+"), abs(offset) // datetime.timedelta(minutes=1)
        zones = [f"{sign}{minutes // 60:02}:{minutes % 60:02}"] + (["Z", "-00:00"] if minutes == 0 else [])
        return f'"{local.isoformat()}{self._nanos(message.nanos)}{self._random.choice(zones)}"'

    def _duration(self, message: Any) -> str:
        sign = "-" if message.seconds < 0 or message.nanos < 0 else ""
        seconds = str(abs(message.seconds)).zfill(self._random.randint(1, 12))
        return f'"{sign}{seconds}{self._nanos(abs(message.nanos))}s"'

    def _any(self, message: Any) -> str:
        if not message.type_url:
            return "{}"
        descriptor = message.DESCRIPTOR.file.pool.FindMessageTypeByName(message.TypeName())
        inner = message_factory.GetMessageClass(descriptor).FromString(message.value)
        kind = ('"@type"', self._text(message.type_url))
        if descriptor.file.package == "google.protobuf":
            return self._object([kind, ('"value"', self.message(inner))])
        return self._object([kind, *self._members(inner)])

    def _nanos(self, nanos: int) -> str:
        digits = f"{nanos:09}"
        least = len(digits.rstrip("0"))
        kept = digits[: self._random.randint(least, 9)]
        return f".{kept}" if kept else ""


def _takes_null(field: Any) -> bool:
    kind = field.message_type or field.enum_type
    null_types = ("google.protobuf.Value", "google.protobuf.NullValue")
    return kind is not None and kind.full_name in null_types and not field.is_repeated


def _is_required(field: Any) -> bool:
    from google.api import field_behavior_pb2

    return (
        field.is_required
        or field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    )
