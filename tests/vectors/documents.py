"""What goes into a party and what comes out, and when two JSON texts say the same."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Context
from typing import Any, Final

__all__ = ["PROFILES", "Answer", "Document", "Numeral", "exact"]

PROFILES: Final = ("default", "canonical", "proto-names", "enum-numbers", "int64-numbers")
"""The names under which parties write: defaults are left out in `canonical` only."""


_WIDE: Final = Context(prec=1000)


@dataclass(frozen=True, slots=True)
class Document:
    """One message of `vectors.v1` to be read."""

    type: str
    json: str | None = None
    binary: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a party made of a document: an error, or the message in binary and in each profile it knows."""

    error: str | None = None
    binary: bytes = b""
    json: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number as it is written: 1, 1.0 and 1e0 are one, 0 and -0 are two, and no digit is lost."""

    sign: int
    digits: tuple[int, ...]
    exponent: int

    @classmethod
    def of(cls, text: str) -> Numeral:
        """The number that a JSON text is."""
        sign, digits, exponent = _WIDE.create_decimal(text).normalize(_WIDE).as_tuple()
        assert isinstance(exponent, int)
        return cls(sign, digits, exponent)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    assert len(members) == len(pairs), "a member occurs twice"
    return members


def _constant(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


def exact(text: str) -> Any:
    """The value of a JSON text, with its numbers to the last digit. Members have no order."""
    return json.loads(
        text, parse_int=Numeral.of, parse_float=Numeral.of, parse_constant=_constant, object_pairs_hook=_members
    )
