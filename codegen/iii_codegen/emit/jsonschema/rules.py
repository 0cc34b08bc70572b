"""Validation rules as keywords: what a schema can say of them, never more than the codec lets through.

A rule that has no keyword is left out, so a schema may accept what the codec
refuses, and not the other way round. `docs/reference/schemas.md` lists them.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any, Final

from iii_bridge.contract.rules import (
    AnyRules,
    BoolRules,
    BytesRules,
    EnumRules,
    FieldRules,
    Ignore,
    MapRules,
    NumberRules,
    RepeatedRules,
    Size,
    StringRules,
)
from iii_codegen.emit.jsonschema.rule_numbers import EXACT, float_rules, integer_rules, lets_through
from iii_codegen.emit.jsonschema.rule_texts import text_rules
from iii_codegen.emit.jsonschema.values import Shape, View
from iii_codegen.model.nodes import Cardinality, Enum, Field, Kind

__all__ = ["with_rules"]

_FLOATS: Final = (Kind.FLOAT, Kind.DOUBLE)


def with_rules(shape: Shape, field: Field, view: View, enums: Mapping[str, Enum], *, grouped: bool = False) -> Shape:
    """The schema of a field, with what its rules say; null for unset is not part of it yet."""
    rules = field.rules
    if rules is None or rules.ignore is Ignore.ALWAYS:
        return shape
    enum = enums.get(field.element.type_name)
    lenient = rules.ignore is Ignore.ZERO or (grouped and not rules.ignore_is_written)
    if lenient and not field.explicit_presence:
        return shape  # the default value passes, and has more than one spelling
    if field.cardinality is Cardinality.REPEATED:
        return _repeated(shape, field.element.kind, rules, enum, view)
    if field.cardinality is Cardinality.MAP and field.key is not None:
        return _map(shape, field.key, rules, enum, view)
    shape = _value(shape, rules, enum, view)
    return _not_empty(shape, field.element.kind) if rules.required and not field.explicit_presence else shape


def _repeated(shape: Shape, kind: Kind, rules: FieldRules, enum: Enum | None, view: View) -> Shape:
    found = rules.value if isinstance(rules.value, RepeatedRules) else RepeatedRules()
    items = found.items or FieldRules()
    result = {**shape, "items": _item(shape["items"], items, enum, view)}
    result |= _sized(found.size, "Items", at_least=1 if rules.required else 0)
    if found.unique and not _may_look_alike(kind, items, result["items"]):
        result["uniqueItems"] = True
    return result


def _may_look_alike(kind: Kind, items: FieldRules, shape: Shape) -> bool:
    """Any number of NaN may stand in a list of unique items; large integers are one number to some validators."""
    if kind in _FLOATS:
        return not isinstance(items.value, NumberRules) or lets_through(items.value, math.nan)
    choices: list[Any] = shape.get("anyOf", [shape])
    return any(max(abs(choice.get("minimum", 0)), choice.get("maximum", 0)) > EXACT for choice in choices)


def _map(shape: Shape, key: Kind, rules: FieldRules, enum: Enum | None, view: View) -> Shape:
    found = rules.value if isinstance(rules.value, MapRules) else MapRules()
    result = {**shape, "additionalProperties": _item(shape["additionalProperties"], found.values, enum, view)}
    result |= _sized(found.size, "Properties", at_least=1 if rules.required else 0)
    keys = found.keys or FieldRules()
    anything: Shape = {"type": "string"}
    names = _item(shape.get("propertyNames", anything), keys, None, view)
    if key is Kind.BOOL and isinstance(keys.value, BoolRules) and keys.value.const is not None:
        names = {"type": "string", "enum": [str(keys.value.const).lower()]}
    return result if names == anything else {**result, "propertyNames": names}


def _item(shape: Shape, rules: FieldRules | None, enum: Enum | None, view: View) -> Shape:
    """Of an item, a key or a value of a map; those that are zero may pass unchecked."""
    if rules is None or rules.ignore is not Ignore.UNSET:
        return shape
    return _value(shape, rules, enum, view)


def _sized(size: Size, noun: str, at_least: int) -> Shape:
    least = max(size.least or 0, at_least)
    found: Shape = {f"min{noun}": least} if least else {}
    return found if size.most is None else {**found, f"max{noun}": size.most}


def _value(shape: Shape, rules: FieldRules, enum: Enum | None, view: View) -> Shape:
    match rules.value:
        case NumberRules() as found if rules.kind in ("float", "double"):
            return float_rules(shape, found, rules.kind, view.wide)
        case NumberRules() as found if rules.kind not in ("duration", "timestamp"):
            return integer_rules(shape, found, rules.kind, view.wide)
        case StringRules() as found:
            return text_rules(shape, found)
        case BytesRules() as found:
            return _bytes(shape, found, view)
        case BoolRules(const=bool(const)) if shape["type"] == "boolean":
            return {**shape, "const": const}
        case EnumRules() as found if enum is not None:
            return _enum(shape, found, enum)
        case AnyRules() as found:
            return _any(shape, found)
        case _:
            return shape


def _bytes(shape: Shape, rules: BytesRules, view: View) -> Shape:
    """Lengths, of the text that the bytes become; the bytes themselves only where there is one spelling."""
    result = dict(shape)
    sizes = {"ipv4": Size(4, 4), "ip": Size(4, 16), "ipv6": Size(16, 16), "uuid": Size(16, 16)}
    for size in (rules.length, sizes.get(rules.format, Size())):
        if size.least:
            shortest = -(-size.least * 8 // 6) if view.wide else -(-size.least // 3) * 4
            result["minLength"] = max(result.get("minLength", 0), shortest)
        if size.most is not None:
            result["maxLength"] = min(result.get("maxLength", 2**63), -(-size.most // 3) * 4)
    if not view.wide:
        allowed = [rules.const] if rules.const is not None else [*rules.one_of]
        if allowed:
            result["enum"] = [base64.b64encode(data).decode() for data in dict.fromkeys(allowed)]
    return result


def _enum(shape: Shape, rules: EnumRules, enum: Enum) -> Shape:
    """Fewer names, and numbers one by one where they are listed."""
    listed = rules.one_of or None if rules.const is None else (rules.const,)

    def allowed(number: int) -> bool:
        return (listed is None or number in listed) and number not in rules.none_of

    numbers = sorted({value.number for value in enum.values} if listed is None else set(listed))
    names = [value.name for value in enum.values if allowed(value.number)]
    choices: list[Any] = shape.get("anyOf", [shape])
    found: list[Shape] = []
    for choice in choices:
        if choice.get("type") == "string" and "enum" in choice:
            found += [{**choice, "enum": names}] if names else []
        elif choice.get("type") == "integer" and (listed is not None or rules.defined_only or "enum" in choice):
            known = [number for number in numbers if allowed(number) and number in choice.get("enum", numbers)]
            found += [{"type": "integer", "enum": known}] if known else []
        elif choice.get("type") == "integer" and rules.none_of:
            found.append({**choice, "not": {"enum": sorted(set(rules.none_of))}})
        else:
            found.append(choice)
    if not found:
        return {"not": {}}
    return found[0] if len(found) == 1 else {**shape, "anyOf": found}


def _any(shape: Shape, rules: AnyRules) -> Shape:
    checks: list[Shape] = []
    if rules.one_of:
        checks.append({"required": ["@type"], "properties": {"@type": {"enum": [*rules.one_of]}}})
    if rules.none_of:
        checks.append({"properties": {"@type": {"not": {"enum": [*rules.none_of]}}}})
    return {**shape, "allOf": checks} if checks else shape


def _not_empty(shape: Shape, kind: Kind) -> Shape:
    """Of a required field without presence, as far as there is one spelling of empty."""
    if kind in (Kind.STRING, Kind.BYTES):
        return {**shape, "minLength": max(1, shape.get("minLength", 0))}
    if kind is Kind.BOOL:
        return {**shape, "const": True}
    return shape
