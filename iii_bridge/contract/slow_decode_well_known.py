"""The exact decoder's readers of Struct, Value, ListValue and Any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from iii_bridge.contract.backend import MessageBackend
from iii_bridge.contract.json_text import MAX_DEPTH, Members, Number, check_text, items_of, kind_of
from iii_bridge.contract.plan import Element, Shape, root_element
from iii_bridge.contract.problems import Path, Problem
from iii_bridge.contract.scalars import read_double
from iii_bridge.contract.unknown import UnknownLog

__all__ = ["Reader", "any_reader", "tree_reader"]

Reader: TypeAlias = Callable[[Any, Path, int, UnknownLog], Any]
"""(JSON value, its place, messages around it, where unknown members go) to what a field holds. Raises CodecError."""

_TYPE: Final = "@type"


def tree_reader(element: Element, backend: MessageBackend) -> Reader:
    """The reader of a Struct, Value or ListValue."""
    shape, cls = element.shape, element.cls
    if cls is None:
        raise TypeError(f"no class for a value of the shape {shape.value}; generate the module again")
    read_tree = _TREE_READERS[shape]
    return lambda value, path, depth, _unknown: backend.make(shape, cls, read_tree(value, path, depth))


def _read_value(value: Any, path: Path, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, Number)):
        try:
            return read_double(value)
        except Problem as problem:
            raise path.fail(str(problem)) from None
    if isinstance(value, str):
        check_text(value, path)
        return value
    return _read_object(value, path, depth) if isinstance(value, Members) else _read_array(value, path, depth)


def _read_object(value: Any, path: Path, depth: int) -> dict[str, Any]:
    if not isinstance(value, Members):
        raise path.fail(f"expected an object, found {kind_of(value)}")
    _check_depth(path, depth)
    members: dict[str, Any] = {}
    for name, member in value:
        check_text(name, path)
        here = path.key(name)
        if name in members:
            raise here.fail("the member occurs twice")
        members[name] = _read_value(member, here, depth + 1)
    return members


def _read_array(value: Any, path: Path, depth: int) -> list[Any]:
    items = items_of(value)
    if items is None:
        raise path.fail(f"expected an array, found {kind_of(value)}")
    _check_depth(path, depth)
    return [_read_value(item, path.item(index), depth + 1) for index, item in enumerate(items)]


_TREE_READERS: Final[dict[Shape, Callable[[Any, Path, int], Any]]] = {
    Shape.STRUCT: _read_object,
    Shape.VALUE: _read_value,
    Shape.LIST: _read_array,
}


def any_reader(element: Element, backend: MessageBackend, reader_of: Callable[[Element], Reader]) -> Reader:
    """The reader of a message with its type: its members beside `@type`, or one member `value` for well-known types.

    `reader_of` gives the reader of what is inside.
    """
    any_type = element.cls
    if any_type is None:
        raise TypeError("no class for an Any; generate the module again")

    def read(value: Any, path: Path, depth: int, unknown: UnknownLog) -> Any:
        if not isinstance(value, Members):
            raise path.fail(f"expected an object, found {kind_of(value)}")
        _check_depth(path, depth)
        if not value:
            return backend.make(Shape.ANY, any_type, ("", b""))
        type_url, rest = _take_type(value, path)
        message_type = _message_type(type_url, backend, any_type, path.member(_TYPE))
        content = root_element(message_type)
        read_content = reader_of(content)
        if content.shape is Shape.MESSAGE:
            held = read_content(rest, path, depth + 1, unknown)
        else:
            held = read_content(_only_value(rest, path, unknown), path.member("value"), depth + 1, unknown)
        data = backend.serialize(backend.box(message_type, held))
        return backend.make(Shape.ANY, any_type, (type_url, data))

    return read


def _take_type(members: Members, path: Path) -> tuple[str, Members]:
    here = path.member(_TYPE)
    found: list[Any] = [member for name, member in members if name == _TYPE]
    if not found:
        raise here.fail("the required member is missing")
    if len(found) > 1:
        raise here.fail("the member occurs twice")
    type_url = found[0]
    if not isinstance(type_url, str) or isinstance(type_url, Number):
        raise here.fail(f"expected a string, found {kind_of(type_url)}")
    check_text(type_url, here)
    return type_url, Members(pair for pair in members if pair[0] != _TYPE)


def _message_type(type_url: str, backend: MessageBackend, any_type: type, path: Path) -> type:
    prefix, slash, full_name = type_url.rpartition("/")
    if not slash or not prefix:
        raise path.fail("the type is no URL; write it as type.googleapis.com/package.Message")
    try:
        return backend.class_of(full_name, any_type)
    except KeyError:
        raise path.fail("no message of the type is known; import the module generated from its contract") from None


def _only_value(members: Members, path: Path, unknown: UnknownLog) -> Any:
    values: list[Any] = []
    for name, member in members:
        if name != "value":
            check_text(name, path)
            unknown.found(path.unknown(name), member)
        elif values:
            raise path.member("value").fail("the member occurs twice")
        else:
            values.append(member)
    if not values:
        raise path.member("value").fail("the required member is missing")
    return values[0]


def _check_depth(path: Path, depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise path.fail(f"values are nested more than {MAX_DEPTH} deep")
