"""Values that are one of several: enums, constants, and those choices of `anyOf` and `oneOf` that protobuf can say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from iii_bridge.contract.compat.document import list_of
from iii_codegen.importing.draft import DraftEnum, Rules
from iii_codegen.importing.names import is_identifier, pascal
from iii_codegen.importing.schema import Node
from iii_codegen.importing.values import Value, float_of, scalar

__all__ = ["ANYTHING", "choices_of_texts", "enum_rule", "is_object_node", "listed", "one_kind", "tagged"]

ANYTHING: Final = "google.protobuf.Value"
_NON_FINITE: Final = {"NaN", "Infinity", "-Infinity"}


def listed(node: Node, hint: str) -> Value | None:
    """A value of a list: `enum` or `const`; None for a schema without them."""
    if "const" in node.keys:
        return _of([(node.keys["const"], "")], node, hint)
    values = node.keys.get("enum")
    return _of([(value, "") for value in list_of(values)], node, hint) if list_of(values) else None


def choices_of_texts(nodes: Sequence[Node], hint: str, name: str) -> Value | None:
    """An enum whose values are described one by one, as schemars and Zod write it; None for anything else."""
    values: list[tuple[Any, str]] = []
    for node in nodes:
        own = [node.keys["const"]] if "const" in node.keys else list_of(node.keys.get("enum"))
        if not own or not all(isinstance(value, str) for value in own):
            return None
        values += [(value, node.description) for value in own]
    return _of(values, Node({"type": "string"}, "", name=name), hint)


def _of(values: Sequence[tuple[Any, str]], node: Node, hint: str) -> Value:
    plain = [value for value, _ in values]
    if all(isinstance(value, str) for value in plain):
        return _texts([(str(value), note) for value, note in values], node, hint)
    if all(isinstance(value, bool) for value in plain):
        return Value("bool", rules={"bool": {"const": plain[0]}} if len(set(plain)) == 1 else {})
    if all(isinstance(value, int) and not isinstance(value, bool) for value in plain):
        limits = {**node.keys, "type": "integer", "minimum": min(plain), "maximum": max(plain)}
        found = scalar(Node(limits, node.path)) or Value("int64")
        rule = {"const": plain[0]} if len(plain) == 1 else {"in": plain}
        return Value(found.type, rules={str(found.type): rule}, long_number=found.long_number)
    if plain == [None]:
        return Value("google.protobuf.NullValue")
    return Value(ANYTHING, problems=["values of several types are listed"])


def _texts(values: Sequence[tuple[str, str]], node: Node, hint: str) -> Value:
    if len(values) == 1:
        return Value("string", rules={"string": {"const": values[0][0]}})
    wanted = pascal(node.name) or pascal(hint) or "Choice"
    if not _can_be_enum([name for name, _ in values], wanted):
        return Value("string", rules={"string": {"in": [name for name, _ in values]}})
    if values[0][0].endswith("_UNSPECIFIED"):
        return Value(DraftEnum(wanted, list(values), node.description))
    prefix = "_".join(word.upper() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", wanted))
    zero = (f"{prefix}_UNSPECIFIED", "Not a value: 0 has to have a name.")
    return Value(DraftEnum(wanted, [zero, *values], node.description), rules={"enum": {"not_in": [0]}})


def _can_be_enum(names: Sequence[str], enum: str) -> bool:
    """protoc wants values that differ by more than case, underscores and the name of the enum in front."""
    prefix = enum.lower()
    plain = [name.replace("_", "").lower().removeprefix(prefix) for name in names]
    return (
        all(map(is_identifier, names)) and all(plain) and len({*plain, "unspecified"}) >= len(plain) == len(set(plain))
    )


def enum_rule(enum: DraftEnum) -> Rules:
    """The same values as a rule for a string, for an enum whose names are taken."""
    first = enum.values[0][1] == "Not a value: 0 has to have a name."
    return {"string": {"in": [name for name, _ in enum.values[first:]]}}


def is_object_node(node: Node) -> bool:
    """Whether a choice is an object with named members."""
    return node.kind == "object" and bool(node.properties())


def tagged(nodes: Sequence[Node]) -> bool:
    """Whether each choice is an object with one member of its own: a oneof, as serde writes its enums."""
    names = [list(node.properties()) for node in nodes]
    single = all(len(own) == 1 and set(own) == node.required() for own, node in zip(names, nodes, strict=True))
    return single and len({own[0] for own in names}) == len(names)


def one_kind(nodes: Sequence[Node]) -> Value | None:
    """Choices that are one scalar in the end: our floats, and numbers or strings under several rules."""
    kinds = {node.kind for node in nodes}
    numbers = [node for node in nodes if node.kind == "number"]
    rest = [node for node in nodes if node.kind != "number"]
    if len(numbers) == 1 and len(rest) == 1 and set(rest[0].keys.get("enum", ())) == _NON_FINITE:
        return float_of(numbers[0], finite=False)
    if kinds == {"string"}:
        return Value("string", problems=["it is one of several kinds of string"])
    if kinds <= {"number", "integer"} and kinds:
        return Value("double", rules={"double": {"finite": True}}, problems=["it is one of several kinds of number"])
    return None
