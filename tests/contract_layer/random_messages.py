"""Random messages of google's classes, as likely to sit on an edge as not."""

from __future__ import annotations

import random
import struct
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

__all__ = ["Randomizer"]

_TEXTS = (
    "",
    "a",
    "sku-1",
    'quo"te',
    "back\\slash",
    '":',
    " : ",
    "grüße",
    "日本",
    "😀",
    "\x00",
    "\u2028",
    "null",
    "@type",
)
_FIELD_PATHS = ("a", "a_b", "line_items.sku", "x.y_z", "")
_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_FLOATS = (0.0, -0.0, 1.0, -1.5, 0.1, 1e-7, 123456.789, 3.4028234663852886e38, 1e-45, 16777217.0)
_DOUBLES = (*_FLOATS, 1e308, 5e-324, 1e22, 0.30000000000000004, 9007199254740993.0)
_NANOS = (0, 0, 1, 1_000, 500_000_000, 123_456_789, 999_999_999)
_SPECIAL = (float("nan"), float("inf"), float("-inf"))


class Randomizer:
    """Fills messages; `fill` is the chance that a field is set at all, `special` that a float is no number."""

    def __init__(self, seed: int, fill: float = 0.5, special: float = 0.05, anys: tuple[type[Any], ...] = ()) -> None:
        self._random = random.Random(seed)
        self._fill = fill
        self._special = special
        self._anys = anys

    def message(self, cls: type[Any], depth: int = 0) -> Any:
        """A random message of a class."""
        message = cls()
        self._message(message, depth)
        return message

    def _message(self, message: Any, depth: int) -> None:
        well_known = getattr(self, f"_{message.DESCRIPTOR.name}", None)
        if message.DESCRIPTOR.full_name.startswith("google.protobuf.") and well_known is not None:
            well_known(message, depth)
            return
        chosen = {oneof.name: self._random.choice(oneof.fields) for oneof in message.DESCRIPTOR.oneofs}
        for field in message.DESCRIPTOR.fields:
            if self._leaves_out(field, depth):
                continue
            if field.containing_oneof is None or chosen[field.containing_oneof.name] is field:
                self._field(message, field, depth)

    def _leaves_out(self, field: Any, depth: int) -> bool:
        return self._random.random() > self._fill or (depth > 3 and field.message_type is not None)

    def _field(self, message: Any, field: Any, depth: int) -> None:
        deep = depth > 3 and field.message_type is not None  # where it may not be left out, it stays empty
        count = 0 if deep else self._random.choice((0, 1, 1, 2, 3))
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            self._map(getattr(message, field.name), field, count, depth)
        elif field.is_repeated:
            for _ in range(count):
                if field.message_type is not None:
                    self._message(getattr(message, field.name).add(), depth + 1)
                else:
                    getattr(message, field.name).append(self._scalar(field))
        elif field.message_type is not None:
            getattr(message, field.name).SetInParent()
            self._message(getattr(message, field.name), depth + 1)
        else:
            setattr(message, field.name, self._scalar(field))

    def _map(self, target: Any, field: Any, count: int, depth: int) -> None:
        key, value = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
        for _ in range(count):
            name = self._scalar(key)
            if value.message_type is not None:
                self._message(target[name], depth + 1)
            else:
                target[name] = self._scalar(value)

    def _scalar(self, field: Any) -> Any:
        kind = field.cpp_type
        if kind in _INTEGERS:
            low, high = _INTEGERS[kind]
            return self._random.choice((0, 1, low, high, self._random.randint(low, high), self._random.randint(0, 9)))
        if kind == FieldDescriptor.CPPTYPE_BOOL:
            return self._random.random() < 0.5
        if kind == FieldDescriptor.CPPTYPE_ENUM:
            names = [value.number for value in field.enum_type.values]
            if field.enum_type.full_name == "google.protobuf.NullValue":
                return 0
            return self._random.choice((*names, 99, -7))
        if kind == FieldDescriptor.CPPTYPE_STRING:
            if field.type == FieldDescriptor.TYPE_BYTES:
                return self._random.randbytes(self._random.choice((0, 1, 2, 3, 4, 30)))
            return self._random.choice(_TEXTS)
        return self._float(kind == FieldDescriptor.CPPTYPE_FLOAT)

    def _float(self, narrow: bool) -> float:
        if self._random.random() < self._special:
            return self._random.choice(_SPECIAL)
        if self._random.random() < 0.5:
            return self._random.choice(_FLOATS if narrow else _DOUBLES)
        if narrow:
            return self._bits("<f", 4)
        return self._bits("<d", 8)

    def _bits(self, layout: str, size: int) -> float:
        while True:
            (value,) = struct.unpack(layout, self._random.randbytes(size))
            if value - value == 0.0:
                return float(value)

    # --- well-known types -------------------------------------------------------------------------------------------

    def _Timestamp(self, message: Any, _depth: int) -> None:
        message.seconds = self._random.choice((0, -1, -62135596800, 253402300799, self._random.randint(0, 2**33)))
        message.nanos = self._random.choice(_NANOS)

    def _Duration(self, message: Any, _depth: int) -> None:
        sign = self._random.choice((1, -1))
        message.seconds = sign * self._random.choice((0, 1, 3600, 315_575_999_999, self._random.randint(0, 2**33)))
        message.nanos = sign * self._random.choice(_NANOS)

    def _FieldMask(self, message: Any, _depth: int) -> None:
        message.paths.extend(path for path in self._random.sample(_FIELD_PATHS, 2) if path)

    def _Struct(self, message: Any, depth: int) -> None:
        for _ in range(self._random.choice((0, 1, 2))):
            self._Value(message.fields[self._random.choice(_TEXTS)], depth + 1)

    def _ListValue(self, message: Any, depth: int) -> None:
        for _ in range(self._random.choice((0, 1, 2))):
            self._Value(message.values.add(), depth + 1)

    def _Value(self, message: Any, depth: int) -> None:
        match self._random.randrange(4 if depth > 5 else 6):
            case 0:
                message.null_value = 0
            case 1:
                message.number_value = self._random.choice(_DOUBLES)
            case 2:
                message.string_value = self._random.choice(_TEXTS)
            case 3:
                message.bool_value = self._random.random() < 0.5
            case 4:
                message.struct_value.SetInParent()
                self._Struct(message.struct_value, depth + 1)
            case _:
                message.list_value.SetInParent()
                self._ListValue(message.list_value, depth + 1)

    def _Any(self, message: Any, depth: int) -> None:
        if self._anys and self._random.random() < 0.8:
            message.Pack(self.message(self._random.choice(self._anys), depth + 1))
