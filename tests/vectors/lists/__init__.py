"""The vectors, as they are written by hand: a name, a message as canonical ProtoJSON, and other ways to spell it."""

from __future__ import annotations

from typing import Final

from tests.vectors.lists import fields, maps, names, trees, well_known
from tests.vectors.lists.model import Vector

__all__ = ["VECTORS", "Vector"]

VECTORS: Final[tuple[Vector, ...]] = (
    *fields.VECTORS,
    *maps.VECTORS,
    *trees.VECTORS,
    *names.VECTORS,
    *well_known.VECTORS,
)
