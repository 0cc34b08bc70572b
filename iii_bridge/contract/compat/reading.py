"""What a contract accepts, from the schema of what it prints.

ProtoJSON is read in more spellings than it is written in: null for unset,
numbers as text, enum values by number, members left out. A program that has
its canonical schemas only, as stubs carry them, widens them this way. The
result accepts all a parser accepts and a little more: it shows a break, it
does not prove there is none. The profile `protojson` is exact.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from iii_bridge.contract.compat.document import as_object, is_array, is_object, list_of
from iii_bridge.types import Json

__all__ = ["as_read", "as_written"]

_NULL: Final = {"type": "null"}
_NUMBER_TEXT: Final = {"type": "string"}
_LISTS: Final = ("anyOf", "oneOf", "allOf")
_DEFINITIONS: Final = ("$defs", "definitions")


def as_read(schema: Json, required: Collection[str]) -> Json:
    """A canonical schema of ours, widened; `required` names the members that a reader insists on in every message."""
    return _widened(schema, frozenset(required))


def as_written(schema: Json, written: Collection[str]) -> Json:
    """The canonical schema of a request of ours, as a caller writes it: members of these names are always there."""
    raw = as_object(schema)
    if raw is None:
        return [as_written(item, written) for item in schema] if is_array(schema) else schema
    result = {name: as_written(value, written) for name, value in raw.items()}
    properties = as_object(raw.get("properties"))
    if properties is not None and raw.get("type") == "object":
        required = [name for name in properties if name in written or name in list_of(raw.get("required"))]
        result["required"] = required
    return result


def _widened(schema: Json, required: frozenset[str]) -> Json:
    raw = as_object(schema)
    if raw is None:
        return schema
    result = {name: _keyword(name, value, required) for name, value in raw.items()}
    if is_array(raw.get("required")):
        result["required"] = [name for name in raw["required"] if name in required]
    properties = as_object(result.get("properties")) or {}
    if properties:
        result["properties"] = {name: {"anyOf": [item, _NULL]} for name, item in properties.items()}
    result.pop("propertyNames", None)  # keys of maps are read in more spellings, too
    result.pop("not", None)  # members of a oneof may stand together where all but one are null
    return _value(result)


def _keyword(name: str, value: Json, required: frozenset[str]) -> Json:
    def widened(item: Json) -> Json:
        return _widened(item, required)

    if name in _LISTS and is_array(value):
        return [widened(item) for item in value]
    if name in ("properties", *_DEFINITIONS) and is_object(value):
        return {key: widened(item) for key, item in value.items()}
    if name in ("items", "additionalProperties"):
        return widened(value)
    return value


def _value(schema: Mapping[str, Any]) -> Json:
    """One value in all its spellings; what is no number, text or enum stays as it is."""
    kept = {name: value for name, value in schema.items() if name in _NOTES}
    match schema.get("type"):
        case "number":  # limits are those of the type, which reading rounds to
            return {**kept, "type": ["number", "string"]}
        case "integer":
            return {**kept, "anyOf": [{k: v for k, v in schema.items() if k not in _NOTES}, _NUMBER_TEXT]}
        case "string" if "enum" in schema:
            return {**kept, "anyOf": [{"type": "string", "enum": schema["enum"]}, {"type": "integer"}]}
        case "string" if "pattern" in schema or "contentEncoding" in schema:
            return {**kept, "type": ["string", "number"]}
        case "null":
            return kept
        case _:
            return dict(schema)


_NOTES: Final = ("title", "description", "deprecated", "readOnly", "writeOnly", "default", "examples")
