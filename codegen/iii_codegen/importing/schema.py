"""One subschema in a plain form: references followed, `allOf` merged, null taken out.

2020-12 and draft-07, as Pydantic, schemars and Zod write them, and as we do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from iii_bridge.contract.compat.document import Document, as_object, is_array, is_object, list_of
from iii_bridge.types import Json

__all__ = ["Node", "Reader", "is_schema"]

_NOTES: Final = frozenset({"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"})
_HEAD: Final = frozenset({"$schema", "$comment", "$id", "$defs", "definitions", "$anchor"})
_UNIONS: Final = ("anyOf", "oneOf")


def is_schema(value: Json) -> bool:
    """Whether a value can be a JSON Schema; the Python SDK's older format of members in a list is none."""
    return isinstance(value, bool) or (
        is_object(value) and not (is_array(value.get("body")) or (is_array(value.get("type")) and not value["type"]))
    )


@dataclass(slots=True)
class Node:
    """A subschema: its keywords, and what stood around them."""

    keys: dict[str, Any]
    path: str
    nullable: bool = False
    name: str = ""
    """By its title where it is an object or an enum, or by its definition."""
    defined: bool = False
    """Whether it stands in a definition."""
    identity: int = 0
    """Of the object it was written as: what is referred to twice is one thing."""
    problems: list[str] = field(default_factory=lambda: list[str]())

    @property
    def kind(self) -> str:
        """The type; empty where there is none, or several."""
        value = self.keys.get("type", "")
        if isinstance(value, str) and value:
            return value
        if "properties" in self.keys or "additionalProperties" in self.keys:
            return "object"
        return "array" if "items" in self.keys or "prefixItems" in self.keys else ""

    @property
    def description(self) -> str:
        """What it says of itself."""
        text = self.keys.get("description")
        return text.strip() if isinstance(text, str) else ""

    def properties(self) -> Mapping[str, Any]:
        """The members it names."""
        return as_object(self.keys.get("properties")) or {}

    def required(self) -> set[str]:
        """The members it insists on."""
        return {name for name in list_of(self.keys.get("required")) if isinstance(name, str)}


class Reader:
    """Reads subschemas of one document."""

    def __init__(self, root: Json) -> None:
        self._document = Document(root)

    def root(self) -> Node:
        """The document itself."""
        return self.read(self._document.root, "$")

    def read(self, raw: Json, path: str, within: frozenset[int] = frozenset()) -> Node:
        """A subschema at a path of the payload; `within` are those that are being read around it."""
        if raw is False:
            return Node({"not": {}}, path, problems=["no value is accepted"])
        source = as_object(raw)
        if source is None:
            return Node({}, path, problems=[] if raw is True else ["the schema is no object"])
        if id(raw) in within:
            return Node({}, path, problems=["it is defined by itself"])
        within |= {id(raw)}
        node = Node({k: v for k, v in source.items() if k not in _HEAD}, path, identity=id(raw))
        self._name(node)
        self._reference(node, within)
        self._all_of(node, within)
        self._nulls(node, within)
        return node

    def _name(self, node: Node) -> None:
        title = node.keys.get("title")
        if isinstance(title, str) and (node.properties() or "enum" in node.keys or node.keys.get("type") == "object"):
            node.name = title

    def _reference(self, node: Node, within: frozenset[int]) -> None:
        reference = node.keys.pop("$ref", None)
        if reference is None:
            return
        found = self._document.resolve(reference)
        if found is None:
            node.problems.append(f"the reference {reference} leads nowhere")
            return
        target = self.read(found[0].raw, node.path, within)
        beside = {} if self._document.siblings_ignored else node.keys
        notes = {key: value for key, value in beside.items() if key in _NOTES and key != "title"}
        more = {key: value for key, value in beside.items() if key not in _NOTES}
        node.keys = {**target.keys, **notes}
        node.name = target.name or _definition(reference)
        node.nullable |= target.nullable
        node.problems += target.problems
        node.identity, node.defined = target.identity, True
        if more:
            _merge(node, Node(more, node.path))

    def _all_of(self, node: Node, within: frozenset[int]) -> None:
        for part in list_of(node.keys.pop("allOf", None)):
            other = self.read(part, node.path, within)
            if not node.name:
                node.name = other.name
            if not set(node.keys) - _NOTES:  # a reference in draft-07 with its notes around it
                node.identity, node.defined = other.identity, other.defined
                node.keys = {**other.keys, **node.keys}
                node.nullable |= other.nullable
                node.problems += other.problems
            else:
                _merge(node, other)

    def _nulls(self, node: Node, within: frozenset[int]) -> None:
        keys = node.keys
        if keys.pop("nullable", None) is True:
            node.nullable = True
        if is_array(keys.get("type")):
            kinds = [kind for kind in keys["type"] if kind != "null"]
            node.nullable |= len(kinds) < len(keys["type"])
            keys["type"] = kinds[0] if len(kinds) == 1 else kinds or "null"
        if is_array(keys.get("enum")) and None in keys["enum"] and len(keys["enum"]) > 1:
            keys["enum"] = [value for value in keys["enum"] if value is not None]
            node.nullable = True
        for union in _UNIONS:
            choices = list_of(keys.get(union))
            if not choices:
                keys.pop(union, None)
                continue
            left = [choice for choice in choices if not _is_null(choice)]
            node.nullable |= len(left) < len(choices)
            keys[union] = left
            if len(left) == 1:
                del keys[union]
                self._only(node, left[0], within)

    def _only(self, node: Node, choice: Json, within: frozenset[int]) -> None:
        """A union with one choice left is that choice."""
        other = self.read(choice, node.path, within)
        notes = {key: value for key, value in node.keys.items() if key in _NOTES}
        rest = {key: value for key, value in node.keys.items() if key not in _NOTES}
        node.keys = {**other.keys, **notes}
        node.name = other.name or node.name
        node.nullable |= other.nullable
        node.problems += other.problems
        if not rest:
            node.identity, node.defined = other.identity, other.defined
        else:
            _merge(node, Node(rest, node.path))


def _is_null(choice: Json) -> bool:
    raw = as_object(choice) or {}
    return raw.get("type") == "null" or ("const" in raw and raw["const"] is None) or raw.get("enum") == [None]


def _definition(reference: str) -> str:
    """The key of a definition, unless a program made it up."""
    name = reference.rpartition("/")[2] if "/" in reference else ""
    return "" if name.startswith("__") else name


def _merge(node: Node, other: Node) -> None:
    """Both at once: members and required names add up; a keyword with two values is a problem."""
    node.nullable = node.nullable and other.nullable
    node.problems += other.problems
    for key, value in other.keys.items():
        mine = node.keys.get(key)
        if key not in node.keys or key in _NOTES:
            node.keys.setdefault(key, value)
        elif key == "properties":
            node.keys[key] = {**value, **mine} if is_object(mine) else value
        elif key == "required":
            node.keys[key] = list(dict.fromkeys([*list_of(mine), *list_of(value)]))
        elif mine != value:
            node.problems.append(f"two values of {key} hold at once")
    node.identity = 0
