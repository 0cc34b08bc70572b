"""Examples that a contract gives for its fields, by `example` of buf.validate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from iii_codegen.model.nodes import Cardinality

__all__ = ["field_examples"]

_INSIDE: Final = {Cardinality.REPEATED: ("repeated", "items"), Cardinality.MAP: ("map", "values")}
"""Where the rules of one item, or of one value of a map, stand."""


def field_examples(options: Mapping[str, Any], cardinality: Cardinality) -> tuple[Any, ...]:
    """Of one value of the field, in ProtoJSON; those of an enum are numbers. `options` are the field's, as JSON."""
    rules = _child(options, "[buf.validate.field]")
    for name in _INSIDE.get(cardinality, ()):
        rules = _child(rules, name)
    return tuple(example for name in rules for example in _child(rules, name).get("example", ()))


def _child(options: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that is an object; `required` and its like are none."""
    value: Any = options.get(name)
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]
