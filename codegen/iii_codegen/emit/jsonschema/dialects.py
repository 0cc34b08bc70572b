"""From shapes to documents: the same schema as JSON Schema 2020-12 and draft-07."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from iii_codegen.emit.jsonschema.shapes import Shape, Shapes

__all__ = ["DIALECTS", "Dialect", "document"]

# The keywords that hold schemas. Members of `properties` are names, whatever they are called.
_ONE: Final = ("additionalProperties", "items", "not", "propertyNames")
_LIST: Final = ("anyOf", "oneOf")


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


def _subschemas(shape: Shape) -> Iterator[Shape]:
    for keyword in _ONE:
        if isinstance(shape.get(keyword), dict):
            yield shape[keyword]
    for keyword in _LIST:
        yield from shape.get(keyword, ())
    yield from shape.get("properties", {}).values()


def _references(shape: Shape) -> list[str]:
    if "$ref" in shape:
        return [shape["$ref"]]
    return [name for inner in _subschemas(shape) for name in _references(inner)]


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


def _render(shape: Shape, references: dict[str, str], dialect: Dialect) -> Shape:
    rendered = {key: value for key, value in shape.items() if key != "deprecated" or dialect.deprecated}
    if "$ref" in shape:
        rendered["$ref"] = references[shape["$ref"]]
        return rendered if dialect.beside_ref or len(rendered) == 1 else _apart(rendered)
    for keyword in _ONE:
        if isinstance(rendered.get(keyword), dict):
            rendered[keyword] = _render(rendered[keyword], references, dialect)
    for keyword in _LIST:
        if keyword in rendered:
            rendered[keyword] = [_render(inner, references, dialect) for inner in rendered[keyword]]
    if "properties" in rendered:
        inner = rendered["properties"].items()
        rendered["properties"] = {name: _render(value, references, dialect) for name, value in inner}
    return rendered


def _apart(shape: Shape) -> Shape:
    """What stands beside a reference, with the reference inside."""
    return {"allOf": [{"$ref": shape.pop("$ref")}], **shape}
