"""The well-known types, once, for every generated tree.

Timestamp, Duration and the wrappers stand behind `unwrap=` in generated
fields, so users see `datetime`, `timedelta` and plain values; the other types
are used as they are. What microseconds do not hold is a `NanoDatetime` or a
`NanoTimedelta`.
"""

# ruff: noqa: RUF009 -- betterproto2.field() makes a dataclasses.field(), which ruff cannot see
from __future__ import annotations

import builtins
import dataclasses
import datetime
import functools
import typing
from collections.abc import Mapping, Sequence

import betterproto2

from iii_bridge.contract import scalars
from iii_bridge.contract.nanoseconds import NanoDatetime, NanoTimedelta, nanoseconds_beyond
from iii_bridge.contract.problems import Problem
from iii_bridge.contract.registry import File, class_of, full_name_of, register
from iii_bridge.contract.well_known_files import descriptor_of

__all__ = [
    "Any",
    "BoolValue",
    "BytesValue",
    "DoubleValue",
    "Duration",
    "Empty",
    "FieldMask",
    "FloatValue",
    "Int32Value",
    "Int64Value",
    "ListValue",
    "NullValue",
    "StringValue",
    "Struct",
    "Timestamp",
    "UInt32Value",
    "UInt64Value",
    "Value",
]

_EPOCH: typing.Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SECOND: typing.Final = datetime.timedelta(seconds=1)
_MICROSECOND: typing.Final = datetime.timedelta(microseconds=1)
_NANOS: typing.Final = 1_000_000_000
"""In a second."""

TYPE_URL_PREFIX: typing.Final = "type.googleapis.com/"


