"""Validation rules as frozen values, free of any language and library: what `buf.validate` says about a contract.

`rule_options` makes them of a field's options; `rule_checks` says what they
ask of values, and the generator describes them in JSON Schema.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = [
    "AnyRules",
    "BoolRules",
    "Bound",
    "BytesRules",
    "CustomRule",
    "EnumRules",
    "FieldRules",
    "Ignore",
    "MapRules",
    "MaskRules",
    "MessageOneof",
    "MessageRules",
    "NumberRules",
    "RepeatedRules",
    "Size",
    "StringRules",
    "ValueRules",
]

Number = int | float


class Ignore(enum.Enum):
    """When the rules of a field do not count."""

    UNSET = "unset"
    """While the field tracks presence and is unset."""
    ZERO = "zero"
    """Also while it holds the default value."""
    ALWAYS = "always"
    """Never checked, `required` included."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range."""

    value: Number
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Size:
    """How much there may be of something: characters, bytes, items, pairs."""

    least: int | None = None
    most: int | None = None

    def __bool__(self) -> bool:
        return self.least is not None or self.most is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRules:
    """Of numbers, and of durations and timestamps in nanoseconds (timestamps since 1970).

    A lower bound above the upper one leaves out what is between them, as
    protovalidate has it; `excludes_between` says so.
    """

    const: Number | None = None
    lower: Bound | None = None
    upper: Bound | None = None
    one_of: tuple[Number, ...] = ()
    none_of: tuple[Number, ...] = ()
    finite: bool = False
    before_now: bool = False
    after_now: bool = False
    within: int | None = None
    """The most nanoseconds between a timestamp and now."""

    @property
    def excludes_between(self) -> bool:
        """Whether the value is below the upper or above the lower bound, instead of between them."""
        return self.lower is not None and self.upper is not None and self.upper.value < self.lower.value


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolRules:
    """Of bools."""

    const: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StringRules:
    """Of strings. Sizes are in code points and in bytes of UTF-8."""

    const: str | None = None
    length: Size = Size()
    bytes_length: Size = Size()
    pattern: str | None = None
    """In the syntax of RE2; it may match any part of the string."""
    prefix: str = ""
    suffix: str = ""
    contains: str = ""
    not_contains: str = ""
    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    format: str = ""
    """The name of a well-known format as the contract writes it (`email`, `ipv4_prefix`), or `header_name`,
    `header_value`, `header_name_loose`, `header_value_loose`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BytesRules:
    """Of bytes."""

    const: bytes | None = None
    length: Size = Size()
    pattern: str | None = None
    prefix: bytes = b""
    suffix: bytes = b""
    contains: bytes = b""
    one_of: tuple[bytes, ...] = ()
    none_of: tuple[bytes, ...] = ()
    format: str = ""
    """`ip`, `ipv4`, `ipv6` or `uuid`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumRules:
    """Of enums, by number."""

    const: int | None = None
    defined_only: bool = False
    one_of: tuple[int, ...] = ()
    none_of: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedRules:
    """Of lists."""

    size: Size = Size()
    unique: bool = False
    items: FieldRules | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRules:
    """Of maps."""

    size: Size = Size()
    keys: FieldRules | None = None
    values: FieldRules | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyRules:
    """Of google.protobuf.Any, by type URL."""

    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRules:
    """Of google.protobuf.FieldMask: a path stands for everything below it."""

    const: tuple[str, ...] | None = None
    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


ValueRules = (
    NumberRules | BoolRules | StringRules | BytesRules | EnumRules | RepeatedRules | MapRules | AnyRules | MaskRules
)


@dataclass(frozen=True, slots=True)
class CustomRule:
    """A rule this package does not evaluate: one in CEL, or one that a later version of the standard knows."""

    name: str
    """The rule's id, its expression where it has none, or the number of the option."""
    cel: bool
    """Whether protovalidate evaluates it; else nobody knows what it means."""
    message: str = ""
    """What the contract says to those who break it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRules:
    """Of one field, an item, a map's key or value."""

    kind: str = ""
    """The kind of value the rules are written for, as the contract names it: `int64`, `string`, `repeated`,
    `duration`, …; empty when there are none."""
    value: ValueRules | None = None
    required: bool = False
    """Must be set, and to something else than the default where unset cannot be told from it."""
    ignore: Ignore = Ignore.UNSET
    ignore_is_written: bool = False
    custom: tuple[CustomRule, ...] = ()

    @property
    def parts(self) -> tuple[tuple[str, FieldRules], ...]:
        """The rules of items, keys and values, by these words, as far as there are any."""
        held: tuple[tuple[str, FieldRules | None], ...] = ()
        if isinstance(self.value, RepeatedRules):
            held = (("item", self.value.items),)
        elif isinstance(self.value, MapRules):
            held = (("key", self.value.keys), ("value", self.value.values))
        return tuple((word, rules) for word, rules in held if rules is not None)


@dataclass(frozen=True, slots=True)
class MessageOneof:
    """Fields of which at most one is set; with `required`, exactly one."""

    fields: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRules:
    """Of a whole message."""

    oneofs: tuple[MessageOneof, ...] = ()
    custom: tuple[CustomRule, ...] = ()
