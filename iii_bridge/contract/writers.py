"""Small writers that the exact encoder is put together from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from iii_bridge.contract import scalars
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.plan import Shape
from iii_bridge.contract.problems import Path, Problem

__all__ = ["Writer", "check_depth", "list_writer", "map_writer", "scalar_writer", "write_null"]

Writer: TypeAlias = Callable[[Any, Path, int], Any]
"""(Python value, its place, messages around it) to a JSON value. Raises CodecError."""


def scalar_writer(write_scalar: Callable[[Any], Any]) -> Writer:
    """Gives a function of `scalars` its place in errors."""

    def write(value: Any, path: Path, _depth: int) -> Any:
        try:
            return write_scalar(value)
        except Problem as problem:
            raise path.fail(str(problem)) from None

    return write


def write_null(value: Any) -> None:
    """NullValue.NULL_VALUE, as null."""
    if not isinstance(value, int) or isinstance(value, bool) or value != 0:
        raise Problem(f"expected NullValue.NULL_VALUE, found {type(value).__name__}")


def list_writer(write_item: Writer) -> Writer:
    """A list or a tuple, item by item."""

    def write(value: Any, path: Path, depth: int) -> Any:
        if not _is_list(value):
            raise path.fail(f"expected a list, found {type(value).__name__}")
        return [write_item(item, path.item(index), depth) for index, item in enumerate(value)]

    return write


def map_writer(shape: Shape, write_value: Writer) -> Writer:
    """A dict with keys of one shape."""
    write_key = _key_writer(shape)

    def write(value: Any, path: Path, depth: int) -> Any:
        if not _is_dict(value):
            raise path.fail(f"expected a dict, found {type(value).__name__}")
        result: dict[str, Any] = {}
        for key, member in value.items():
            here = path.key(str(key) if isinstance(key, (str, int)) else type(key).__name__)
            try:
                name = write_key(key)
            except Problem as problem:
                raise here.fail(f"in the key: {problem}") from None
            result[name] = write_value(member, here, depth)
        return result

    return write


def _key_writer(shape: Shape) -> Callable[[Any], str]:
    if shape is Shape.STRING:
        return scalars.write_string
    if shape is Shape.BOOL:
        return lambda key: "true" if scalars.write_bool(key) else "false"
    return lambda key: str(scalars.write_integer(key, shape.value))


def check_depth(path: Path, depth: int) -> None:
    """Raises CodecError where one more message or value would be too deep."""
    if depth >= MAX_DEPTH:
        raise path.fail(f"values are nested more than {MAX_DEPTH} deep")


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _is_dict(value: Any) -> bool:
    return isinstance(value, dict)
