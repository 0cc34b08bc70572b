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
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.plan import INTEGERS, Element, FieldPlan, MessagePlan, Shape, plan_of
from iii_bridge.contract.problems import Path, Problem
from iii_bridge.contract.schema import EnumSchema
from iii_bridge.contract.slow_encode_well_known import any_writer, write_list, write_mask, write_struct, write_value
from iii_bridge.contract.spec import Defaults, Enums, Int64, JsonProfile, Names
from iii_bridge.contract.writers import Writer, list_writer, map_writer, scalar_writer, write_null

__all__ = ["is_default", "writer_of"]


@functools.cache
def writer_of(element: Element, profile: JsonProfile) -> Writer:
    """The writer of one value."""
    shape, cls = element.shape, element.cls
    if shape is Shape.MESSAGE and cls is not None:
        return _message_writer(cls, profile)
    if shape is Shape.ENUM and element.enum is not None:
        return scalar_writer(_enum_writer(element.enum, profile.enums))
    if shape in INTEGERS:
        return scalar_writer(_integer_writer(shape, profile.int64))
    if shape is Shape.ANY:
        return any_writer(lambda content: writer_of(content, profile))
    if shape in _WELL_KNOWN:
        return _WELL_KNOWN[shape]
    return scalar_writer(_SCALARS[shape])


def is_default(value: Any) -> bool:
    """Whether a field without presence would be left out by canonical ProtoJSON; -0.0 would not."""
    return not value and not (isinstance(value, float) and math.copysign(1.0, value) < 0)


_WELL_KNOWN: Final[dict[Shape, Writer]] = {
    Shape.MASK: write_mask,
    Shape.STRUCT: write_struct,
    Shape.VALUE: write_value,
    Shape.LIST: write_list,
}

_SCALARS: Final[dict[Shape, Callable[[Any], Any]]] = {
    Shape.FLOAT: scalars.write_float,
    Shape.DOUBLE: scalars.write_double,
    Shape.BOOL: scalars.write_bool,
    Shape.STRING: scalars.write_string,
    Shape.BYTES: scalars.write_bytes,
    Shape.TIMESTAMP: scalars.write_timestamp,
    Shape.DURATION: scalars.write_duration,
    Shape.NULL: write_null,
}


@dataclass(frozen=True, slots=True)
class _FieldWriter:
    plan: FieldPlan
    name: str
    write: Writer
    kept: bool
    """Written although it has its default value."""


def _message_writer(message_type: type, profile: JsonProfile) -> Writer:
    """Fields are resolved at the first message: a recursive type meets itself while being built."""

    @functools.cache
    def fields() -> tuple[_FieldWriter, ...]:
        return tuple(_field_writer(field, profile) for field in plan_of(message_type).fields)

    def write(message: Any, path: Path, depth: int) -> Any:
        if not isinstance(message, message_type):
            raise path.fail(f"expected {message_type.__name__}, found {type(message).__name__}")
        if depth >= MAX_DEPTH:
            raise path.fail(f"messages are nested more than {MAX_DEPTH} deep")
        _check_oneofs(message, plan_of(message_type), fields(), path)
        result: dict[str, Any] = {}
        for field in fields():
            value = getattr(message, field.plan.attribute)
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


def _check_oneofs(message: Any, plan: MessagePlan, fields: tuple[_FieldWriter, ...], path: Path) -> None:
    for oneof in plan.oneofs:
        present = [field for field in oneof if getattr(message, field.attribute) is not None]
        if len(present) > 1:
            name = next(field.name for field in fields if field.plan is present[1])
            raise path.member(name).fail(f"another member of the oneof {present[1].schema.oneof} is set too")


def _field_writer(field: FieldPlan, profile: JsonProfile) -> _FieldWriter:
    write = writer_of(field.element, profile)
    if field.key is not None:
        write = map_writer(field.key, write)
    elif field.schema.repeated:
        write = list_writer(write)
    name = field.schema.json_name if profile.names is Names.JSON else field.schema.name
    return _FieldWriter(field, name, write, profile.defaults is Defaults.EMIT or field.schema.required)


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
