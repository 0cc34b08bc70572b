"""The fast encoder: Python source made from plans, one function per message class.

The generated function checks each attribute and puts it into a Struct of the
message's JSON names, which msgspec turns into text in C; UNSET leaves a member
out. For a message with a string, an optional int64 and a list of other
messages it reads

    def e4(m):
        if m.__class__ is not T4:
            raise Unusual
        v0 = m.sku
        if v0.__class__ is not str:
            raise Unusual
        w1 = UNSET
        v = m.quantity
        if v is not None:
            if v.__class__ is not int or not (-1000000000 <= v <= 1000000000 or
                                              -9223372036854775808 <= v <= 9223372036854775807):
                raise Unusual
            w1 = str(v)
        v2 = m.lines
        if v2.__class__ is not list:
            raise Unusual
        return W4(v0, w1, [e5(x) for x in v2])

Only what a field usually holds is written; anything else raises, and the exact
encoder takes over, which either accepts it or says what is wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET

from iii_bridge.contract.backend import MessageBackend
from iii_bridge.contract.compile_space import CompileSpace, headroom, indented
from iii_bridge.contract.fast_values import OpenEnum, Unusual, float32_text, is_negative_zero, unusual
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.plan import INTEGERS, UNBOUNDED, Element, FieldPlan, MessagePlan, Shape, height_of, plan_of
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
    Shape.NULL: "write_null({})",
}
"""Calls that check what they are given."""

_64_BITS: Final = (Shape.INT64, Shape.UINT64)
_SMALL: Final = 10**9
_FLOATS: Final = (Shape.FLOAT, Shape.DOUBLE)


class FastEncoder:
    """Writes whole documents of one message class."""

    def __init__(self, tree: Callable[[Any], Any], checked: type | None) -> None:
        """`checked` is the class of the message where the tree's functions check none."""
        self._tree = tree
        self._checked = checked

    def encode(self, message: Any) -> bytes:
        """The document. Raises one of FAILURES."""
        if self._checked is not None and type(message) is not self._checked:
            raise Unusual
        return _encode_json(self._tree(message))


_encode_json: Final = msgspec.json.Encoder().encode


