"""JSON Schema (2020-12) of what trigger types take and give, for discovery: nothing is checked against it."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from iii_bridge.wire.codec import raw

__all__ = ["CONDITION", "NULLABLE_TEXT", "TEXT", "object_schema"]

TEXT: dict[str, Any] = {"type": "string"}
NULLABLE_TEXT: dict[str, Any] = {"type": ["string", "null"]}
CONDITION: dict[str, Any] = {"type": ["string", "null"], "description": "called first; only false stops"}
"""`condition_function_id`, for types that have it (wire.md 6.1)."""


def object_schema(title: str, properties: dict[str, Any], required: tuple[str, ...] = ()) -> Raw:
    """The schema of an object."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": properties,
    }
    if required:
        schema["required"] = list(required)
    return raw(schema)
