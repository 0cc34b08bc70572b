"""JSON text to values, exactly: nothing is rounded, and no duplicate member is lost.

This is the reader behind everything unusual; ordinary documents never come
here. An object is a `Members`, a number with a fraction or an exponent a
`Number` with its text, and everything else what `json` makes of it.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from iii_bridge.contract.problems import Path, describe

__all__ = [
    "MAX_DEPTH",
    "Members",
    "Number",
    "check_ignored",
    "check_text",
    "has_duplicates",
    "items_of",
    "kind_of",
    "parse_json",
]

MAX_DEPTH: Final = 100
"""Messages, or values of no fixed type, within one another; one more is refused."""

_LONG_INTEGER: Final = 40
"""Digits beyond which an integer stays text: no field holds it, and `int` refuses very long ones."""


class Number(str):
    """The text of a number that is not a short plain integer."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """The members of one object, in order, duplicates included."""

    __slots__ = ()


def parse_json(text: bytes) -> Any:
    """Reads one JSON document. Raises CodecError at `$` for what is none."""
    root = Path()
    try:
        value = _DECODER.decode(text.decode())
    except UnicodeDecodeError:
        raise root.fail("the text is not valid UTF-8") from None
    except RecursionError:
        raise root.fail("the document is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise root.fail(f"the text is not valid JSON (character {error.pos})") from None
    except _NotJsonError:
        raise root.fail("the text is not valid JSON; write NaN and Infinity as strings") from None
    return value


def items_of(value: Any) -> list[Any] | None:
    """The items of an array; None for any other value."""
    return value if value.__class__ is list else None


def kind_of(value: Any) -> str:
    """What kind of value of this reader something is, without showing it."""
    return "a number" if isinstance(value, Number) else "an object" if isinstance(value, Members) else describe(value)


def has_duplicates(text: bytes) -> bool:
    """Whether any object of a valid document spells one member twice."""
    try:
        _DUPLICATES.decode(text.decode())
    except _DuplicateError:
        return True
    return False


def check_ignored(value: Any, path: Path, depth: int = 0) -> None:
    """What holds for members nobody reads: no duplicates, no lone surrogates, no abyss inside. Raises CodecError."""
    if depth >= MAX_DEPTH and value.__class__ in (Members, list):
        raise path.fail(f"values are nested more than {MAX_DEPTH} deep")
    if isinstance(value, Members):
        seen: set[str] = set()
        for name, member in value:
            check_text(name, path)
            here = path.unknown(name)
            if name in seen:
                raise here.fail("the member occurs twice")
            seen.add(name)
            check_ignored(member, here, depth + 1)
    elif (items := items_of(value)) is not None:
        for index, item in enumerate(items):
            check_ignored(item, path.item(index), depth + 1)
    elif value.__class__ is str:
        check_text(value, path)


def check_text(text: str, path: Path) -> None:
    """Raises CodecError for a string that has no UTF-8 form."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise path.fail("the string holds half a surrogate pair") from None


class _NotJsonError(Exception):
    """NaN or an infinity, which json.loads would accept."""


class _DuplicateError(Exception):
    """One member name, twice in one object."""


def _integer(text: str) -> int | Number:
    return int(text) if len(text) < _LONG_INTEGER else Number(text)


def _refuse_constant(_name: str) -> NoReturn:
    raise _NotJsonError


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise _DuplicateError


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=Members, parse_float=Number, parse_int=_integer, parse_constant=_refuse_constant
)
_DUPLICATES: Final = json.JSONDecoder(object_pairs_hook=_refuse_duplicates, parse_float=str, parse_int=str)
