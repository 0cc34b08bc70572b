"""The fast encoder: Python source made from plans, one function per message class.

The generated function checks each attribute and puts it into a dict, which
msgspec turns into text in C. For a message with a string, an optional int64
and a list of other messages it reads

    def e4(m):
        if m.__class__ is not T4:
            raise Unusual
        v0 = m.sku
        if v0.__class__ is not str:
            raise Unusual
        r = {'sku': v0}
        v = m.quantity
        if v is not None:
            if v.__class__ is not int or not (-1000000000 <= v <= 1000000000 or
                                              -9223372036854775808 <= v <= 9223372036854775807):
                raise Unusual
            r['quantity'] = str(v)
        v = m.lines
        if v.__class__ is not list:
            raise Unusual
        r['lines'] = [e5(x) for x in v]
        return r

Only what a field usually holds is written; anything else raises, and the exact
encoder takes over, which either accepts it or says what is wrong.
"""

from __future__ import annotations

import datetime
import itertools
import threading
from collections.abc import Callable
from typing import Any, Final

import msgspec

from iii_bridge.contract import scalars, slow_encode_well_known
from iii_bridge.contract.compile_space import CompileSpace, headroom, indented
from iii_bridge.contract.fast_values import Unusual, float32_text, is_negative_zero
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.plan import INTEGERS, Element, FieldPlan, MessagePlan, Shape, height_of, plan_of
from iii_bridge.contract.problems import Path
from iii_bridge.contract.scalars import INTEGER_RANGES
from iii_bridge.contract.slow_encode import writer_of
from iii_bridge.contract.spec import Defaults, Enums, Int64, JsonProfile

__all__ = ["FAILURES", "FastEncoder", "encoder_space"]

FAILURES: Final = (ValueError, KeyError, AttributeError, TypeError, RecursionError)
"""What the fast path raises for a message it leaves to the exact one."""

_CLASSES: Final = {
    Shape.BOOL: "bool",
    Shape.STRING: "str",
    Shape.BYTES: "bytes",
    Shape.DOUBLE: "float",
    Shape.INT32: "int",
    Shape.UINT32: "int",
    Shape.INT64: "int",
    Shape.UINT64: "int",
}

_CONVERSIONS: Final = {
    Shape.FLOAT: "float32_text({})",
    Shape.TIMESTAMP: "timestamp_text({})",
    Shape.DURATION: "duration_text({})",
    Shape.MASK: "write_mask({}, ROOT, 0)",
    Shape.STRUCT: "write_struct({}, ROOT, d + 1)",
    Shape.VALUE: "write_value({}, ROOT, d + 1)",
    Shape.LIST: "write_list({}, ROOT, d + 1)",
    Shape.ANY: "write_any({}, ROOT, d + 1)",
    Shape.NULL: "write_null({})",
}
"""Calls that check what they are given; a place in their errors is of no use here, so all get the root."""

_64_BITS: Final = (Shape.INT64, Shape.UINT64)
_SMALL: Final = 10**9


class FastEncoder:
    """Writes whole documents of one message class."""

    def __init__(self, tree: Callable[[Any], Any]) -> None:
        self._tree = tree

    def encode(self, message: Any) -> bytes:
        """The document. Raises one of FAILURES."""
        return _encode_json(self._tree(message))


_encode_json: Final = msgspec.json.Encoder().encode


