"""Messages as schemas in one representation, before the dialect is known: references are full names.

`canonical` describes what is printed under a JSON profile; `protojson`
everything a conforming parser accepts: both spellings of names, numbers as
strings, null for unset. Numbers of enum values the contract does not name are
left out of `canonical`, where they would turn every enum into a union.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from iii_bridge.contract.spec import Defaults, Enums, Int64, JsonProfile, Names, UnknownMembers
from iii_codegen.emit.jsonschema.patterns import BASE64, BASE64_ANY, integer_pattern
from iii_codegen.emit.jsonschema.well_known import WELL_KNOWN
from iii_codegen.model.nodes import Cardinality, Element, Enum, Field, Kind, Message, Tree

__all__ = ["Shape", "Shapes", "View"]

Shape = dict[str, Any]
"""A schema; `{"$ref": full name}` stands for a message."""

_NUMBER_STRING: Final = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
_NON_FINITE: Final = ["NaN", "Infinity", "-Infinity"]
_FLOAT_MAX: Final = 3.4028235e38
"""As the largest float is printed: the shortest text that reads as it."""

_RANGES: Final = {
    **dict.fromkeys((Kind.INT32, Kind.SINT32, Kind.SFIXED32), (-(2**31), 2**31 - 1)),
    **dict.fromkeys((Kind.UINT32, Kind.FIXED32), (0, 2**32 - 1)),
    **dict.fromkeys((Kind.INT64, Kind.SINT64, Kind.SFIXED64), (-(2**63), 2**63 - 1)),
    **dict.fromkeys((Kind.UINT64, Kind.FIXED64), (0, 2**64 - 1)),
}
_LONG: Final = frozenset(kind for kind, (_, most) in _RANGES.items() if most > 2**32)


@dataclass(frozen=True, slots=True)
class View:
    """Which schema of a message is wanted."""

    profile: JsonProfile
    response: bool
    """Whether members with default values may be relied on: the side that answers writes them."""
    unknown: UnknownMembers = UnknownMembers.IGNORE
    wide: bool = False
    """`protojson` instead of `canonical`."""


class Shapes:
    """Describes messages of one tree under one view; remembers what it described."""

    def __init__(self, tree: Tree, view: View) -> None:
        self._tree = tree
        self._view = view
        self._known: dict[str, Shape] = {}

    def message(self, full_name: str) -> Shape:
        """The object schema of a message."""
        known = self._known.get(full_name)
        if known is None:
            known = self._well_known(full_name) or self._object(self._tree.messages[full_name])
            known = {"title": full_name.rpartition(".")[2], **known}
            self._known[full_name] = known
        return known

    def _well_known(self, full_name: str) -> Shape | None:
        described = WELL_KNOWN.get(full_name)
        if described is None:
            return None
        shape = described(self._view.wide)
        if full_name == "google.protobuf.Empty" and self._view.unknown is UnknownMembers.REJECT:
            shape["additionalProperties"] = False
        return shape

    def _object(self, message: Message) -> Shape:
        shape: Shape = {"type": "object"}
        if message.comment:
            shape["description"] = message.comment
        if message.deprecated:
            shape["deprecated"] = True
        if message.fields:
            shape["properties"] = {name: self._field(field) for field in message.fields for name in self._names(field)}
        shape |= self._presence(message)
        if self._view.unknown is UnknownMembers.REJECT:
            shape["additionalProperties"] = False
        return shape

    def _presence(self, message: Message) -> Shape:
        """Which members must be there, and which cannot be there together."""
        needed = [self._names(field) for field in message.fields if self._is_required(field)]
        required = [spellings[0] for spellings in needed if len(spellings) == 1]
        either = [spellings for spellings in needed if len(spellings) > 1]
        twice = [self._names(field) for field in message.fields if len(self._names(field)) > 1]
        refused: list[Shape] = [{"required": names} for names in (*twice, *self._exclusive(message))]
        refused += [{"not": {"anyOf": [{"required": [name]} for name in spellings]}} for spellings in either]
        shape: Shape = {"required": required} if required else {}
        if refused:
            shape["not"] = {"anyOf": refused}
        return shape

    def _names(self, field: Field) -> list[str]:
        preferred, other = field.json_name, field.name
        if self._view.profile.names is Names.PROTO:
            preferred, other = other, preferred
        return [preferred, other] if self._view.wide and other != preferred else [preferred]

    def _is_required(self, field: Field) -> bool:
        if field.required:
            return True
        printed = not field.explicit_presence
        emits = self._view.profile.defaults is Defaults.EMIT
        return self._view.response and emits and printed and not self._view.wide

    def _exclusive(self, message: Message) -> list[list[str]]:
        """Pairs of members that cannot stand together: two of one oneof."""
        pairs: list[list[str]] = []
        for oneof, _ in message.oneofs:
            members = [field for field in message.fields if field.oneof == oneof]
            for index, first in enumerate(members):
                for second in members[index + 1 :]:
                    pairs += [[a, b] for a in self._names(first) for b in self._names(second)]
        return pairs

    def _field(self, field: Field) -> Shape:
        shape = self._cardinality(field)
        if self._view.wide and not (field.required or field.element.type_name == "google.protobuf.Value"):
            shape = {"anyOf": [shape, {"type": "null"}]}
        notes: Shape = {}
        if field.comment:
            notes["description"] = field.comment
        if field.deprecated:
            notes["deprecated"] = True
        if "OUTPUT_ONLY" in field.behaviors:
            notes["readOnly"] = True
        if "INPUT_ONLY" in field.behaviors:
            notes["writeOnly"] = True
        return {**shape, **notes}

    def _cardinality(self, field: Field) -> Shape:
        element = self.element(field.element)
        if field.cardinality is Cardinality.REPEATED:
            return {"type": "array", "items": element}
        if field.cardinality is Cardinality.MAP:
            keys = _KEYS.get(field.key) if field.key is not None else None
            return {"type": "object", **({"propertyNames": keys} if keys else {}), "additionalProperties": element}
        return element

    def element(self, element: Element) -> Shape:
        """One value of a field."""
        if element.kind is Kind.MESSAGE:
            plain = self._wrapped(element.type_name) or self._well_known(element.type_name)
            return {"$ref": element.type_name} if plain is None else plain
        if element.kind is Kind.ENUM:
            if element.type_name == "google.protobuf.NullValue":
                return {"type": "null"}
            return self._enum(self._tree.enums[element.type_name])
        return self.scalar(element.kind)

    def _wrapped(self, full_name: str) -> Shape | None:
        kind = _WRAPPERS.get(full_name)
        return None if kind is None else self.scalar(kind)

    def _enum(self, enum: Enum) -> Shape:
        names = [value.name for value in enum.values]
        numbers: Shape = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
        if self._view.wide:
            return {"anyOf": [{"type": "string", "enum": names}, numbers]}
        if self._view.profile.enums is Enums.NUMBER:
            return numbers
        return {"type": "string", "enum": names}

    def scalar(self, kind: Kind) -> Shape:
        """A scalar, or a wrapper of it."""
        if kind is Kind.BOOL:
            return {"type": "boolean"}
        if kind is Kind.STRING:
            return {"type": "string"}
        if kind is Kind.BYTES:
            pattern = BASE64_ANY if self._view.wide else BASE64
            return {"type": "string", "pattern": pattern, **({} if self._view.wide else {"contentEncoding": "base64"})}
        if kind in (Kind.FLOAT, Kind.DOUBLE):
            return self._float(kind)
        return self._integer(kind)

    def _float(self, kind: Kind) -> Shape:
        number: Shape = {"type": "number"}
        if kind is Kind.FLOAT:
            number |= {"minimum": -_FLOAT_MAX, "maximum": _FLOAT_MAX}
        choices = [number, {"type": "string", "enum": _NON_FINITE}]
        if self._view.wide:
            choices.append({"type": "string", "pattern": _NUMBER_STRING})
        return {"anyOf": choices}

    def _integer(self, kind: Kind) -> Shape:
        least, most = _RANGES[kind]
        number: Shape = {"type": "integer", "minimum": least, "maximum": most}
        text: Shape = {"type": "string", "pattern": integer_pattern(least, most)}
        if self._view.wide:
            return {"anyOf": [number, {"type": "string", "pattern": _NUMBER_STRING}]}
        return text if kind in _LONG and self._view.profile.int64 is Int64.STRING else number


_WRAPPERS: Final = {
    "google.protobuf.BoolValue": Kind.BOOL,
    "google.protobuf.BytesValue": Kind.BYTES,
    "google.protobuf.DoubleValue": Kind.DOUBLE,
    "google.protobuf.FloatValue": Kind.FLOAT,
    "google.protobuf.Int32Value": Kind.INT32,
    "google.protobuf.Int64Value": Kind.INT64,
    "google.protobuf.StringValue": Kind.STRING,
    "google.protobuf.UInt32Value": Kind.UINT32,
    "google.protobuf.UInt64Value": Kind.UINT64,
}
_KEYS: Final[dict[Kind, Shape]] = {
    Kind.BOOL: {"enum": ["true", "false"]},
    **{kind: {"pattern": integer_pattern(*limits)} for kind, limits in _RANGES.items()},
}
"""What a map's keys look like as member names; strings may be anything."""
