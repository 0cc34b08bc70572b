"""What a message looks like in each profile, derived from its default form and its descriptor."""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from tests.vectors.contracts import google_class
from tests.vectors.documents import Numeral, exact

__all__ = ["expected", "normal"]

_WRAPPERS: Final = frozenset(
    f"google.protobuf.{kind}Value"
    for kind in ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
)
_OTHERS: Final = frozenset(
    f"google.protobuf.{name}" for name in ("Timestamp", "Duration", "FieldMask", "Struct", "Value", "ListValue")
)
_LONG: Final = frozenset(
    (
        *(FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_SINT64),
        *(FieldDescriptor.TYPE_FIXED64, FieldDescriptor.TYPE_SFIXED64),
    )
)


def expected(name: str, text: str, profile: str) -> Any:
    """The exact value of a message of `vectors.v1` in a profile, from its text in the default or canonical form."""
    return _Walk(profile).message(google_class(name).DESCRIPTOR, exact(text))


def normal(name: str, text: str) -> Any:
    """The exact value of a text as it is, but for `float` fields: the nearest number of 32 bits, in any digits."""
    return _Walk("default").message(google_class(name).DESCRIPTOR, exact(text))


class _Walk:
    def __init__(self, profile: str) -> None:
        self._proto_names = profile in {"proto-names", "compact"}
        self._enum_numbers = profile in {"enum-numbers", "compact"}
        self._int64_numbers = profile == "int64-numbers"

    def message(self, descriptor: Descriptor, value: Any) -> Any:
        if descriptor.full_name in _WRAPPERS:
            return self._single(descriptor.fields_by_name["value"], value)
        if descriptor.full_name in _OTHERS or not isinstance(value, dict):
            return value
        if descriptor.full_name == "google.protobuf.Any":
            return self._any(descriptor, value)
        return self._members(descriptor, value)

    def _members(self, descriptor: Descriptor, value: dict[str, Any]) -> dict[str, Any]:
        fields = {name: field for field in descriptor.fields for name in (field.name, field.json_name)}
        members: dict[str, Any] = {}
        for name, item in value.items():
            field = fields.get(name)
            if field is None:
                members[name] = item
            else:
                members[field.name if self._proto_names else name] = self._field(field, item)
        return members

    def _any(self, descriptor: Descriptor, value: dict[str, Any]) -> dict[str, Any]:
        if "@type" not in value:
            return value
        inner = descriptor.file.pool.FindMessageTypeByName(value["@type"].rpartition("/")[2])
        rest = {name: item for name, item in value.items() if name != "@type"}
        if inner.full_name in _WRAPPERS | _OTHERS | {"google.protobuf.Any"}:
            return {**value, "value": self.message(inner, rest.get("value"))}
        return {"@type": value["@type"], **self._members(inner, rest)}

    def _field(self, field: FieldDescriptor, value: Any) -> Any:
        entry = field.message_type
        if entry is not None and entry.GetOptions().map_entry and isinstance(value, dict):
            return {key: self._single(entry.fields_by_name["value"], item) for key, item in value.items()}
        if field.is_repeated and isinstance(value, list):
            return [self._single(field, item) for item in value]
        return self._single(field, value)

    def _single(self, field: FieldDescriptor, value: Any) -> Any:
        if field.message_type is not None:
            return self.message(field.message_type, value)
        if field.type == FieldDescriptor.TYPE_FLOAT and isinstance(value, Numeral):
            return _narrowed(value)
        if field.type in _LONG and self._int64_numbers and isinstance(value, str):
            return Numeral.of(value)
        if field.enum_type is not None and self._enum_numbers and isinstance(value, str):
            return Numeral.of(str(field.enum_type.values_by_name[value].number))
        return value


def _narrowed(number: Numeral) -> Numeral:
    wide = float(Decimal((number.sign, number.digits, number.exponent)))
    return Numeral.of(repr(struct.unpack("f", struct.pack("f", wide))[0]))
