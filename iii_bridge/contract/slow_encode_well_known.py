"""The exact encoder's writers of FieldMask, Struct, Value, ListValue and Any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from iii_bridge.contract import scalars, well_known
from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.plan import Element, Shape, root_element
from iii_bridge.contract.problems import Path, Problem
from iii_bridge.contract.registry import class_of
from iii_bridge.contract.writers import Writer, check_depth, list_writer, map_writer, scalar_writer, write_null

__all__ = ["any_writer", "write_list", "write_mask", "write_struct", "write_value"]


def write_mask(value: Any, path: Path, _depth: int) -> Any:
    """Paths as one string."""
    if not isinstance(value, well_known.FieldMask):
        raise path.fail(f"expected FieldMask, found {type(value).__name__}")
    try:
        return scalars.write_mask(value.paths)
    except Problem as problem:
        raise path.fail(str(problem)) from None


def write_value(value: Any, path: Path, depth: int) -> Any:
    """Any JSON value; a Value with nothing set is none."""
    if not isinstance(value, well_known.Value):
        raise path.fail(f"expected Value, found {type(value).__name__}")
    kinds = [(name, member) for name in _VALUE_KINDS if (member := getattr(value, name)) is not None]
    if len(kinds) != 1:
        raise path.fail("exactly one kind of a Value must be set; set null_value for null")
    kind, member = kinds[0]
    return _VALUE_KINDS[kind](member, path, depth)


def _finite(value: Any) -> float:
    number = scalars.write_double(value)
    if isinstance(number, str):
        raise Problem("NaN and the infinities are no JSON values")
    return number


def write_struct(value: Any, path: Path, depth: int) -> Any:
    """A JSON object."""
    if not isinstance(value, well_known.Struct):
        raise path.fail(f"expected Struct, found {type(value).__name__}")
    check_depth(path, depth)
    return _write_members(value.fields, path, depth + 1)


def write_list(value: Any, path: Path, depth: int) -> Any:
    """A JSON array."""
    if not isinstance(value, well_known.ListValue):
        raise path.fail(f"expected ListValue, found {type(value).__name__}")
    check_depth(path, depth)
    return _write_items(value.values, path, depth + 1)


_write_members: Final = map_writer(Shape.STRING, write_value)
_write_items: Final = list_writer(write_value)

_VALUE_KINDS: Final[dict[str, Writer]] = {
    "null_value": scalar_writer(write_null),
    "number_value": scalar_writer(_finite),
    "string_value": scalar_writer(scalars.write_string),
    "bool_value": scalar_writer(scalars.write_bool),
    "struct_value": write_struct,
    "list_value": write_list,
}


def any_writer(write_content: Callable[[Element], Writer]) -> Writer:
    """A message with its type; `write_content` gives the writer of what is inside."""

    def write_any(value: Any, path: Path, depth: int) -> Any:
        if not isinstance(value, well_known.Any):
            raise path.fail(f"expected Any, found {type(value).__name__}")
        check_depth(path, depth)
        if not value.type_url and not value.value:
            return {}
        type_url = scalar_writer(scalars.write_string)(value.type_url, path.member("@type"), depth)
        message_type, message = _unpack(value, path)
        element = root_element(message_type)
        content = backend_of(message_type).unbox(message)
        write = write_content(element)
        if element.shape is Shape.MESSAGE:
            return {"@type": type_url, **write(content, path, depth + 1)}
        return {"@type": type_url, "value": write(content, path.member("value"), depth + 1)}

    return write_any


def _unpack(value: well_known.Any, path: Path) -> tuple[type, Any]:
    prefix, _, full_name = value.type_url.rpartition("/")
    try:
        message_type = class_of(full_name if prefix else "")
        backend = backend_of(message_type)
    except (KeyError, TypeError):
        problem = "no message of the type is known; import the module generated from its contract"
        raise path.member("@type").fail(problem) from None
    try:
        return message_type, backend.parse(message_type, value.value)
    except ValueError:
        raise path.fail("the bytes of the Any are not a message of its type") from None
