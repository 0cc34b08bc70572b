"""The fast decoder: Python source made from plans, one function per message class.

msgspec decodes the document in C into a shadow Struct of the message; the
generated function stores its members on the message. For a message with a
string, an optional int64 and a list of other messages it reads (the lines that
touch messages are the library's, here betterproto2's)

    def d4(s, c):
        m = new(T4)
        m._unknown_fields = b''
        n = 0
        v = s.f1
        if v is None:
            n -= 1
            m.sku = ''
        else:
            m.sku = v
        v = s.f2
        if v is None:
            n -= 1
            m.quantity = None
        else:
            if v.__class__ is str:
                i = int(v)
                if str(i) != v or (len(v) > 18 and not -9223372036854775808 <= i <= 9223372036854775807):
                    raise Unusual
                v = i
            m.quantity = v
        v = s.f3
        if v is None:
            n -= 1
            m.lines = []
        else:
            n += 4 * len(v)
            m.lines = [d5(x, c) for x in v]
        if n:
            c[0] += n
        return m

Absent and null are None here, which is what they mean. `c[0]` counts the
members met: it begins with all the root could have, each message in it adds
all it could have (4 for one of the lines), and absent ones are taken off. When
the text holds exactly as many, none occurs twice, and none is unknown to the
contract; else `leftovers` looks at what was passed by. Only usual spellings
are read; anything else raises, and the exact decoder takes over.

Source is generated because a loop over field tables costs several times as
much: every name, default and conversion is fixed per class.
"""

from __future__ import annotations

import functools
import sys
import threading
import types
from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from iii_bridge.contract import fast_values
from iii_bridge.contract.backend import MessageBackend
from iii_bridge.contract.compile_space import CompileSpace, headroom, indented
from iii_bridge.contract.fast_values import OpenEnum, OtherSpelling, Unusual
from iii_bridge.contract.json_text import MAX_DEPTH, has_duplicates
from iii_bridge.contract.leftovers import leftovers_of
from iii_bridge.contract.plan import TREES, Element, FieldPlan, MessagePlan, Shape, height_of, plan_of
from iii_bridge.contract.scalars import INTEGER_RANGES
from iii_bridge.contract.slow_decode import scalar_reader_of
from iii_bridge.contract.spec import Names
from iii_bridge.contract.unknown import UnknownLog
from iii_bridge.errors import UnsupportedError

__all__ = ["CALLER_MEMBER", "FAILURES", "FastDecoder", "decoder_space"]

CALLER_MEMBER: Final = "_caller_worker_id"
"""What the engine adds to object payloads (wire.md 5.4)."""

FAILURES: Final = (msgspec.DecodeError, ValueError, KeyError, OverflowError, RecursionError)
"""What the fast path raises for a document it leaves to the exact one."""

_ANNOTATIONS: Final = {
    Shape.INT32: "Int32",
    Shape.UINT32: "UInt32",
    Shape.INT64: "Int64 | str",
    Shape.UINT64: "UInt64 | str",
    Shape.FLOAT: "float",
    Shape.DOUBLE: "float",
    Shape.BOOL: "bool",
    Shape.STRING: "str",
    Shape.BYTES: "bytes",
    Shape.ENUM: "str | int",
    Shape.TIMESTAMP: "str",
    Shape.DURATION: "str",
    Shape.MASK: "str",
    Shape.STRUCT: "dict[str, Any]",
    Shape.LIST: "list[Any]",
    Shape.VALUE: "Any",
    Shape.NULL: "Any",
    Shape.ANY: "Any",
}

_CONVERSIONS: Final = {
    Shape.INT64: "int64_of({})",
    Shape.UINT64: "uint64_of({})",
    Shape.FLOAT: "float32_of({})",
    Shape.ANY: "unusual({})",
}

_INLINE: Final = (Shape.INT64, Shape.UINT64)
"""Frequent enough to spare a plain field the call."""

_DEFAULTS: Final = {
    Shape.STRING: "''",
    Shape.BYTES: "b''",
    Shape.BOOL: "False",
    Shape.FLOAT: "0.0",
    Shape.DOUBLE: "0.0",
}
"""Of fields without presence; integers are 0."""

