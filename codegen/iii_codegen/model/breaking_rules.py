"""Validation rules of two versions: tightened, loosened, or both."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, TypeGuard

from iii_bridge.contract.rules import (
    Bound,
    CustomRule,
    FieldRules,
    Ignore,
    MapRules,
    MessageRules,
    NumberRules,
    RepeatedRules,
    Size,
)

__all__ = ["Move", "field_moves", "message_moves"]

_ALLOWED: Final = ("one_of",)


@dataclasses.dataclass(frozen=True, slots=True)
class Move:
    """One rule that changed. Both are true where neither version allows all the other does, or nobody can tell."""

    rule: str
    """Its name as the contract writes it, after `items`, `keys` or `values` where it is about these."""
    old: str
    new: str
    tightened: bool
    loosened: bool


def field_moves(old: FieldRules | None, new: FieldRules | None) -> list[Move]:
    """What changed in the rules of a field, `required` excepted."""
    return list(_field(_counting(old), _counting(new), ""))


def message_moves(old: MessageRules | None, new: MessageRules | None) -> list[Move]:
    """What changed in the rules of a message as a whole."""
    before, after = old or MessageRules(), new or MessageRules()
    was = {frozenset(item.fields): item.required for item in before.oneofs}
    is_now = {frozenset(item.fields): item.required for item in after.oneofs}
    moves = list(_custom(before.custom, after.custom))
    for fields in sorted({*was, *is_now}, key=sorted):
        name = f"oneof of {', '.join(sorted(fields))}"
        moves += _ordered(name, _level(fields, was), _level(fields, is_now), _LEVELS)
    return moves


_LEVELS: Final = ("unset", "at most one", "exactly one")


def _level(fields: frozenset[str], known: dict[frozenset[str], bool]) -> int:
    return 0 if fields not in known else 2 if known[fields] else 1


def _ordered(name: str, old: int, new: int, names: tuple[str, ...]) -> Iterator[Move]:
    if old != new:
        yield Move(name, names[old], names[new], new > old, new < old)


def _counting(rules: FieldRules | None) -> FieldRules:
    """Rules that are always ignored are none."""
    return FieldRules() if rules is None or rules.ignore is Ignore.ALWAYS else rules


def _field(old: FieldRules, new: FieldRules, prefix: str) -> Iterator[Move]:
    was_lenient, is_lenient = (item.ignore is Ignore.ZERO for item in (old, new))
    if was_lenient != is_lenient:
        yield Move(f"{prefix}ignore", old.ignore.value, new.ignore.value, was_lenient, is_lenient)
    yield from _custom(old.custom, new.custom, prefix)
    before, after = old.value, new.value
    if before is not None and after is not None and type(before) is not type(after):
        yield Move(f"{prefix}rules", old.kind, new.kind, True, True)
    elif before is not None or after is not None:
        kind = type(after if after is not None else before)
        yield from _values(before or kind(), after or kind(), prefix)  # type: ignore[call-arg,misc,unused-ignore]


def _values(old: Any, new: Any, prefix: str) -> Iterator[Move]:
    """Rules of one kind, part by part."""
    if isinstance(old, NumberRules) and old != new and (old.excludes_between or new.excludes_between):
        yield Move(f"{prefix}range", "a range", "another range", True, True)
        return
    for part in dataclasses.fields(old):
        before, after = getattr(old, part.name), getattr(new, part.name)
        if before == after:
            continue
        if isinstance(old, RepeatedRules | MapRules) and part.name in ("items", "keys", "values"):
            yield from _field(_counting(before), _counting(after), f"{prefix}{part.name}.")
        else:
            yield from _part(f"{prefix}{part.name}", before, after)


def _part(name: str, old: Any, new: Any) -> Iterator[Move]:
    last = name.rpartition(".")[2]
    match old, new:
        case (Size(), Size()):
            yield from _bounds(f"{name} at least", _end(old.least), _end(new.least), upper=False)
            yield from _bounds(f"{name} at most", _end(old.most), _end(new.most), upper=True)
        case (Bound() | None, Bound() | None) if last in ("lower", "upper"):
            yield from _bounds(name, old, new, upper=last == "upper")
        case _ if last == "within":
            yield from _bounds(name, _end(old), _end(new), upper=True)
        case _ if _is_tuple(old) and _is_tuple(new):
            yield _sets(name, old, new, allowed=last in _ALLOWED)
        case _:
            yield Move(name, _shown(old), _shown(new), not _is_unset(new), not _is_unset(old))


def _end(value: int | None) -> Bound | None:
    return None if value is None else Bound(value, inclusive=True)


def _bounds(name: str, old: Bound | None, new: Bound | None, *, upper: bool) -> Iterator[Move]:
    if old == new:
        return
    if old is None or new is None:
        tightened = old is None
    elif old.value == new.value:
        tightened = old.inclusive
    else:
        tightened = new.value < old.value if upper else new.value > old.value
    yield Move(name, _bound(old), _bound(new), tightened, not tightened)


def _bound(bound: Bound | None) -> str:
    return "unset" if bound is None else f"{bound.value}{'' if bound.inclusive else ', excluded'}"


def _sets(name: str, old: tuple[Any, ...], new: tuple[Any, ...], *, allowed: bool) -> Move:
    """Lists of allowed values (an empty one allows all), or of refused ones."""
    before, after = set(old), set(new)
    if allowed:
        tightened = not old or (bool(new) and not before <= after)
        loosened = not new or (bool(old) and not after <= before)
    else:
        tightened, loosened = not after <= before, not before <= after
    return Move(name, _shown(old), _shown(new), tightened, loosened)


def _is_tuple(value: Any) -> TypeGuard[tuple[Any, ...]]:
    return isinstance(value, tuple)


def _is_unset(value: Any) -> bool:
    return value is None or value is False or value == "" or value == b""


def _shown(value: Any) -> str:
    if _is_unset(value) or value == ():
        return "unset"
    if _is_tuple(value):
        return ", ".join(map(_shown, value))
    return str(value.value if isinstance(value, Enum) else value)


def _custom(old: tuple[CustomRule, ...], new: tuple[CustomRule, ...], prefix: str = "") -> Iterator[Move]:
    before, after = {item.name for item in old}, {item.name for item in new}
    for name in sorted(after - before):
        yield Move(f"{prefix}{name}", "unset", "set", True, False)
    for name in sorted(before - after):
        yield Move(f"{prefix}{name}", "set", "unset", False, True)
