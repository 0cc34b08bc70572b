"""Update operations of `state::update` and `stream::update` (wire.md 7.3).

Operations are applied in order to a working copy. One that does not fit is
skipped and reported; the others still count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec
from msgspec import UNSET

__all__ = ["Append", "Decrement", "Increment", "Merge", "OpError", "Remove", "Set", "UpdateOp", "apply_ops"]

_DOC_URL: Final = "https://iii.dev/docs/workers/iii-state#error-codes"
_MOST_SEGMENTS: Final = 32
_MOST_SEGMENT_BYTES: Final = 256
_MOST_KEYS: Final = 1024
_MOST_DEPTH: Final = 16
_PROTO: Final = frozenset({"__proto__", "constructor", "prototype"})
_I64_MIN: Final = -(2**63)
_U64_MAX: Final = 2**64 - 1

Path = list[str]
Object = dict[str, Any]


class Set(msgspec.Struct, frozen=True, tag="set"):
    """Puts a value at a key, or in place of the whole; without one it is null."""

    path: str
    value: Any = None


class Merge(msgspec.Struct, frozen=True, tag="merge"):
    """Puts the members of an object beside those that are there; shallow."""

    value: Any
    path: str | list[str] | None = None


class Increment(msgspec.Struct, frozen=True, tag="increment"):
    """Adds to a number."""

    path: str
    by: int


class Decrement(msgspec.Struct, frozen=True, tag="decrement"):
    """Takes from a number."""

    path: str
    by: int


class Append(msgspec.Struct, frozen=True, tag="append"):
    """Adds an element to an array, or text to a string."""

    value: Any
    path: str | list[str] | None = None


class Remove(msgspec.Struct, frozen=True, tag="remove"):
    """Takes a key away."""

    path: str


UpdateOp = Set | Merge | Increment | Decrement | Append | Remove
"""Any operation; `type` tells them apart."""


@dataclass(frozen=True, slots=True)
class OpError:
    """An operation that was skipped, by its place in the list."""

    op_index: int
    code: str
    message: str
    doc_url: str = _DOC_URL


class _Skipped(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def apply_ops(value: Any, ops: list[UpdateOp]) -> tuple[Any, list[OpError]]:
    """The new value of a decoded JSON value, UNSET for none, and what did not fit. Changes the value handed in."""
    current = value
    errors: list[OpError] = []
    for index, op in enumerate(ops):
        kind = str(op.__struct_config__.tag)
        try:
            current = _apply(current, op)
        except _Skipped as skipped:
            errors.append(OpError(index, f"{kind}.{skipped.code}", str(skipped)))
    return {} if current is UNSET else current, errors


def _apply(current: Any, op: UpdateOp) -> Any:
    path = _path(op.path)
    _check_path(path)
    match op:
        case Set():
            return _put(current, path, op.value)
        case Merge():
            _check_merged(op.value)
            return _merge(current, path, op.value)
        case Increment():
            return _add(current, path, op.by)
        case Decrement():
            return _add(current, path, -op.by)
        case Append():
            return _append(current, path, op.value)
        case Remove():
            return _remove(current, path)


def _path(path: str | list[str] | None) -> Path:
    """A string is one literal key, dots and all; an empty one is the root."""
    if isinstance(path, str):
        return [path] if path else []
    return path or []


def _check_path(path: Path) -> None:
    if len(path) > _MOST_SEGMENTS:
        raise _Skipped("path.too_deep", f"Path has {len(path)} segments, at most {_MOST_SEGMENTS} are allowed.")
    for segment in path:
        if not segment:
            raise _Skipped("path.empty_segment", "Path has an empty segment.")
        if len(segment.encode()) > _MOST_SEGMENT_BYTES:
            raise _Skipped("path.segment_too_long", f"A path segment is longer than {_MOST_SEGMENT_BYTES} bytes.")
        if segment in _PROTO:
            raise _Skipped("path.proto_polluted", f"Path segment '{segment}' is not allowed.")


def _holder(current: Any) -> Object:
    """The object a key is changed in; where there is no value yet, an empty one."""
    if current is UNSET:
        return {}
    if not isinstance(current, dict):
        raise _Skipped("target_not_object", f"Expected object at root, got {_kind(current)}.")
    return cast(Object, current)


def _put(current: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    holder = _holder(current)
    holder[path[0]] = value
    return holder


def _remove(current: Any, path: Path) -> Any:
    if not path:
        return None
    holder = _holder(current)
    holder.pop(path[0], None)
    return holder


def _add(current: Any, path: Path, by: int) -> Any:
    if not path:
        return _sum(current, by, path)
    holder = _holder(current)
    holder[path[0]] = _sum(holder.get(path[0], UNSET), by, path)
    return holder


def _sum(value: Any, by: int, path: Path) -> int | float:
    """Whole numbers stay whole, up to the largest unsigned one (wire.md 7.3)."""
    if value is UNSET:
        return by
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Skipped("not_number", f"Expected number at path '{''.join(path)}', got {_kind(value)}.")
    total = value + by
    if isinstance(total, int) and not _I64_MIN <= total <= _U64_MAX:
        raise _Skipped("not_number", f"The number at path '{''.join(path)}' leaves the range of 64 bits.")
    return total


def _append(current: Any, path: Path, value: Any) -> Any:
    if not path:
        return _appended(current, value, keep_text=True)
    holder = root = _holder(current)
    for segment in path[:-1]:
        if not isinstance(holder.get(segment, {}), dict):
            raise _Skipped("target_not_object", f"Expected object at '{segment}', got {_kind(holder[segment])}.")
        holder = _child(holder, segment)
    key = path[-1]
    holder[key] = _appended(holder.get(key), value, keep_text=len(path) == 1)
    return root


def _appended(target: Any, value: Any, keep_text: bool) -> Any:
    """`keep_text`: a string appended to nothing stays a string, but only near the root (wire.md 7.3)."""
    if target is None or target is UNSET:
        return value if keep_text and isinstance(value, str) else [value]
    if isinstance(target, list):
        return [*cast(list[object], target), value]
    if isinstance(target, str) and isinstance(value, str):
        return target + value
    raise _Skipped("type_mismatch", f"Cannot append {_kind(value)} to {_kind(target)}.")


def _merge(current: Any, path: Path, value: Object) -> Any:
    if not path:
        if isinstance(current, dict):
            return {**cast(Object, current), **value}
        return value if current is UNSET else current  # into anything else: ignored, without an error
    holder = root = cast(Object, current) if isinstance(current, dict) else {}
    for segment in path:
        holder = _child(holder, segment)
    holder.update(value)
    return root


def _child(holder: Object, segment: str) -> Object:
    """The object below a key; made anew where there is none."""
    child = holder.get(segment)
    if not isinstance(child, dict):
        child = holder[segment] = {}
    return cast(Object, child)


def _check_merged(value: Any) -> None:
    if not isinstance(value, dict):
        raise _Skipped("value.not_an_object", f"Expected object to merge, got {_kind(value)}.")
    members = cast(Object, value)
    if len(members) > _MOST_KEYS:
        raise _Skipped("value.too_many_keys", f"The object has {len(members)} keys, at most {_MOST_KEYS} are allowed.")
    _check_depth(members, 1)


def _check_depth(value: Any, depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise _Skipped("value.too_deep", f"The object is nested deeper than {_MOST_DEPTH} levels.")
    if isinstance(value, dict):
        for key, item in cast(Object, value).items():
            if key in _PROTO:
                raise _Skipped("value.proto_polluted", f"Key '{key}' is not allowed.")
            if isinstance(item, dict | list):
                _check_depth(item, depth + 1)
    elif isinstance(value, list):
        for item in cast(list[object], value):
            if isinstance(item, dict | list):
                _check_depth(item, depth + 1)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
