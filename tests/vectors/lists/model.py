"""What one vector is."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Vector", "each"]


@dataclass(frozen=True, slots=True)
class Vector:
    """One message."""

    name: str
    """`plain-int64-max`; in messages of tests and in the tables of the documentation."""
    type: str
    """The message's name in `vectors.v1`."""
    json: str
    """The message as canonical ProtoJSON, defaults left out."""
    also: tuple[str, ...] = ()
    """Other documents that stand for the same message."""


def each(prefix: str, of: str, cases: dict[str, tuple[str, ...]]) -> list[Vector]:
    """Vectors of one message type: by name the canonical document, and the others behind it."""
    return [Vector(f"{prefix}-{name}", of, first, tuple(others)) for name, (first, *others) in cases.items()]