class _Space(CompileSpace):
    """Everything compiled for one library and profile: classes share functions, and recursion finds them by name."""

    def __init__(self, profile: JsonProfile, backend: MessageBackend) -> None:
        super().__init__(profile.names)
        self._profile = profile
        self._backend = backend
        self._source = backend.source
        self._enums: dict[Element, int] = {}
        self._exact: dict[Element, str] = {}
        self._globals |= {
            "ROOT": Path(),
            "UNSET": UNSET,
            "Unusual": Unusual,
            "float32_text": float32_text,
            "is_negative_zero": is_negative_zero,
            "finite": _finite,
            "unusual": unusual,
            "write_null": _null,
            **self._source.names,
        }

    def encoder(self, plan: MessagePlan) -> FastEncoder:
        """The encoder of a class; compiles what is not compiled yet."""
        with self._lock:
            number = self._compile(plan)
            return FastEncoder(self._globals[f"e{number}"], plan.cls if self._source.trusted else None)

    def _define(self, plan: MessagePlan, number: int) -> None:
        self._globals[f"T{number}"] = plan.cls
        fields = [(f"f{field.schema.number}", Any, UNSET) for field in plan.fields]
        rename = {f"f{field.schema.number}": self._spelling(field) for field in plan.fields}
        # gc=False: these live for one document and never point back at themselves.
        self._globals[f"W{number}"] = msgspec.defstruct(f"W{number}", fields, rename=rename, gc=False)
        self._execute(self._function(plan, number), "encoder", plan)

    # --- source -----------------------------------------------------------------------------------------------------

    def _function(self, plan: MessagePlan, number: int) -> list[str]:
        deep = height_of(plan) is None
        lines = [] if self._source.trusted else _refuse(f"m.__class__ is not T{number}")
        if deep:
            lines += [f"if d + {headroom(plan)} > {MAX_DEPTH}:", "    raise Unusual"]
        oneofs = () if self._source.trusted else plan.oneofs
        lines += [f"o_{index} = 0" for index in range(len(oneofs))]
        values: list[str] = []
        for index, field in enumerate(plan.fields):
            prepared, value = self._field(field, index, oneofs)
            lines += prepared
            values.append(value)
        for index in range(len(oneofs)):
            lines += [f"if o_{index} > 1:", "    raise Unusual"]
        lines.append(f"return W{number}({', '.join(values)})")
        return [f"def e{number}(m{', d=0' if deep else ''}):", *indented(lines)]

    def _field(self, field: FieldPlan, index: int, oneofs: Sequence[tuple[FieldPlan, ...]]) -> tuple[list[str], str]:
        """Lines that check a field, and the expression for its member of the Struct."""
        if not field.schema.presence and (self._profile.defaults is Defaults.EMIT or field.schema.required):
            check, value = self._value(field, f"v{index}")
            return [f"v{index} = {self._source.load(field)}", *check], value
        check, value = self._value(field, "v")
        member = f"w{index}"
        lines = [f"{member} = UNSET"]
        store = f"{member} = {value}"
        if field.schema.presence:
            present = [*check, store]
            present += [f"o_{index} += 1" for index, oneof in enumerate(oneofs) if field in oneof]
            lines += self._source.if_present(field, present)
            return ([*lines, "else:", "    raise Unusual"] if field.schema.required else lines), member
        return [*lines, f"v = {self._source.load(field)}", *check, f"if {_is_set(field)}:", f"    {store}"], member

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
        condition, item = self._unlike(element, "x"), self._conversion(element, "x")
        if self._source.trusted:
            whole = item == "x" and not condition
            return [], self._source.listed(v) if whole else f"[{item} for x in {v}{_unless(condition)}]"
        lines = _refuse(f"{v}.__class__ is not list")
        if condition:
            lines += [f"for x in {v}:", *indented(_refuse(condition))]
        return lines, v if item == "x" else f"[{item} for x in {v}]"

    def _map_value(self, element: Element, key: Shape, v: str) -> tuple[list[str], str]:
        conditions = [self._unlike(Element(key), "k"), self._unlike(element, "x")]
        condition = " or ".join(filter(None, conditions))
        name = {Shape.STRING: "k", Shape.BOOL: "('true' if k else 'false')"}.get(key, "str(k)")
        value = self._conversion(element, "x")
        if self._source.trusted:
            return [], f"{{{name}: {value} for {self._source.entries(v)}{_unless(condition)}}}"
        lines = _refuse(f"{v}.__class__ is not dict")
        lines += [f"for k, x in {v}.items():", *indented(_refuse(condition))]
        return lines, v if (name, value) == ("k", "x") else f"{{{name}: {value} for k, x in {v}.items()}}"

    def _unlike(self, element: Element, name: str) -> str:
        """The condition under which a value is not what it should be; empty where its conversion finds out."""
        if element.boxed:
            return ""
        finite = f"{name} - {name} != 0.0" if element.shape is Shape.DOUBLE else ""  # NaN and the infinities
        if self._source.trusted:
            return f"{name}.__class__ is not str" if element.shape is Shape.STRING else finite
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
            return f"{condition} or {finite}"
        return condition

    def _conversion(self, element: Element, name: str) -> str:
        if element.shape is Shape.MESSAGE and element.cls is not None:
            deep = height_of(plan_of(element.cls)) is None
            return f"e{self._numbers[element.cls]}({name}{', d + 1' if deep else ''})"
        if element.boxed:
            name = self._source.unboxed(name)
            return f"finite({name})" if element.shape is Shape.DOUBLE else self._plain(element, name)
        if not element.is_message:
            return self._plain(element, name)
        own = self._source.write(element, name)
        return own or self._as_exact(element, name)

    def _plain(self, element: Element, name: str) -> str:
        if element.enum is not None:
            return f"N{self._enum(element)}[{name}]"
        if element.shape in _64_BITS and self._profile.int64 is Int64.STRING:
            return f"str({name})"
        return _CONVERSIONS.get(element.shape, "{}").format(name)

    def _as_exact(self, element: Element, name: str) -> str:
        """As the exact codec writes it, which checks all; a place in its errors is of no use here."""
        if element not in self._exact:
            self._exact[element] = f"X{len(self._exact)}"
            self._globals[self._exact[element]] = writer_of(element, self._backend, self._profile)
        return f"{self._exact[element]}({name}, ROOT, {'d + 1' if element.shape in UNBOUNDED else '0'})"

    def _enum_class(self, element: Element) -> str:
        return f"C{self._enum(element)}"

    def _enum(self, element: Element) -> int:
        """The number of an enum: `C` and the number is its class, `N` and the number the table of its spellings."""
        if element not in self._enums and element.enum is not None:
            number = self._enums[element] = len(self._enums)
            by_number = self._profile.enums is Enums.NUMBER
            self._globals[f"C{number}"] = element.enum_type
            table = {n: n if by_number else name for name, n in reversed(element.enum.values)}
            self._globals[f"N{number}"] = table if element.enum.closed else OpenEnum(table, int)
        return self._enums[element]


def _refuse(condition: str) -> list[str]:
    return [f"if {condition}:", "    raise Unusual"]


def _unless(condition: str) -> str:
    """The end of a comprehension that raises Unusual where the condition holds."""
    return f" if not ({condition}) or unusual(x)" if condition else ""


def _is_set(field: FieldPlan) -> str:
    """The condition under which a value `v` without presence is no default value."""
    return "v or is_negative_zero(v)" if field.is_plain and field.element.shape in _FLOATS else "v"


def _finite(value: float) -> float:
    if value - value != 0.0:
        raise Unusual
    return value


def _null(value: Any) -> None:
    if value.__class__ is bool or value != 0:
        raise Unusual


_spaces: Final[dict[tuple[JsonProfile, str], _Space]] = {}
_spaces_lock: Final = threading.Lock()


def encoder_space(profile: JsonProfile, backend: MessageBackend) -> _Space:
    """Where encoders of one library and profile are compiled."""
    with _spaces_lock:
        if (profile, backend.name) not in _spaces:
            _spaces[profile, backend.name] = _Space(profile, backend)
        return _spaces[profile, backend.name]
