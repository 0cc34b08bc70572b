"""The exact encoder's writers of Struct, Value, ListValue and Any."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

from iii_bridge.contract import scalars
from iii_bridge.contract.backend import MessageBackend
from iii_bridge.contract.plan import Element, Shape, root_element
from iii_bridge.contract.problems import Path, Problem
from iii_bridge.contract.writers import Writer, check_depth, list_writer, map_writer, scalar_writer, write_null

__all__ = ["any_writer", "tree_writer"]


@functools.cache
def tree_writer(shape: Shape, backend: MessageBackend) -> Writer:
    """The writer of a Struct, Value or ListValue; a Value with nothing set is none."""
    if shape is Shape.VALUE:
        return lambda value, path, depth: _write_value(value, path, depth, backend)
    write_item = tree_writer(Shape.VALUE, backend)
    write_content = map_writer(Shape.STRING, write_item) if shape is Shape.STRUCT else list_writer(write_item)

    def write(value: Any, path: Path, depth: int) -> Any:
        content = _open(backend, shape, value, path)
        check_depth(path, depth)
        return write_content(content, path, depth + 1)

    return write


def _write_value(value: Any, path: Path, depth: int, backend: MessageBackend) -> Any:
    kind, member = _open(backend, Shape.VALUE, value, path)
    if kind in _SINGLE:
        return _SINGLE[kind](member, path, depth)
    return tree_writer(Shape.STRUCT if kind == "struct_value" else Shape.LIST, backend)(member, path, depth)


def _open(backend: MessageBackend, shape: Shape, value: Any, path: Path) -> Any:
    try:
        return backend.open(shape, value)
    except Problem as problem:
        raise path.fail(str(problem)) from None


def _finite(value: Any) -> float:
    number = scalars.write_double(value)
    if isinstance(number, str):
        raise Problem("NaN and the infinities are no JSON values")
    return number


_SINGLE: Final[dict[str, Writer]] = {
    "null_value": scalar_writer(write_null),
    "number_value": scalar_writer(_finite),
    "string_value": scalar_writer(scalars.write_string),
    "bool_value": scalar_writer(scalars.write_bool),
}


def any_writer(element: Element, backend: MessageBackend, writer_of: Callable[[Element], Writer]) -> Writer:
    """A message with its type; `writer_of` gives the writer of what is inside."""
    any_type = element.cls
    if any_type is None:
        raise TypeError("no class for an Any; generate the module again")

    def write_any(value: Any, path: Path, depth: int) -> Any:
        type_url, data = _open(backend, Shape.ANY, value, path)
        check_depth(path, depth)
        if not type_url and not data:
            return {}
        shown = scalar_writer(scalars.write_string)(type_url, path.member("@type"), depth)
        message_type = _message_type(type_url, backend, any_type, path)
        held = _content(backend, message_type, data, path)
        content = root_element(message_type)
        write = writer_of(content)
        if content.shape is Shape.MESSAGE:
            return {"@type": shown, **write(held, path, depth + 1)}
        return {"@type": shown, "value": write(held, path.member("value"), depth + 1)}

    return write_any


def _message_type(type_url: str, backend: MessageBackend, any_type: type, path: Path) -> type:
    prefix, _, full_name = type_url.rpartition("/")
    try:
        return backend.class_of(full_name if prefix else "", any_type)
    except KeyError:
        problem = "no message of the type is known; import the module generated from its contract"
        raise path.member("@type").fail(problem) from None


def _content(backend: MessageBackend, message_type: type, data: bytes, path: Path) -> Any:
    try:
        return backend.unbox(backend.parse(message_type, data))
    except Problem as problem:
        raise path.member("value").fail(str(problem)) from None
    except ValueError:
        raise path.fail("the bytes of the Any are not a message of its type") from None