_KEYS: Final = {
    Shape.INT32: "int32_key",
    Shape.UINT32: "uint32_key",
    Shape.INT64: "int64_key",
    Shape.UINT64: "uint64_key",
    Shape.BOOL: "BOOL_KEYS.__getitem__",
}


_WHITE_SPACE: Final = b" \t\r\n"
_NAME_END: Final = b'":'
"""How often this occurs in a document without white space: once per member, and rarely more, inside of strings."""


class FastDecoder:
    """Reads whole documents of one message class."""

    def __init__(
        self,
        plan: MessagePlan,
        names: Names,
        shadow: type[Any],
        convert: Callable[..., Any],
        request: bool,
        other: Callable[[], FastDecoder] | None,
    ) -> None:
        """`other` gives the decoder of the other spelling of names, if that is to be tried."""
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(shadow).decode
        self._convert = convert
        self._members = len(plan.fields)
        self._leftovers = functools.partial(
            leftovers_of, message_type=plan.cls, names=names, taken=CALLER_MEMBER if request else None
        )
        self._other = other

    def decode(self, data: bytes, unknown: UnknownLog) -> Any:
        """The message. Raises one of FAILURES.

        Unknown members are noted in `unknown`; where it refuses them, so does this.
        """
        count = [self._members]
        message = self._convert(self._decode(data), count)
        names = data.translate(None, _WHITE_SPACE).count(_NAME_END)
        if names != count[0] and self._is_spelled_otherwise(data, names, unknown):
            return self._in_other_spelling().decode(data, unknown)
        return message

    def decode_request(self, data: bytes, unknown: UnknownLog) -> tuple[Any, str | None]:
        """The message, and the engine's caller member. Raises one of FAILURES."""
        shadow = self._decode(data)
        caller, count = shadow.caller, [self._members + 1]
        if caller is UNSET:
            caller, count = None, [self._members]
        message = self._convert(shadow, count)
        names = data.translate(None, _WHITE_SPACE).count(_NAME_END)
        if names != count[0] and self._is_spelled_otherwise(data, names, unknown):
            return self._in_other_spelling().decode_request(data, unknown)
        return message, caller

    def _is_spelled_otherwise(self, data: bytes, names: int, unknown: UnknownLog) -> bool:
        """Looks at members passed by, and for members that occur twice.

        `names` is how many names the text seems to hold. True for fields in the other spelling: read it again.
        """
        try:
            members, places = self._leftovers(data)
        except OtherSpelling:
            return True
        if places and unknown.refuses:
            raise Unusual
        if names != members and has_duplicates(data):
            raise Unusual
        for place, times in places:
            unknown.note(place, times)
        return False

    def _in_other_spelling(self) -> FastDecoder:
        """For a peer that writes the other of two names throughout; a mixture is left to the exact decoder."""
        if self._other is None:
            raise Unusual
        return self._other()


