"""From shapes to documents: the same schema as JSON Schema 2020-12 and draft-07."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from iii_codegen.emit.jsonschema.shapes import Shape, Shapes

__all__ = ["DIALECTS", "Dialect", "document"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between the dialects."""

    name: str
    uri: str
    definitions: str
    beside_ref: bool
    """Whether other keywords may stand beside `$ref`."""
    deprecated: bool
    """Whether there is a keyword `deprecated`."""


DIALECTS: Final = {
    dialect.name: dialect
    for dialect in (
        Dialect("2020-12", "https://json-schema.org/draft/2020-12/schema", "$defs", beside_ref=True, deprecated=True),
        Dialect(
            "draft-07", "http://json-schema.org/draft-07/schema#", "definitions", beside_ref=False, deprecated=False
        ),
    )
}


def document(shapes: Shapes, root: str, dialect: Dialect) -> Shape:
    """A self-contained schema: the root message inline, the others as definitions, in order of first use."""
    order = _reachable(shapes, root)
    keys = _keys(order[1:])
    references = {root: "#"} | {name: f"#/{dialect.definitions}/{key}" for name, key in keys.items()}
    result: Shape = {"$schema": dialect.uri, **_render(shapes.message(root), references, dialect)}
    definitions = {key: _render(shapes.message(name), references, dialect) for name, key in keys.items()}
    if definitions:
        result[dialect.definitions] = definitions
    return result


def _reachable(shapes: Shapes, root: str) -> list[str]:
    order = {root: None}
    waiting = [root]
    while waiting:
        found = [name for name in _references(shapes.message(waiting.pop())) if name not in order]
        order.update(dict.fromkeys(found))
        waiting.extend(reversed(list(dict.fromkeys(found))))
    return list(order)


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            return [value["$ref"]]
        return [name for item in value.values() for name in _references(item)]
    if isinstance(value, list):
        return [name for item in value for name in _references(item)]
    return []


def _keys(names: list[str]) -> dict[str, str]:
    """Identifier-safe keys, different for different names."""
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        key = base = re.sub(r"[^A-Za-z0-9_]", "_", name)
        number = 2
        while key in taken:
            key = f"{base}_{number}"
            number += 1
        taken.add(key)
        keys[name] = key
    return keys


def _render(value: Any, references: dict[str, str], dialect: Dialect) -> Any:
    if isinstance(value, list):
        return [_render(item, references, dialect) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        reference = {"$ref": references[value["$ref"]]}
        return {**value, **reference} if dialect.beside_ref else reference
    return {
        key: _render(item, references, dialect)
        for key, item in value.items()
        if key != "deprecated" or dialect.deprecated
    }