class _PlainJson(betterproto2.Message):
    """Lets betterproto2's own to_dict and to_json show a plain value, as ProtoJSON does, and read it back.

    A convenience for logs and notebooks: payloads go through `protojson`, which checks them.
    """

    def to_dict(
        self,
        *,
        output_format: betterproto2.OutputFormat = betterproto2.OutputFormat.PROTO_JSON,
        casing: betterproto2.Casing = betterproto2.Casing.CAMEL,
        include_default_values: builtins.bool = False,
    ) -> typing.Any:
        """The plain JSON value; the arguments change nothing here."""
        write, _ = _PLAIN_FORMS[type(self)]
        return write(typing.cast("typing.Any", self).to_wrapped())

    @classmethod
    def from_dict(cls, value: typing.Any, *, ignore_unknown_fields: builtins.bool = False) -> typing.Self:
        """From the plain JSON value. Raises ValueError for one that does not fit."""
        _, read = _PLAIN_FORMS[cls]
        message: typing.Self = typing.cast("typing.Any", cls).from_wrapped(read(value))
        return message


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class Timestamp(_PlainJson):
    """google.protobuf.Timestamp: seconds and nanoseconds since 1970-01-01T00:00:00Z."""

    seconds: builtins.int = betterproto2.field(1, betterproto2.TYPE_INT64)
    nanos: builtins.int = betterproto2.field(2, betterproto2.TYPE_INT32)

    @staticmethod
    def from_wrapped(wrapped: datetime.datetime) -> Timestamp:
        """The timestamp of an aware datetime. Raises ValueError for a naive one."""
        if wrapped.tzinfo is None or wrapped.utcoffset() is None:
            raise ValueError("a datetime without a time zone is not a moment; add tzinfo=datetime.UTC")
        seconds, rest = divmod(wrapped - _EPOCH, _SECOND)
        return Timestamp(seconds=seconds, nanos=rest // _MICROSECOND * 1000 + nanoseconds_beyond(wrapped))

    def to_wrapped(self) -> datetime.datetime:
        """The moment as a datetime in UTC; a NanoDatetime where microseconds do not say it.

        Raises Problem outside the years 1 to 9999, and for nanoseconds that are not 0 to 999,999,999.
        """
        if not 0 <= self.nanos < _NANOS:
            raise Problem("the nanoseconds of a timestamp are 0 to 999,999,999")
        microseconds, beyond = divmod(self.nanos, 1000)
        try:
            moment = _EPOCH + datetime.timedelta(seconds=self.seconds, microseconds=microseconds)
        except OverflowError:
            raise Problem("the timestamp lies outside the years 1 to 9999") from None
        return NanoDatetime.of(moment, beyond) if beyond else moment


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class Duration(_PlainJson):
    """google.protobuf.Duration: seconds and nanoseconds of the same sign."""

    seconds: builtins.int = betterproto2.field(1, betterproto2.TYPE_INT64)
    nanos: builtins.int = betterproto2.field(2, betterproto2.TYPE_INT32)

    @staticmethod
    def from_wrapped(wrapped: datetime.timedelta) -> Duration:
        """The duration of a timedelta; both parts carry its sign."""
        nanoseconds = wrapped // _MICROSECOND * 1000 + nanoseconds_beyond(wrapped)
        sign = -1 if nanoseconds < 0 else 1
        seconds, rest = divmod(abs(nanoseconds), _NANOS)
        return Duration(seconds=sign * seconds, nanos=sign * rest)

    def to_wrapped(self) -> datetime.timedelta:
        """The duration as a timedelta; a NanoTimedelta where microseconds do not say it.

        Raises Problem for more than a timedelta holds (999,999,999 days), and for nanoseconds of another sign
        than the seconds or beyond 999,999,999.
        """
        sign = -1 if self.nanos < 0 else 1
        if abs(self.nanos) >= _NANOS or self.seconds * self.nanos < 0:
            raise Problem("the nanoseconds of a duration are up to 999,999,999, with the sign of its seconds")
        microseconds, beyond = divmod(abs(self.nanos), 1000)
        try:
            length = datetime.timedelta(seconds=self.seconds, microseconds=sign * microseconds)
        except OverflowError:
            raise Problem("the duration is longer than 999,999,999 days") from None
        return NanoTimedelta.of(length, sign * beyond) if beyond else length


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class Any(betterproto2.Message):
    """google.protobuf.Any: a serialized message and the URL of its type."""

    type_url: builtins.str = betterproto2.field(1, betterproto2.TYPE_STRING)
    value: builtins.bytes = betterproto2.field(2, betterproto2.TYPE_BYTES)

    @staticmethod
    def pack(message: betterproto2.Message) -> Any:
        """Wraps a generated message. Raises KeyError for a class that is not generated."""
        return Any(type_url=TYPE_URL_PREFIX + full_name_of(type(message)), value=bytes(message))

    def unpack(self) -> betterproto2.Message:
        """The message inside. Raises KeyError when no imported generated module holds its type."""
        cls = class_of(self.type_url.rpartition("/")[2])
        if not issubclass(cls, betterproto2.Message):
            raise KeyError(f"{self.type_url} is not a message")
        return cls.parse(self.value)


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class Empty(betterproto2.Message):
    """google.protobuf.Empty: nothing."""


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class FieldMask(betterproto2.Message):
    """google.protobuf.FieldMask: paths of proto field names (`order.line_items`)."""

    paths: builtins.list[builtins.str] = betterproto2.field(1, betterproto2.TYPE_STRING, repeated=True)


class NullValue(betterproto2.Enum):
    """google.protobuf.NullValue: JSON null."""

    NULL_VALUE = 0


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class Struct(betterproto2.Message):
    """google.protobuf.Struct: a JSON object."""

    fields: builtins.dict[builtins.str, Value] = betterproto2.field(
        1, betterproto2.TYPE_MAP, map_meta=betterproto2.map_meta(betterproto2.TYPE_STRING, betterproto2.TYPE_MESSAGE)
    )

    @classmethod
    def from_dict(
        cls, value: Mapping[builtins.str, typing.Any] | typing.Any, *, ignore_unknown_fields: builtins.bool = False
    ) -> typing.Self:
        """From JSON-like Python values. Raises TypeError for what JSON cannot say."""
        if not isinstance(value, Mapping):
            raise TypeError("a Struct is made from a mapping")
        members = typing.cast("Mapping[typing.Any, typing.Any]", value)
        return cls(fields={_member_name(name): Value.from_python(member) for name, member in members.items()})

    def to_dict(
        self,
        *,
        output_format: betterproto2.OutputFormat = betterproto2.OutputFormat.PROTO_JSON,
        casing: betterproto2.Casing = betterproto2.Casing.CAMEL,
        include_default_values: builtins.bool = False,
    ) -> builtins.dict[builtins.str, typing.Any]:
        """As JSON-like Python values; the arguments change nothing here."""
        return {name: value.to_python() for name, value in self.fields.items()}


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class Value(betterproto2.Message):
    """google.protobuf.Value: any JSON value. A Value with nothing set is no JSON value."""

    null_value: NullValue | None = betterproto2.field(1, betterproto2.TYPE_ENUM, group="kind")
    number_value: builtins.float | None = betterproto2.field(2, betterproto2.TYPE_DOUBLE, group="kind")
    string_value: builtins.str | None = betterproto2.field(3, betterproto2.TYPE_STRING, group="kind")
    bool_value: builtins.bool | None = betterproto2.field(4, betterproto2.TYPE_BOOL, group="kind")
    struct_value: Struct | None = betterproto2.field(5, betterproto2.TYPE_MESSAGE, group="kind")
    list_value: ListValue | None = betterproto2.field(6, betterproto2.TYPE_MESSAGE, group="kind")

    @classmethod
    def from_python(cls, value: typing.Any) -> Value:
        """From None, bool, int, float, str, or lists, tuples and mappings of them. Raises TypeError for others."""
        if value is None:
            return cls(null_value=NullValue.NULL_VALUE)
        if isinstance(value, bool):
            return cls(bool_value=value)
        if isinstance(value, (int, float)):
            return cls(number_value=float(value))
        if isinstance(value, str):
            return cls(string_value=value)
        if isinstance(value, Mapping):
            return cls(struct_value=Struct.from_dict(typing.cast("Mapping[str, object]", value)))
        if isinstance(value, (list, tuple)):
            return cls(list_value=ListValue.from_python(typing.cast("Sequence[object]", value)))
        raise TypeError(f"{type(value).__name__} has no JSON form")

    def to_python(self) -> typing.Any:
        """None, bool, float, str, list or dict. Raises ValueError when nothing is set."""
        if self.null_value is not None:
            return None
        for plain in (self.bool_value, self.number_value, self.string_value):
            if plain is not None:
                return plain
        if self.struct_value is not None:
            return self.struct_value.to_dict()
        if self.list_value is not None:
            return self.list_value.to_python()
        raise ValueError("a Value with nothing set is no JSON value; set null_value for null")


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class ListValue(betterproto2.Message):
    """google.protobuf.ListValue: a JSON array."""

    values: builtins.list[Value] = betterproto2.field(1, betterproto2.TYPE_MESSAGE, repeated=True)

    @classmethod
    def from_python(cls, values: Sequence[object]) -> ListValue:
        """From JSON-like Python values. Raises TypeError for what JSON cannot say."""
        return cls(values=[Value.from_python(value) for value in values])

    def to_python(self) -> builtins.list[typing.Any]:
        """As JSON-like Python values."""
        return [value.to_python() for value in self.values]


def _member_name(name: typing.Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a member name is a str, not {type(name).__name__}")
    return name


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class DoubleValue(_PlainJson):
    """google.protobuf.DoubleValue: a float, or unset."""

    value: builtins.float = betterproto2.field(1, betterproto2.TYPE_DOUBLE)

    @staticmethod
    def from_wrapped(wrapped: builtins.float) -> DoubleValue:
        """The wrapper of a plain value."""
        return DoubleValue(value=wrapped)

    def to_wrapped(self) -> builtins.float:
        """The plain value."""
        return self.value


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class FloatValue(_PlainJson):
    """google.protobuf.FloatValue: a float of 32 bits, or unset."""

    value: builtins.float = betterproto2.field(1, betterproto2.TYPE_FLOAT)

    @staticmethod
    def from_wrapped(wrapped: builtins.float) -> FloatValue:
        """The wrapper of a plain value."""
        return FloatValue(value=wrapped)

    def to_wrapped(self) -> builtins.float:
        """The plain value."""
        return self.value


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class Int64Value(_PlainJson):
    """google.protobuf.Int64Value: an int64, or unset."""

    value: builtins.int = betterproto2.field(1, betterproto2.TYPE_INT64)

    @staticmethod
    def from_wrapped(wrapped: builtins.int) -> Int64Value:
        """The wrapper of a plain value."""
        return Int64Value(value=wrapped)

    def to_wrapped(self) -> builtins.int:
        """The plain value."""
        return self.value


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class UInt64Value(_PlainJson):
    """google.protobuf.UInt64Value: a uint64, or unset."""

    value: builtins.int = betterproto2.field(1, betterproto2.TYPE_UINT64)

    @staticmethod
    def from_wrapped(wrapped: builtins.int) -> UInt64Value:
        """The wrapper of a plain value."""
        return UInt64Value(value=wrapped)

    def to_wrapped(self) -> builtins.int:
        """The plain value."""
        return self.value


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class Int32Value(_PlainJson):
    """google.protobuf.Int32Value: an int32, or unset."""

    value: builtins.int = betterproto2.field(1, betterproto2.TYPE_INT32)

    @staticmethod
    def from_wrapped(wrapped: builtins.int) -> Int32Value:
        """The wrapper of a plain value."""
        return Int32Value(value=wrapped)

    def to_wrapped(self) -> builtins.int:
        """The plain value."""
        return self.value


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class UInt32Value(_PlainJson):
    """google.protobuf.UInt32Value: a uint32, or unset."""

    value: builtins.int = betterproto2.field(1, betterproto2.TYPE_UINT32)

    @staticmethod
    def from_wrapped(wrapped: builtins.int) -> UInt32Value:
        """The wrapper of a plain value."""
        return UInt32Value(value=wrapped)

    def to_wrapped(self) -> builtins.int:
        """The plain value."""
        return self.value


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class BoolValue(_PlainJson):
    """google.protobuf.BoolValue: a bool, or unset."""

    value: builtins.bool = betterproto2.field(1, betterproto2.TYPE_BOOL)

    @staticmethod
    def from_wrapped(wrapped: builtins.bool) -> BoolValue:
        """The wrapper of a plain value."""
        return BoolValue(value=wrapped)

    def to_wrapped(self) -> builtins.bool:
        """The plain value."""
        return self.value


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class StringValue(_PlainJson):
    """google.protobuf.StringValue: a str, or unset."""

    value: builtins.str = betterproto2.field(1, betterproto2.TYPE_STRING)

    @staticmethod
    def from_wrapped(wrapped: builtins.str) -> StringValue:
        """The wrapper of a plain value."""
        return StringValue(value=wrapped)

    def to_wrapped(self) -> builtins.str:
        """The plain value."""
        return self.value


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class BytesValue(_PlainJson):
    """google.protobuf.BytesValue: bytes, or unset."""

    value: builtins.bytes = betterproto2.field(1, betterproto2.TYPE_BYTES)

    @staticmethod
    def from_wrapped(wrapped: builtins.bytes) -> BytesValue:
        """The wrapper of a plain value."""
        return BytesValue(value=wrapped)

    def to_wrapped(self) -> builtins.bytes:
        """The plain value."""
        return self.value


_WRAPPERS: typing.Final = (
    DoubleValue,
    FloatValue,
    Int64Value,
    UInt64Value,
    Int32Value,
    UInt32Value,
    BoolValue,
    StringValue,
    BytesValue,
)


_PLAIN_FORMS: typing.Final[dict[type, tuple[typing.Any, typing.Any]]] = {
    Timestamp: (scalars.write_timestamp, scalars.read_timestamp),
    Duration: (scalars.write_duration, scalars.read_duration),
    DoubleValue: (scalars.write_double, scalars.read_double),
    FloatValue: (scalars.write_float, scalars.read_float),
    Int64Value: (str, functools.partial(scalars.read_integer, type_name="int64")),
    UInt64Value: (str, functools.partial(scalars.read_integer, type_name="uint64")),
    Int32Value: (int, functools.partial(scalars.read_integer, type_name="int32")),
    UInt32Value: (int, functools.partial(scalars.read_integer, type_name="uint32")),
    BoolValue: (scalars.write_bool, scalars.read_bool),
    StringValue: (scalars.write_string, scalars.read_string),
    BytesValue: (scalars.write_bytes, scalars.read_bytes),
}


def _register(name: str, *classes: type) -> None:
    types = tuple((f"google.protobuf.{cls.__name__}", cls) for cls in classes)
    register(File(f"google/protobuf/{name}.proto", descriptor_of(f"google/protobuf/{name}.proto"), types))


_register("any", Any)
_register("duration", Duration)
_register("empty", Empty)
_register("field_mask", FieldMask)
_register("struct", Struct, Value, ListValue, NullValue)
_register("timestamp", Timestamp)
_register("wrappers", *_WRAPPERS)
