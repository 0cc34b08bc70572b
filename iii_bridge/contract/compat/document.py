"""A schema document and the subschemas within it.

A `Schema` is a conjunction of places in documents: `allOf`, siblings of `$ref`
and members described twice need no rewriting that way. The empty conjunction
accepts everything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard
from urllib.parse import unquote

from iii_bridge.types import Json

__all__ = [
    "ANYTHING",
    "Document",
    "Key",
    "Part",
    "Schema",
    "as_object",
    "both",
    "is_array",
    "is_object",
    "key_of",
    "list_of",
    "text_of",
]

_SIBLINGS_IGNORED: Final = re.compile(r"json-schema\.org/draft-0[3-7]/")
_DEFINITIONS: Final = ("$defs", "definitions")


def is_object(value: Json) -> TypeGuard[dict[str, Any]]:
    """Whether a value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: Json) -> TypeGuard[list[Any]]:
    """Whether a value is a JSON array."""
    return isinstance(value, list)


def as_object(value: Json) -> Mapping[str, Any] | None:
    """The value when it is an object, else None."""
    return value if is_object(value) else None


def list_of(value: Json) -> list[Any]:
    """The value when it is an array, else no items."""
    return value if is_array(value) else []


def text_of(value: Json) -> str:
    """One spelling per value, to tell whether two are the same."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


class Document:
    """One document; resolves the references within it (sdks.md 2.3, 9).

    References nobody can resolve are None: to other documents, and dangling
    ones. A definition that stands deeper than its reference says is found by
    its name, as long as there is one of that name: the Python SDK registers
    lists of models that way.
    """

    def __init__(self, root: Json) -> None:
        self.root = root
        declared = (as_object(root) or {}).get("$schema")
        self.siblings_ignored = isinstance(declared, str) and bool(_SIBLINGS_IGNORED.search(declared))
        """Whether keywords beside `$ref` mean nothing, as in draft-07 and before."""
        self.text = text_of(root)

    def schema(self) -> Schema:
        """The whole document."""
        return (Part(self, self.root),)

    def part(self, raw: Json) -> Schema:
        """A subschema of this document."""
        return (Part(self, raw),)

    def resolve(self, reference: Json) -> Schema | None:
        """What a `$ref` stands for."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        if reference == "#":
            return self.schema()
        steps = [unquote(step).replace("~1", "/").replace("~0", "~") for step in reference[1:].split("/")]
        if steps[0]:
            return self._only(raw for raw in _objects(self.root) if raw.get("$anchor") == steps[0])
        found = self._follow(steps[1:])
        if found is None and len(steps) == 3 and steps[1] in _DEFINITIONS:
            nested = (as_object(raw.get(steps[1])) for raw in _objects(self.root))
            found = self._only(inner[steps[2]] for inner in nested if inner is not None and steps[2] in inner)
        return found

    def _follow(self, steps: list[str]) -> Schema | None:
        here: Any = self.root
        for step in steps:
            if is_object(here) and step in here:
                here = here[step]
            elif is_array(here) and step.isdecimal() and int(step) < len(here):
                here = here[int(step)]
            else:
                return None
        return self.part(here)

    def _only(self, found: Iterator[Any]) -> Schema | None:
        distinct = {text_of(raw): raw for raw in found}
        return self.part(next(iter(distinct.values()))) if len(distinct) == 1 else None


def _objects(value: Json) -> Iterator[Mapping[str, Any]]:
    """Every object within a value, itself included."""
    waiting: list[Any] = [value]
    while waiting:
        here = waiting.pop()
        if is_object(here):
            yield here
            waiting.extend(here.values())
        elif is_array(here):
            waiting.extend(here)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One subschema, as it stands in its document; equal to itself only, however often it is named."""

    document: Document
    raw: Json

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Part) and self.document is other.document and self.raw is other.raw

    def __hash__(self) -> int:
        return hash((id(self.document), id(self.raw)))


Schema = tuple[Part, ...]
ANYTHING: Final[Schema] = ()
Key = frozenset[Part]


def key_of(schema: Schema) -> Key:
    """What makes two conjunctions the same one, whatever their order."""
    return frozenset(schema)


def both(one: Schema, other: Schema) -> Schema:
    """What both accept; a part that stands in both is kept once."""
    return (*one, *(part for part in other if part not in one))
