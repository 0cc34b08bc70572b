"""The exact decoder: every legal spelling, every refusal, and the place of each.

It reads the values of `json_text` with one reader per class, built once. The
fast decoder (`compile_decode`) hands over to it whenever a document is not
spelled the way we print it, so this is where all errors come from.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from iii_bridge.contract import scalars
from iii_bridge.contract.backend import MessageBackend
from iii_bridge.contract.json_text import MAX_DEPTH, Members, Number, check_text, items_of, kind_of
from iii_bridge.contract.plan import INTEGERS, TREES, Element, FieldPlan, MessagePlan, Shape, plan_of
from iii_bridge.contract.problems import Path, Problem
from iii_bridge.contract.schema import EnumSchema
from iii_bridge.contract.slow_decode_well_known import Reader, any_reader, tree_reader
from iii_bridge.contract.unknown import UnknownLog

__all__ = ["Reader", "reader_of", "scalar_reader_of"]

_BOOL_KEYS: Final = {"true": True, "false": False}


@functools.cache
def reader_of(element: Element, backend: MessageBackend) -> Reader:
    """The reader of one value, as the fields of a library hold it."""
    shape, cls = element.shape, element.cls
    if shape is Shape.MESSAGE and cls is not None:
        return _message_reader(cls)
    if shape in TREES:
        return tree_reader(element, backend)
    if shape is Shape.ANY:
        return any_reader(element, backend, lambda content: reader_of(content, backend))
    read = scalar_reader_of(element, backend)
    return _scalar_reader(read) if element.enum is None else _enum_value_reader(read)


def scalar_reader_of(element: Element, backend: MessageBackend) -> Callable[[Any], Any]:
    """What `reader_of` does for a single value, without a place: raises Problem."""
    shape, cls = element.shape, element.cls
    if element.boxed and cls is not None:
        read_plain = scalar_reader_of(Element(shape), backend)
        return lambda value: backend.make(shape, cls, read_plain(value))
    if shape in INTEGERS:
        return _integer_reader(shape.value)
    if shape in _SCALARS:
        return _SCALARS[shape]
    form = backend.scalar_form(element)
    if form is not None:
        return form.read
    if cls is None:
        raise TypeError(f"no class for a value of the shape {shape.value}; generate the module again")
    return _null_reader(cls) if element.enum is None else _enum_reader(cls, element.enum)


_SCALARS: Final[dict[Shape, Callable[[Any], Any]]] = {
    Shape.FLOAT: scalars.read_float,
    Shape.DOUBLE: scalars.read_double,
    Shape.BOOL: scalars.read_bool,
    Shape.STRING: scalars.read_string,
    Shape.BYTES: scalars.read_bytes,
}

_SKIPPED: Final = object()
"""Read in place of an enum value whose name the contract does not know, where those are ignored."""

_TAKES_NULL: Final = frozenset({Shape.VALUE, Shape.NULL})
"""Where null is a value; everywhere else it means unset."""


@dataclass(frozen=True, slots=True)
class _FieldReader:
    number: int
    store: Callable[[Any, Any], None]
    oneof: str | None
    takes_null: bool
    redact: bool
    read: Reader


def _message_reader(message_type: type) -> Reader:
    """Fields are resolved at the first message: a recursive type meets itself while being built."""

    @functools.cache
    def tables() -> tuple[dict[str, _FieldReader], tuple[tuple[int, str], ...]]:
        return _tables(plan_of(message_type))

    def read(value: Any, path: Path, depth: int, unknown: UnknownLog) -> Any:
        if not isinstance(value, Members):
            raise path.fail(f"expected an object, found {kind_of(value)}")
        if depth >= MAX_DEPTH:
            raise path.fail(f"messages are nested more than {MAX_DEPTH} deep")
        fields, required = tables()
        message = message_type()
        met: set[object] = set()
        for name, member in value:
            field = fields.get(name)
            here = path.unknown(name) if field is None else path.member(name, field.redact)
            _meet(met, name if field is None else field.number, here)
            if field is None:
                check_text(name, path)
                unknown.found(here, member)
            elif member is not None or field.takes_null:
                if field.oneof is not None:
                    _take_oneof(met, field.oneof, here)
                held = field.read(member, here, depth + 1, unknown)
                if held is _SKIPPED:
                    met.add(-field.number)
                else:
                    field.store(message, held)
            else:
                met.add(-field.number)
        for number, name in required:
            if number not in met or -number in met:
                raise path.member(name).fail("the required member is missing")
        return message

    return read


def _meet(met: set[object], member: str | int, path: Path) -> None:
    if member in met:
        raise path.fail("the member occurs twice")
    met.add(member)


def _take_oneof(met: set[object], oneof: str, path: Path) -> None:
    taken = ("oneof", oneof)  # shares the set with field numbers and unknown names
    if taken in met:
        raise path.fail(f"another member of the oneof {oneof} is present too")
    met.add(taken)


def _tables(plan: MessagePlan) -> tuple[dict[str, _FieldReader], tuple[tuple[int, str], ...]]:
    """Fields by both spellings, json_name first where two fields claim one, and the required ones."""
    by_number = {field.schema.number: _field_reader(field, plan.backend) for field in plan.fields}
    names = {field.schema.name: by_number[field.schema.number] for field in plan.fields}
    names |= {field.schema.json_name: by_number[field.schema.number] for field in plan.fields}
    required = tuple((field.schema.number, field.schema.json_name) for field in plan.fields if field.schema.required)
    return names, required


def _field_reader(field: FieldPlan, backend: MessageBackend) -> _FieldReader:
    read = reader_of(field.element, backend)
    takes_null = field.element.shape in _TAKES_NULL
    if field.key is not None:
        read = _map_reader(_key_reader(field.key), read, takes_null)
    elif field.schema.repeated:
        read = _list_reader(read)
    takes_null = takes_null and field.is_plain
    store = backend.storer(field)
    return _FieldReader(field.schema.number, store, field.schema.oneof, takes_null, field.schema.redact, read)


def _list_reader(read_item: Reader) -> Reader:
    def read(value: Any, path: Path, depth: int, unknown: UnknownLog) -> Any:
        items = items_of(value)
        if items is None:
            raise path.fail(f"expected an array, found {kind_of(value)}")
        read_items = (read_item(item, path.item(index), depth, unknown) for index, item in enumerate(items))
        return [item for item in read_items if item is not _SKIPPED]

    return read


def _map_reader(read_key: Callable[[str], Any], read_value: Reader, takes_null: bool) -> Reader:
    def read(value: Any, path: Path, depth: int, unknown: UnknownLog) -> Any:
        if not isinstance(value, Members):
            raise path.fail(f"expected an object, found {kind_of(value)}")
        result: dict[Any, Any] = {}
        for text, member in value:
            here = path.key(text)
            try:
                key = read_key(text)
            except Problem as problem:
                raise here.fail(f"in the key: {problem}") from None
            if key in result:
                raise here.fail("the key occurs twice")
            if member is None and not takes_null:
                raise here.fail("null is no value of a map; leave the member out")
            result[key] = read_value(member, here, depth, unknown)
        return {key: held for key, held in result.items() if held is not _SKIPPED}

    return read


def _key_reader(shape: Shape) -> Callable[[str], Any]:
    if shape is Shape.STRING:
        return scalars.read_string
    if shape is Shape.BOOL:
        return _bool_key
    return _integer_reader(shape.value)


def _integer_reader(type_name: str) -> Callable[[Any], int]:
    return lambda value: scalars.read_integer(value, type_name)


def _bool_key(text: str) -> bool:
    try:
        return _BOOL_KEYS[text]
    except KeyError:
        raise Problem('expected "true" or "false"') from None


def _scalar_reader(read_scalar: Callable[[Any], Any]) -> Reader:
    def read(value: Any, path: Path, _depth: int, _unknown: UnknownLog) -> Any:
        try:
            return read_scalar(value)
        except Problem as problem:
            raise path.fail(str(problem)) from None

    return read


class _UnknownNameError(Problem):
    """Of an enum value."""


def _enum_value_reader(read_enum: Callable[[Any], Any]) -> Reader:
    """Leaves out values whose names are unknown, where that is wanted."""

    def read(value: Any, path: Path, _depth: int, unknown: UnknownLog) -> Any:
        try:
            return read_enum(value)
        except _UnknownNameError as problem:
            if not unknown.skips_enum_names:
                raise path.fail(str(problem)) from None
        except Problem as problem:
            raise path.fail(str(problem)) from None
        check_text(value, path)
        unknown.note_enum_name(path)
        return _SKIPPED

    return read


def _enum_reader(enum_type: type, enum: EnumSchema) -> Callable[[Any], Any]:
    by_name = dict(enum.values)
    numbers = frozenset(by_name.values())

    def read(value: Any) -> Any:
        if value.__class__ is str:
            if value not in by_name:
                raise _UnknownNameError(f"the enum {enum.full_name} does not know the name")
            return enum_type(by_name[value])
        if not isinstance(value, (int, Number)) or isinstance(value, bool):
            raise Problem(f"expected an enum name or number, found {kind_of(value)}")
        number = scalars.read_integer(value, "int32")
        if enum.closed and number not in numbers:
            raise Problem(f"the closed enum {enum.full_name} does not know the number")
        return enum_type(number)

    return read


def _null_reader(enum_type: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if value is not None and value != "NULL_VALUE" and not (value.__class__ is int and value == 0):
            raise Problem(f"expected null, found {kind_of(value)}")
        return enum_type(0)

    return read
