"""One document as a schema, so that what keeps it from being accepted is found like any other difference."""

from __future__ import annotations

from typing import Any

from iii_bridge.contract.compat.document import is_array, is_object
from iii_bridge.types import Json

__all__ = ["exactly"]


def exactly(value: Json) -> dict[str, Any]:
    """The schema of this value and no other."""
    if is_object(value):
        return {
            "type": "object",
            "properties": {name: exactly(item) for name, item in value.items()},
            "required": list(value),
            "additionalProperties": False,
        }
    if is_array(value):
        return {
            "type": "array",
            "prefixItems": [exactly(item) for item in value],
            "items": False,
            "minItems": len(value),
        }
    return {"const": value}
