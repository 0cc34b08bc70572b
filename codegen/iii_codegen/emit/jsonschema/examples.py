"""Examples of the contract as `examples`, spelled as they would be printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iii_bridge.contract.spec import Enums
from iii_bridge.types import Json
from iii_codegen.emit.jsonschema.values import Shape, View
from iii_codegen.model.nodes import Cardinality, Enum, Field, Kind

__all__ = ["with_examples"]

_INSIDE: Final = {Cardinality.REPEATED: "items", Cardinality.MAP: "additionalProperties"}
"""Where the schema of one value is."""


def with_examples(shape: Shape, field: Field, view: View, enums: Mapping[str, Enum]) -> Shape:
    """The schema of a field, with examples of one value of it; only `canonical` has them."""
    if view.wide or not field.examples:
        return shape
    inside = _INSIDE.get(field.cardinality)
    one = shape if inside is None else shape[inside]
    names = _names(field, view, enums)
    one = {**one, "examples": [_written(example, one, names) for example in field.examples]}
    return one if inside is None else {**shape, inside: one}


def _names(field: Field, view: View, enums: Mapping[str, Enum]) -> dict[Json, Json]:
    """From numbers to names, where values of an enum are printed as those."""
    if field.element.kind is not Kind.ENUM or view.profile.enums is Enums.NUMBER:
        return {}
    return {value.number: value.name for value in reversed(enums[field.element.type_name].values)}


def _written(example: Json, one: Shape, names: dict[Json, Json]) -> Json:
    """The example under the JSON profile; it comes as ProtoJSON, in which integers of 64 bits are strings."""
    if names:
        return names.get(example, example)
    return int(example) if isinstance(example, str) and one.get("type") == "integer" else example
