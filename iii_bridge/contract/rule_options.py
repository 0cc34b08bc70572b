"""From the options of a contract to its validation rules.

The numbers are those of `buf/validate/validate.proto` (protovalidate 1.x). A
number that file does not know is kept as a custom rule: a predefined rule is
an extension of its message, and a newer standard has more fields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from iii_bridge.contract import binary
from iii_bridge.contract.binary import Raw
from iii_bridge.contract.rules import (
    AnyRules,
    BoolRules,
    Bound,
    BytesRules,
    CustomRule,
    EnumRules,
    FieldRules,
    Ignore,
    MapRules,
    MaskRules,
    MessageOneof,
    MessageRules,
    NumberRules,
    RepeatedRules,
    Size,
    StringRules,
    ValueRules,
)

__all__ = ["field_rules", "message_rules", "oneof_is_required"]

_VALIDATE: Final = 1159
"""buf.validate.field, .message and .oneof: one number in three kinds of options."""
_FIRST_EXTENSION: Final = 1000
_NANOS: Final = 1_000_000_000


def field_rules(options: bytes) -> FieldRules | None:
    """The rules in serialized FieldOptions; None when there are none."""
    written = [value for number, value in binary.wire_fields(options) if number == _VALIDATE]
    return _field(binary.joined(written)) if written else None


def message_rules(options: bytes) -> MessageRules | None:
    """The rules in serialized MessageOptions; None when there are none."""
    written = [value for number, value in binary.wire_fields(options) if number == _VALIDATE]
    if not written:
        return None
    found = _Fields(binary.joined(written))
    oneofs = tuple(_message_oneof(value) for value in found.take(4))
    return MessageRules(oneofs=oneofs, custom=(*found.cel(3, 5), *found.rest("message")))


def oneof_is_required(options: bytes) -> bool:
    """Whether serialized OneofOptions ask for one of the members."""
    written = [value for number, value in binary.wire_fields(options) if number == _VALIDATE]
    return _Fields(binary.joined(written)).flag(1)


class _Fields:
    """The fields of one serialized message; what is taken is known."""

    def __init__(self, data: bytes) -> None:
        self._values: dict[int, list[Raw]] = {}
        for number, value in binary.wire_fields(data):
            self._values.setdefault(number, []).append(value)

    def take(self, number: int) -> list[Raw]:
        return self._values.pop(number, [])

    def flag(self, number: int) -> bool:
        values = self.take(number)
        return bool(values and values[-1])

    def count(self, number: int) -> int | None:
        values = binary.varints(self.take(number))
        return values[-1] if values else None

    def data(self, number: int) -> bytes | None:
        values = [value for value in self.take(number) if isinstance(value, bytes)]
        return values[-1] if values else None

    def text(self, number: int) -> str | None:
        value = self.data(number)
        return None if value is None else value.decode()

    def datas(self, number: int) -> tuple[bytes, ...]:
        return tuple(value for value in self.take(number) if isinstance(value, bytes))

    def texts(self, number: int) -> tuple[str, ...]:
        return tuple(value.decode() for value in self.datas(number))

    def size(self, exactly: int, least: int, most: int) -> Size:
        """`len` is both ends at once; where all are written, the narrowest counts."""
        exact, low, high = self.count(exactly), self.count(least), self.count(most)
        lows = [value for value in (exact, low) if value is not None]
        highs = [value for value in (exact, high) if value is not None]
        return Size(max(lows, default=None), min(highs, default=None))

    def cel(self, rules: int, expressions: int) -> tuple[CustomRule, ...]:
        found: list[CustomRule] = []
        for data in self.datas(rules):
            rule = _Fields(data)
            name, expression = rule.text(1), rule.text(3)
            found.append(CustomRule(name or expression or "", cel=True, message=rule.text(2) or ""))
        return (*found, *(CustomRule(text, cel=True) for text in self.texts(expressions)))

    def rest(self, kind: str) -> tuple[CustomRule, ...]:
        """What nobody took: extensions are predefined rules, which are in CEL."""
        return tuple(
            CustomRule(f"{kind} option {number}", cel=number >= _FIRST_EXTENSION) for number in sorted(self._values)
        )


def _message_oneof(data: Raw) -> MessageOneof:
    found = _Fields(binary.joined([data]))
    return MessageOneof(found.texts(1), found.flag(2))


_IGNORE: Final = {1: Ignore.ZERO, 3: Ignore.ALWAYS}


def _field(data: bytes) -> FieldRules:
    found = _Fields(data)
    required, ignore = found.flag(25), found.count(27)
    custom = found.cel(23, 29)
    kind, value = "", None
    for number, (name, read) in _KINDS.items():
        written = found.take(number)
        if written:  # a oneof: one of them, in whatever place
            inner = _Fields(binary.joined(written))
            kind, value = name, read(inner)
            custom += inner.rest(name)
    return FieldRules(
        kind=kind,
        value=value,
        required=required,
        ignore=_IGNORE.get(ignore or 0, Ignore.UNSET),
        ignore_is_written=bool(ignore),
        custom=(*custom, *found.rest("field")),
    )


def _inner(values: list[Raw]) -> FieldRules | None:
    return _field(binary.joined(values)) if values else None


# --- numbers ---------------------------------------------------------------------------------------------------------

_Reader = Callable[[Sequence[Raw]], Sequence[int | float]]


def _fixed(size: int, read: Callable[[bytes], int | float]) -> _Reader:
    def numbers(values: Sequence[Raw]) -> list[int | float]:
        data = binary.joined(values)
        return [read(data[at : at + size]) for at in range(0, len(data), size)]

    return numbers


def _mapped(read: Callable[[int], int]) -> _Reader:
    return lambda values: [read(value) for value in binary.varints(values)]


def _little(is_signed: bool) -> Callable[[bytes], int]:
    return lambda data: int.from_bytes(data, "little", signed=is_signed)


def _signed64(value: int) -> int:
    return binary.signed(value, 64)


def _nanoseconds(values: Sequence[Raw]) -> list[int]:
    """Durations and Timestamps: seconds and nanoseconds, each a message."""
    found: list[int] = []
    for value in values:
        fields = _Fields(binary.joined([value]))
        seconds, nanos = (_signed64(fields.count(number) or 0) for number in (1, 2))
        found.append(seconds * _NANOS + nanos)
    return found


_NUMBERS: Final[dict[str, _Reader]] = {
    "float": _fixed(4, binary.float_of),
    "double": _fixed(8, binary.double_of),
    "int32": _mapped(_signed64),
    "int64": _mapped(_signed64),
    "uint32": binary.varints,
    "uint64": binary.varints,
    "sint32": _mapped(binary.zigzag),
    "sint64": _mapped(binary.zigzag),
    "fixed32": _fixed(4, _little(is_signed=False)),
    "fixed64": _fixed(8, _little(is_signed=False)),
    "sfixed32": _fixed(4, _little(is_signed=True)),
    "sfixed64": _fixed(8, _little(is_signed=True)),
}


def _number(kind: str) -> Callable[[_Fields], ValueRules]:
    read = _NUMBERS[kind]
    # The examples stand where their messages had room: 8 is `finite` of floats, and was taken in int64.
    example = 9 if kind in ("float", "double", "int64") else 8

    def rules(found: _Fields) -> NumberRules:
        finite = kind in ("float", "double") and found.flag(8)
        found.take(example)
        return _range(found, read, first=1, finite=finite)

    return rules


def _range(found: _Fields, read: _Reader, first: int, finite: bool = False) -> NumberRules:
    """`const`, `lt`, `lte`, `gt`, `gte`, `in` and `not_in`, in this order from the number `first` on."""
    const, lt, lte, gt, gte, one_of, none_of = (read(found.take(number)) for number in range(first, first + 7))
    return NumberRules(
        const=const[-1] if const else None,
        upper=Bound(lt[-1], False) if lt else Bound(lte[-1], True) if lte else None,
        lower=Bound(gt[-1], False) if gt else Bound(gte[-1], True) if gte else None,
        one_of=tuple(one_of),
        none_of=tuple(none_of),
        finite=finite,
    )


def _duration(found: _Fields) -> NumberRules:
    found.take(9)
    return _range(found, _nanoseconds, first=2)


def _timestamp(found: _Fields) -> NumberRules:
    found.take(10)
    const, lt, lte, gt, gte, within = (_nanoseconds(found.take(number)) for number in (2, 3, 4, 5, 6, 9))
    return NumberRules(
        const=const[-1] if const else None,
        upper=Bound(lt[-1], False) if lt else Bound(lte[-1], True) if lte else None,
        lower=Bound(gt[-1], False) if gt else Bound(gte[-1], True) if gte else None,
        before_now=found.flag(7),
        after_now=found.flag(8),
        within=within[-1] if within else None,
    )


# --- everything else -------------------------------------------------------------------------------------------------

_STRING_FORMATS: Final = {
    12: "email",
    13: "hostname",
    14: "ip",
    15: "ipv4",
    16: "ipv6",
    17: "uri",
    18: "uri_ref",
    21: "address",
    22: "uuid",
    26: "ip_with_prefixlen",
    27: "ipv4_with_prefixlen",
    28: "ipv6_with_prefixlen",
    29: "ip_prefix",
    30: "ipv4_prefix",
    31: "ipv6_prefix",
    32: "host_and_port",
    33: "tuuid",
    35: "ulid",
    37: "protobuf_fqn",
    38: "protobuf_dot_fqn",
}
_BYTES_FORMATS: Final = {10: "ip", 11: "ipv4", 12: "ipv6", 15: "uuid"}
_HEADERS: Final = {1: "header_name", 2: "header_value"}


def _string(found: _Fields) -> StringRules:
    found.take(34)
    formats = [name for number, name in _STRING_FORMATS.items() if found.flag(number)]
    header, strict = _HEADERS.get(found.count(24) or 0), found.count(25)
    if header is not None:
        formats.append(header if strict in (None, 1) else f"{header}_loose")
    return StringRules(
        const=found.text(1),
        length=found.size(19, 2, 3),
        bytes_length=found.size(20, 4, 5),
        pattern=found.text(6),
        prefix=found.text(7) or "",
        suffix=found.text(8) or "",
        contains=found.text(9) or "",
        not_contains=found.text(23) or "",
        one_of=found.texts(10),
        none_of=found.texts(11),
        format=formats[-1] if formats else "",
    )


def _bytes(found: _Fields) -> BytesRules:
    found.take(14)
    formats = [name for number, name in _BYTES_FORMATS.items() if found.flag(number)]
    return BytesRules(
        const=found.data(1),
        length=found.size(13, 2, 3),
        pattern=found.text(4),
        prefix=found.data(5) or b"",
        suffix=found.data(6) or b"",
        contains=found.data(7) or b"",
        one_of=found.datas(8),
        none_of=found.datas(9),
        format=formats[-1] if formats else "",
    )


def _bool(found: _Fields) -> BoolRules:
    found.take(2)
    const = found.count(1)
    return BoolRules(const=None if const is None else bool(const))


def _enum(found: _Fields) -> EnumRules:
    found.take(5)
    const = found.count(1)
    return EnumRules(
        const=None if const is None else _signed64(const),
        defined_only=found.flag(2),
        one_of=tuple(map(_signed64, binary.varints(found.take(3)))),
        none_of=tuple(map(_signed64, binary.varints(found.take(4)))),
    )


def _repeated(found: _Fields) -> RepeatedRules:
    return RepeatedRules(size=Size(found.count(1), found.count(2)), unique=found.flag(3), items=_inner(found.take(4)))


def _map(found: _Fields) -> MapRules:
    size = Size(found.count(1), found.count(2))
    return MapRules(size=size, keys=_inner(found.take(4)), values=_inner(found.take(5)))


def _any(found: _Fields) -> AnyRules:
    return AnyRules(one_of=found.texts(2), none_of=found.texts(3))


def _mask(found: _Fields) -> MaskRules:
    found.take(4)
    const = found.data(1)
    return MaskRules(
        const=None if const is None else _Fields(const).texts(1), one_of=found.texts(2), none_of=found.texts(3)
    )


_KINDS: Final[dict[int, tuple[str, Callable[[_Fields], ValueRules]]]] = {
    **{number: (kind, _number(kind)) for number, kind in enumerate(_NUMBERS, start=1)},
    13: ("bool", _bool),
    14: ("string", _string),
    15: ("bytes", _bytes),
    16: ("enum", _enum),
    18: ("repeated", _repeated),
    19: ("map", _map),
    20: ("any", _any),
    21: ("duration", _duration),
    22: ("timestamp", _timestamp),
    28: ("field_mask", _mask),
}
"""The oneof `type` of FieldRules."""