class _Space(CompileSpace):
    """Everything compiled for one library and spelling of names: classes share functions, recursion finds them."""

    def __init__(self, names: Names, backend: MessageBackend) -> None:
        super().__init__(names)
        self._backend = backend
        self._source = backend.source
        self._enums: dict[Element, str] = {}
        self._exact: dict[Element, str] = {}
        self._zeros: dict[type, str] = {}
        # msgspec resolves the annotations of a Struct, which name other Structs, in its module.
        self._module = types.ModuleType(f"iii_bridge.contract.shadows_{backend.name}_{names.value}")
        sys.modules[self._module.__name__] = self._module
        self._globals = vars(self._module)
        self._globals.update({name: getattr(fast_values, name) for name in fast_values.__all__})
        self._globals.update(
            BOOL_KEYS={"true": True, "false": False},
            UNSET=UNSET,
            Any=Any,
            Int32=Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)],
            UInt32=Annotated[int, Meta(ge=0, le=2**32 - 1)],
            Int64=Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)],
            UInt64=Annotated[int, Meta(ge=0)],  # msgspec has no bound above int64
        )
        self._globals.update(self._source.names)

    def decoder(self, plan: MessagePlan, request: bool, *, alone: bool = False) -> FastDecoder:
        """The decoder of a class; compiles what is not compiled yet. `alone`, it knows no other spelling of names."""
        with self._lock:
            number = self._compile(plan)
            shadow = self._globals[f"S{number}"]
            if request:
                _refuse_own_caller(plan)
                caller = ("caller", str | UnsetType, UNSET)
                shadow = msgspec.defstruct(
                    f"R{number}", [caller], bases=(shadow,), rename={"caller": CALLER_MEMBER}, **self._struct_options()
                )
            other = None if alone else functools.cache(lambda: self._otherwise().decoder(plan, request, alone=True))
            return FastDecoder(plan, self._names, shadow, self._globals[f"r{number}"], request, other)

    def _otherwise(self) -> _Space:
        return decoder_space(Names.PROTO if self._names is Names.JSON else Names.JSON, self._backend)

    def _struct_options(self) -> dict[str, Any]:
        # gc=False: shadows live for one document and never point back at themselves.
        return {"module": self._module.__name__, "kw_only": True, "gc": False}

    def _define(self, plan: MessagePlan, number: int) -> None:
        self._globals[f"T{number}"] = plan.cls
        fields = [self._shadow_field(field) for field in plan.fields]
        rename = {f"f{field.schema.number}": self._spelling(field) for field in plan.fields}
        name = f"S{number}"
        self._globals[name] = msgspec.defstruct(name, fields, rename=rename, **self._struct_options())
        self._execute(self._function(plan, number), "decoder", plan)

    def _shadow_field(self, field: FieldPlan) -> Any:
        annotation = self._annotation(field.element)
        if field.key is not None:
            annotation = f"dict[str, {annotation}]"
        elif field.schema.repeated:
            annotation = f"list[{annotation}]"
        if field.schema.required:
            return f"f{field.schema.number}", annotation
        if self._takes_null(field):
            return f"f{field.schema.number}", annotation, UNSET
        return f"f{field.schema.number}", f"{annotation} | None", None

    def _annotation(self, element: Element) -> str:
        if element.shape is Shape.MESSAGE and element.cls is not None:
            return f"S{self._numbers[element.cls]}"
        return _ANNOTATIONS[element.shape]

    # --- source -----------------------------------------------------------------------------------------------------

    def _function(self, plan: MessagePlan, number: int) -> list[str]:
        deep = height_of(plan) is None
        lines = self._source.begin(f"T{number}")
        if deep:
            lines += [f"if d + {headroom(plan)} > {MAX_DEPTH}:", "    raise Unusual"]
        lines += ["n = 0", *(f"o_{index} = 0" for index in range(len(plan.oneofs)))]
        for field in plan.fields:
            lines += self._field(field, plan)
        for index in range(len(plan.oneofs)):
            lines += [f"if o_{index} > 1:", "    raise Unusual"]
        lines += ["if n:", "    c[0] += n", "return m"]
        rest = ", d=0" if deep else ""
        if not self._source.fills:
            return [f"def d{number}(s, c{rest}):", *indented(lines), f"r{number} = d{number}"]
        root = f"    return d{number}({self._source.create(f'T{number}')}, s, c)"
        return [f"def d{number}(m, s, c{rest}):", *indented(lines), f"def r{number}(s, c):", root]

    def _field(self, field: FieldPlan, plan: MessagePlan) -> list[str]:
        absent = "UNSET" if self._takes_null(field) else "None"
        lines = [f"v = s.f{field.schema.number}", f"if v is {absent}:", "    n -= 1"]
        lines += indented(self._source.absent(field, self._default(field)))
        present = self._present(field)
        for index, oneof in enumerate(plan.oneofs):
            if field in oneof:
                present.append(f"o_{index} += 1")
        return [*lines, "else:", *indented(present)]

    def _takes_null(self, field: FieldPlan) -> bool:
        return field.is_plain and field.element.shape in (Shape.VALUE, Shape.NULL)

    def _default(self, field: FieldPlan) -> str:
        if field.key is not None:
            return "{}"
        if field.schema.repeated:
            return "[]"
        if field.schema.presence:
            return "None"
        if field.element.shape in (Shape.ENUM, Shape.NULL) and field.element.cls is not None:
            return self._zero(field.element.cls)
        return _DEFAULTS.get(field.element.shape, "0")

    def _present(self, field: FieldPlan) -> list[str]:
        """What puts a member's shadow `v` into the field."""
        if field.is_plain and field.element.shape in _INLINE and not field.element.boxed:
            return [*_inline_integer(field.element.shape), *self._source.store(field, "k", _as_it_is)]
        inside = self._members(field.element)
        each = inside if field.key is None else inside + 1
        lines = [f"n += {each}{'' if field.is_plain else ' * len(v)'}"] if each else []
        key = "k" if field.key in (None, Shape.STRING) else f"{_KEYS[field.key]}(k)"
        return [*lines, *self._source.store(field, key, functools.partial(self._conversion, field.element))]

    def _members(self, element: Element) -> int:
        """How many members a message could have; 0 for other values."""
        if element.shape is Shape.MESSAGE and element.cls is not None:
            return len(plan_of(element.cls).fields)
        return 0

    def _conversion(self, element: Element, name: str, target: str) -> str:
        if element.shape is Shape.MESSAGE and element.cls is not None:
            deep = height_of(plan_of(element.cls)) is None
            into = f"{target}, " if target else ""
            return f"d{self._numbers[element.cls]}({into}{name}, c{', d + 1' if deep else ''})"
        if element.shape is Shape.NULL and element.cls is not None:
            return f"{self._zero(element.cls)} if {name} is None else unusual({name})"
        if element.enum is not None:
            return f"{self._enum(element)}[{name}]"
        plain = _CONVERSIONS.get(element.shape, "{}").format(name)
        if not element.is_message or element.shape is Shape.ANY:
            return plain
        return self._source.read(element, plain, target) or self._as_exact(element, plain)

    def _as_exact(self, element: Element, value: str) -> str:
        """What the exact codec makes of a well-known value that is spelled as usual."""
        shape, cls = element.shape, element.cls
        if element not in self._exact and cls is not None:
            self._exact[element] = f"X{len(self._exact)}"
            made = element.boxed or shape in TREES
            make: Any = functools.partial(self._backend.make, shape, cls)
            self._globals[self._exact[element]] = make if made else scalar_reader_of(element, self._backend)
        return f"{self._exact[element]}({f'tree_of({value}, c, d + 1)' if shape in TREES else value})"

    def _enum(self, element: Element) -> str:
        """The table from names and numbers to members; names it does not know are left to the exact decoder."""
        cls, enum = element.enum_type, element.enum
        if element not in self._enums and enum is not None:
            name = self._enums[element] = f"E{len(self._enums)}"
            table: dict[str | int, Any] = {value: cls(number) for value, number in enum.values}
            table.update({number: cls(number) for _, number in enum.values})
            self._globals[name] = table if enum.closed else OpenEnum(table, cls)
        return self._enums[element]

    def _zero(self, cls: type) -> str:
        if cls not in self._zeros:
            name = self._zeros[cls] = f"Z{len(self._zeros)}"
            self._globals[name] = cls(0)
        return self._zeros[cls]


