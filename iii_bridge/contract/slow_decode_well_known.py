"""The exact decoder's readers of Struct, Value, ListValue and Any."""

from __future__ import annotations

from typing import Any, Final

from iii_bridge.contract import well_known
from iii_bridge.contract.backend import backend_of
from iii_bridge.contract.json_text import MAX_DEPTH, Members, Number, check_text, items_of, kind_of
from iii_bridge.contract.plan import Shape, root_element
from iii_bridge.contract.problems import Path, Problem
from iii_bridge.contract.registry import class_of
from iii_bridge.contract.scalars import read_double
from iii_bridge.contract.unknown import UnknownLog

__all__ = ["read_any", "read_list", "read_struct", "read_value"]

_TYPE: Final = "@type"


def read_value(value: Any, path: Path, depth: int, unknown: UnknownLog) -> well_known.Value:
    """Any JSON value."""
    if value is None:
        return well_known.Value(null_value=well_known.NullValue.NULL_VALUE)
    if isinstance(value, bool):
        return well_known.Value(bool_value=value)
    if isinstance(value, (int, Number)):
        try:
            return well_known.Value(number_value=read_double(value))
        except Problem as problem:
            raise path.fail(str(problem)) from None
    if isinstance(value, str):
        check_text(value, path)
        return well_known.Value(string_value=value)
    if isinstance(value, Members):
        return well_known.Value(struct_value=read_struct(value, path, depth, unknown))
    return well_known.Value(list_value=read_list(value, path, depth, unknown))


def read_struct(value: Any, path: Path, depth: int, unknown: UnknownLog) -> well_known.Struct:
    """A JSON object."""
    if not isinstance(value, Members):
        raise path.fail(f"expected an object, found {kind_of(value)}")
    _check_depth(path, depth)
    fields: dict[str, well_known.Value] = {}
    for name, member in value:
        check_text(name, path)
        here = path.key(name)
        if name in fields:
            raise here.fail("the member occurs twice")
        fields[name] = read_value(member, here, depth + 1, unknown)
    return well_known.Struct(fields=fields)


def read_list(value: Any, path: Path, depth: int, unknown: UnknownLog) -> well_known.ListValue:
    """A JSON array."""
    items = items_of(value)
    if items is None:
        raise path.fail(f"expected an array, found {kind_of(value)}")
    _check_depth(path, depth)
    return well_known.ListValue(
        values=[read_value(item, path.item(index), depth + 1, unknown) for index, item in enumerate(items)]
    )


def read_any(value: Any, path: Path, depth: int, unknown: UnknownLog) -> well_known.Any:
    """A message with its type: its members beside `@type`, or one member `value` for well-known types."""
    if not isinstance(value, Members):
        raise path.fail(f"expected an object, found {kind_of(value)}")
    _check_depth(path, depth)
    if not value:
        return well_known.Any()
    type_url, rest = _take_type(value, path)
    message_type = _message_type(type_url, path.member(_TYPE))
    from iii_bridge.contract.slow_decode import reader_of  # the two modules need each other

    element = root_element(message_type)
    read = reader_of(element)
    if element.shape is Shape.MESSAGE:
        content = read(rest, path, depth + 1, unknown)
    else:
        content = read(_only_value(rest, path, unknown), path.member("value"), depth + 1, unknown)
    backend = backend_of(message_type)
    return well_known.Any(type_url=type_url, value=backend.serialize(backend.box(message_type, content)))


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


def _message_type(type_url: str, path: Path) -> type:
    prefix, slash, full_name = type_url.rpartition("/")
    if not slash or not prefix:
        raise path.fail("the type is no URL; write it as type.googleapis.com/package.Message")
    try:
        message_type = class_of(full_name)
        backend_of(message_type)
    except (KeyError, TypeError):
        raise path.fail("no message of the type is known; import the module generated from its contract") from None
    return message_type


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
