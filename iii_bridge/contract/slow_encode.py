"""The exact encoder: messages to JSON values, with the place of whatever has no JSON form.

The fast encoder (`compile_encode`) hands over to it whenever a value is not
what a field usually holds, so this is where all errors come from.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from iii_bridge.contract import scalars
from iii_bridge.contract.backend import MessageBackend
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.plan import INTEGERS, TREES, Element, FieldPlan, Shape, plan_of
from iii_bridge.contract.problems import Path, Problem
from iii_bridge.contract.schema import EnumSchema
from iii_bridge.contract.slow_encode_well_known import any_writer, tree_writer
from iii_bridge.contract.spec import Defaults, Enums, Int64, JsonProfile, Names
from iii_bridge.contract.writers import Writer, list_writer, map_writer, scalar_writer, write_null

__all__ = ["is_default", "scalar_writer_of", "writer_of"]


@functools.cache
def writer_of(element: Element, backend: MessageBackend, profile: JsonProfile) -> Writer:
    """The writer of one value, as the fields of a library hold it."""
    shape, cls = element.shape, element.cls
    if shape is Shape.MESSAGE and cls is not None:
        return _message_writer(cls, profile)
    if shape in TREES:
        return tree_writer(shape, backend)
    if shape is Shape.ANY:
        return any_writer(element, backend, lambda content: writer_of(content, backend, profile))
    return scalar_writer(scalar_writer_of(element, backend, profile))


def scalar_writer_of(element: Element, backend: MessageBackend, profile: JsonProfile) -> Callable[[Any], Any]:
    """What `writer_of` does for a single value, without a place: raises Problem."""
    shape = element.shape
    if element.boxed:
        write_plain = scalar_writer_of(Element(shape), backend, profile)
        return lambda value: write_plain(backend.open(shape, value))
    if shape is Shape.ENUM and element.enum is not None:
        return _enum_writer(element.enum, profile.enums)
    if shape in INTEGERS:
        return _integer_writer(shape, profile.int64)
    if shape in _SCALARS:
        return _SCALARS[shape]
    form = backend.scalar_form(element)
    if form is None:
        raise TypeError(f"{backend.name} does not say how it holds a value of the shape {shape.value}")
    return form.write


def is_default(value: Any) -> bool:
    """Whether a field without presence would be left out by canonical ProtoJSON; -0.0 would not."""
    return not value and not (isinstance(value, float) and math.copysign(1.0, value) < 0)


_SCALARS: Final[dict[Shape, Callable[[Any], Any]]] = {
    Shape.FLOAT: scalars.write_float,
    Shape.DOUBLE: scalars.write_double,
    Shape.BOOL: scalars.write_bool,
    Shape.STRING: scalars.write_string,
    Shape.BYTES: scalars.write_bytes,
    Shape.NULL: write_null,
}


@dataclass(frozen=True, slots=True)
class _FieldWriter:
    plan: FieldPlan
    name: str
    load: Callable[[Any], Any]
    write: Writer
    kept: bool
    """Written although it has its default value."""


def _message_writer(message_type: type, profile: JsonProfile) -> Writer:
    """Fields are resolved at the first message: a recursive type meets itself while being built."""

    @functools.cache
    def fields() -> tuple[_FieldWriter, ...]:
        plan = plan_of(message_type)
        return tuple(_field_writer(field, plan.backend, profile) for field in plan.fields)

    def write(message: Any, path: Path, depth: int) -> Any:
        if not isinstance(message, message_type):
            raise path.fail(f"expected {message_type.__name__}, found {type(message).__name__}")
        if depth >= MAX_DEPTH:
            raise path.fail(f"messages are nested more than {MAX_DEPTH} deep")
        _check_oneofs(message, fields(), path)
        result: dict[str, Any] = {}
        for field in fields():
            value = field.load(message)
            here = path.member(field.name, field.plan.schema.redact)
            if field.plan.schema.presence and value is None:
                if field.plan.schema.required:
                    raise here.fail("the required member is not set")
                continue
            written = field.write(value, here, depth + 1)
            if field.kept or field.plan.schema.presence or not is_default(value):
                result[field.name] = written
        return result

    return write


def _check_oneofs(message: Any, fields: tuple[_FieldWriter, ...], path: Path) -> None:
    taken: set[str] = set()
    for field in fields:
        oneof = field.plan.schema.oneof
        if oneof is not None and field.load(message) is not None:
            if oneof in taken:
                raise path.member(field.name).fail(f"another member of the oneof {oneof} is set too")
            taken.add(oneof)


def _field_writer(field: FieldPlan, backend: MessageBackend, profile: JsonProfile) -> _FieldWriter:
    write = writer_of(field.element, backend, profile)
    if field.key is not None:
        write = map_writer(field.key, write)
    elif field.schema.repeated:
        write = list_writer(write)
    name = field.schema.json_name if profile.names is Names.JSON else field.schema.name
    kept = profile.defaults is Defaults.EMIT or field.schema.required
    return _FieldWriter(field, name, backend.loader(field), write, kept)


def _integer_writer(shape: Shape, int64: Int64) -> Callable[[Any], Any]:
    if shape in (Shape.INT64, Shape.UINT64) and int64 is Int64.STRING:
        return lambda value: str(scalars.write_integer(value, shape.value))
    return lambda value: scalars.write_integer(value, shape.value)


def _enum_writer(enum: EnumSchema, spelling: Enums) -> Callable[[Any], Any]:
    names = {number: name for name, number in reversed(enum.values)}

    def write(value: Any) -> Any:
        number = scalars.write_integer(value, "int32")
        if number not in names and enum.closed:
            raise Problem(f"the closed enum {enum.full_name} does not know the number")
        return number if spelling is Enums.NUMBER else names.get(number, number)

    return write