def _inline_integer(shape: Shape) -> list[str]:
    """As `fast_values.int64_of`; numbers of int64 are in range already."""
    low, high = INTEGER_RANGES[shape.value]
    lines = [
        "if v.__class__ is str:",
        "    i = int(v)",
        f"    if str(i) != v or (len(v) > 18 and not {low} <= i <= {high}):",
        "        raise Unusual",
        "    v = i",
    ]
    if shape is Shape.UINT64:
        lines[2] = f"    if str(i) != v or not 0 <= i <= {high}:"
        lines += [f"elif v > {high}:", "    raise Unusual"]
    return lines


def _refuse_own_caller(plan: MessagePlan) -> None:
    for field in plan.fields:
        if CALLER_MEMBER in (field.schema.name, field.schema.json_name):
            raise UnsupportedError(
                f"{plan.full_name} has a field that is spelled {CALLER_MEMBER}, which the engine overwrites; rename it"
            )


def _as_it_is(name: str, _target: str) -> str:
    """The item of a field whose value needs no more conversion."""
    return name


_spaces: Final[dict[tuple[Names, str], _Space]] = {}
_spaces_lock: Final = threading.Lock()


def decoder_space(names: Names, backend: MessageBackend) -> _Space:
    """Where decoders expecting one spelling of names are compiled; any other spelling takes the exact path."""
    with _spaces_lock:
        if (names, backend.name) not in _spaces:
            _spaces[names, backend.name] = _Space(names, backend)
        return _spaces[names, backend.name]