class _Space(CompileSpace):
    """Everything compiled for one profile: classes share functions, and recursion finds them by name."""

    def __init__(self, profile: JsonProfile) -> None:
        super().__init__(profile.names)
        self._profile = profile
        self._enums: dict[type, str] = {}
        self._globals |= {
            "ROOT": Path(),
            "Unusual": Unusual,
            "duration_text": _duration_text,
            "float32_text": float32_text,
            "is_negative_zero": is_negative_zero,
            "timestamp_text": _timestamp_text,
            "write_any": writer_of(Element(Shape.ANY), profile),
            "write_list": slow_encode_well_known.write_list,
            "write_mask": slow_encode_well_known.write_mask,
            "write_null": _null,
            "write_struct": slow_encode_well_known.write_struct,
            "write_value": slow_encode_well_known.write_value,
        }

    def encoder(self, plan: MessagePlan) -> FastEncoder:
        """The encoder of a class; compiles what is not compiled yet."""
        with self._lock:
            number = self._compile(plan)
            return FastEncoder(self._globals[f"e{number}"])

    def _define(self, plan: MessagePlan, number: int) -> None:
        self._globals[f"T{number}"] = plan.cls
        self._execute(self._function(plan, number), "encoder", plan)

    # --- source -----------------------------------------------------------------------------------------------------

    def _function(self, plan: MessagePlan, number: int) -> list[str]:
        deep = height_of(plan) is None
        lines = [f"if m.__class__ is not T{number}:", "    raise Unusual"]
        if deep:
            lines += [f"if d + {headroom(plan)} > {MAX_DEPTH}:", "    raise Unusual"]
        lines += self._leading(plan)
        lines += [f"o_{index} = 0" for index in range(len(plan.oneofs))]
        for field in plan.fields[self._always(plan) :]:
            lines += self._field(field, plan)
        for index in range(len(plan.oneofs)):
            lines += [f"if o_{index} > 1:", "    raise Unusual"]
        lines.append("return r")
        return [f"def e{number}(m{', d=0' if deep else ''}):", *indented(lines)]

    def _always(self, plan: MessagePlan) -> int:
        """How many of the first fields are written whatever they hold; they share one dict display."""
        written = (self._is_always_written(field) for field in plan.fields)
        return len(list(itertools.takewhile(bool, written)))

    def _leading(self, plan: MessagePlan) -> list[str]:
        lines: list[str] = []
        items: list[str] = []
        for index, field in enumerate(plan.fields[: self._always(plan)]):
            check, value = self._value(field, f"v{index}")
            lines += [f"v{index} = m.{field.attribute}", *check]
            items.append(f"{self._spelling(field)!r}: {value}")
        return [*lines, f"r = {{{', '.join(items)}}}"]

    def _is_always_written(self, field: FieldPlan) -> bool:
        return not field.schema.presence and (self._profile.defaults is Defaults.EMIT or field.schema.required)

    def _field(self, field: FieldPlan, plan: MessagePlan) -> list[str]:
        check, value = self._value(field, "v")
        store = f"r[{self._spelling(field)!r}] = {value}"
        lines = [f"v = m.{field.attribute}"]
        if field.schema.presence:
            present = [*check, store]
            present += [f"o_{index} += 1" for index, oneof in enumerate(plan.oneofs) if field in oneof]
            lines += ["if v is not None:", *indented(present)]
            if field.schema.required:
                lines += ["else:", "    raise Unusual"]
        elif self._is_always_written(field):
            lines += [*check, store]
        else:
            lines += [*check, f"if {self._is_set(field)}:", f"    {store}"]
        return lines

    def _is_set(self, field: FieldPlan) -> str:
        plain = field.key is None and not field.schema.repeated
        return "v or is_negative_zero(v)" if plain and field.element.shape in (Shape.FLOAT, Shape.DOUBLE) else "v"

    def _value(self, field: FieldPlan, v: str) -> tuple[list[str], str]:
        """Lines that check the variable called `v`, and the expression for its JSON value."""
        element = field.element
        if field.key is not None:
            return self._map_value(element, field.key, v)
        if field.schema.repeated:
            return self._list_value(element, v)
        condition = self._unlike(element, v)
        return _refuse(condition) if condition else [], self._conversion(element, v)

    def _list_value(self, element: Element, v: str) -> tuple[list[str], str]:
        lines = _refuse(f"{v}.__class__ is not list")
        if condition := self._unlike(element, "x"):
            lines += [f"for x in {v}:", *indented(_refuse(condition))]
        item = self._conversion(element, "x")
        return lines, v if item == "x" else f"[{item} for x in {v}]"

    def _map_value(self, element: Element, key: Shape, v: str) -> tuple[list[str], str]:
        conditions = [self._unlike(Element(key), "k"), self._unlike(element, "x")]
        lines = _refuse(f"{v}.__class__ is not dict")
        lines += [f"for k, x in {v}.items():", *indented(_refuse(" or ".join(filter(None, conditions))))]
        name = {Shape.STRING: "k", Shape.BOOL: "('true' if k else 'false')"}.get(key, "str(k)")
        value = self._conversion(element, "x")
        return lines, v if (name, value) == ("k", "x") else f"{{{name}: {value} for k, x in {v}.items()}}"

    def _unlike(self, element: Element, name: str) -> str:
        """The condition under which a value is not what it should be; empty where its conversion finds out."""
        if element.enum is not None:
            return f"{name}.__class__ is not {self._enum_class(element)}"
        if element.shape not in _CLASSES:
            return ""
        condition = f"{name}.__class__ is not {_CLASSES[element.shape]}"
        if element.shape in INTEGERS:
            low, high = INTEGER_RANGES[element.shape.value]
            # Small constants first: Python compares what fits into 30 bits faster.
            small = f"{max(low, -_SMALL)} <= {name} <= {_SMALL}"
            return f"{condition} or not ({small} or {low} <= {name} <= {high})"
        if element.shape is Shape.DOUBLE:
            return f"{condition} or {name} - {name} != 0.0"  # NaN and the infinities
        return condition

    def _conversion(self, element: Element, name: str) -> str:
        if element.shape is Shape.MESSAGE and element.cls is not None:
            deep = height_of(plan_of(element.cls)) is None
            return f"e{self._numbers[element.cls]}({name}{', d + 1' if deep else ''})"
        if element.enum is not None:
            self._enum_class(element)
            return f"N{self._enums[element.enum_type].removeprefix('C')}[{name}]"
        if element.shape in _64_BITS and self._profile.int64 is Int64.STRING:
            return f"str({name})"
        return _CONVERSIONS.get(element.shape, "{}").format(name)

    def _enum_class(self, element: Element) -> str:
        """The name of an enum's class; `N` and the same number is the table of its JSON spellings."""
        cls, enum = element.enum_type, element.enum
        if cls not in self._enums and enum is not None:
            number = len(self._enums)
            by_number = self._profile.enums is Enums.NUMBER
            self._enums[cls] = f"C{number}"
            self._globals[f"C{number}"] = cls
            self._globals[f"N{number}"] = {n: n if by_number else name for name, n in reversed(enum.values)}
        return self._enums[cls]


def _refuse(condition: str) -> list[str]:
    return [f"if {condition}:", "    raise Unusual"]


def _null(value: Any) -> None:
    if value.__class__ is bool or value != 0:
        raise Unusual


def _timestamp_text(value: Any) -> str:
    """The exact writer, but for the usual case: a datetime in UTC without a fraction."""
    if value.__class__ is datetime.datetime and value.tzinfo is datetime.UTC and not value.microsecond:
        text: str = value.isoformat()
        return text[:-6] + "Z"
    return scalars.write_timestamp(value)


def _duration_text(value: Any) -> str:
    """The exact writer, but for the usual case: whole seconds, up to some decades."""
    if value.__class__ is datetime.timedelta and not value.microseconds and -_DAYS <= value.days <= _DAYS:
        return f"{value.days * 86400 + value.seconds}s"
    return scalars.write_duration(value)


_DAYS: Final = 10_000

_spaces: Final[dict[JsonProfile, _Space]] = {}
_spaces_lock: Final = threading.Lock()


def encoder_space(profile: JsonProfile) -> _Space:
    """Where encoders of one profile are compiled."""
    with _spaces_lock:
        if profile not in _spaces:
            _spaces[profile] = _Space(profile)
        return _spaces[profile]
