"""Rules of numbers as keywords; those of 64 bits that are strings get the pattern of the range that is left."""

from __future__ import annotations

import math
import struct
from typing import Any, Final

from iii_bridge.contract.rules import Bound, NumberRules
from iii_bridge.contract.scalars import INTEGER_RANGES, shortest_float
from iii_codegen.emit.jsonschema.patterns import integer_any_pattern, integer_pattern
from iii_codegen.emit.jsonschema.values import Shape

__all__ = ["EXACT", "float_rules", "integer_rules", "lets_through"]

EXACT: Final = 2**53
"""Beyond it, integers that differ are one number to validators in JavaScript."""
_SPECIAL: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def integer_rules(shape: Shape, rules: NumberRules, kind: str, wide: bool) -> Shape:
    """The schema of an integer, or the names of a map with integer keys. `kind` is the name of the type."""
    found: list[Shape] = []
    for choice in shape.get("anyOf", [shape]):
        found += _numbers(rules, kind) if choice["type"] == "integer" else _texts(rules, kind, wide)
    return _one_of(found)


def _one_of(choices: list[Shape]) -> Shape:
    if len(choices) == 1:
        return choices[0]
    return {"anyOf": choices} if choices else {"not": {}}


def _numbers(rules: NumberRules, kind: str) -> list[Shape]:
    listed, ranges = _listed(rules), _ranges(rules, kind)
    if listed is not None:
        known = [value for value in listed if any(low <= value <= high for low, high in ranges)]
        if all(abs(value) <= EXACT for value in known):
            return [{"type": "integer", "enum": known}] if known else []
        ranges = [(min(known), max(known))]
    none_of = [value for value in dict.fromkeys(rules.none_of) if abs(value) <= EXACT]
    refused: Shape = {"not": {"enum": none_of}} if none_of else {}
    return [{"type": "integer", "minimum": low, "maximum": high, **refused} for low, high in ranges]


def _texts(rules: NumberRules, kind: str, wide: bool) -> list[Shape]:
    """As strings: what is printed can be listed, what is read has many spellings and keeps to a range."""
    listed, ranges = _listed(rules), _ranges(rules, kind)
    if listed is not None:
        known = [value for value in listed if any(low <= value <= high for low, high in ranges)]
        if not wide:
            return [{"type": "string", "enum": [str(value) for value in known]}] if known else []
        ranges = [(min(known), max(known))] if known else []
    refused: Shape = {}
    if rules.none_of and not wide:
        refused = {"not": {"enum": [str(value) for value in dict.fromkeys(rules.none_of)]}}
    write = integer_any_pattern if wide else integer_pattern
    return [{"type": "string", "pattern": write(low, high), **refused} for low, high in ranges]


def _listed(rules: NumberRules) -> list[Any] | None:
    """The only values there are, where the rules list them."""
    values = (rules.const,) if rules.const is not None else rules.one_of
    if not values:
        return None
    allowed = [value for value in values if not rules.one_of or value in rules.one_of]
    return [value for value in dict.fromkeys(allowed) if value not in rules.none_of]


def _ranges(rules: NumberRules, kind: str) -> list[tuple[int, int]]:
    """The integers that the bounds leave: one range, or two around what is left out."""
    least, most = INTEGER_RANGES[
        "int" + kind[-2:] if kind[0] == "s" else "uint" + kind[-2:] if kind[0] == "f" else kind
    ]
    low = least if rules.lower is None else int(rules.lower.value) + (not rules.lower.inclusive)
    high = most if rules.upper is None else int(rules.upper.value) - (not rules.upper.inclusive)
    ranges = [(least, high), (low, most)] if rules.excludes_between else [(max(low, least), min(high, most))]
    return [(first, last) for first, last in ranges if first <= last]


# --- floats ----------------------------------------------------------------------------------------------------------


def float_rules(shape: Shape, rules: NumberRules, kind: str, wide: bool) -> Shape:
    """The schema of a float or a double; strings stand for what is no number, and for any number that is read."""
    found: list[Shape] = []
    for choice in shape["anyOf"]:
        if choice["type"] == "number":
            found += _floats(choice, rules, narrow=kind == "float", wide=wide)
        elif wide:
            found.append(choice)
        else:
            allowed = [text for text in choice["enum"] if lets_through(rules, _SPECIAL[text])]
            found += [{"type": "string", "enum": allowed}] if allowed else []
    return _one_of(found)


def lets_through(rules: NumberRules, value: float) -> bool:
    """Whether a number follows its rules, NaN and the infinities among them."""
    listed = _listed(rules)
    if (
        (rules.finite and not math.isfinite(value))
        or (listed is not None and value not in listed)
        or value in rules.none_of
    ):
        return False
    checks = [_above(rules.lower, value)] if rules.lower else []
    checks += [_below(rules.upper, value)] if rules.upper else []
    return any(checks) if rules.excludes_between else all(checks)


def _above(bound: Bound, value: float) -> bool:
    return value >= bound.value if bound.inclusive else value > bound.value


def _below(bound: Bound, value: float) -> bool:
    return value <= bound.value if bound.inclusive else value < bound.value


def _floats(choice: Shape, rules: NumberRules, *, narrow: bool, wide: bool) -> list[Shape]:
    """Of 32 bits, what is printed is the shortest text of a value, and what is read is any text that rounds to one."""
    listed = _listed(rules)
    loose = narrow and wide
    if listed is not None:
        finite = [value for value in listed if math.isfinite(value)]
        if not loose:
            return [{"type": "number", "enum": [shortest_float(v) if narrow else v for v in finite]}] if finite else []
        return [_bounded(choice, Bound(min(finite), True), Bound(max(finite), True), narrow, wide)] if finite else []
    refused: Shape = {}
    numbers = [shortest_float(v) if narrow else v for v in dict.fromkeys(rules.none_of) if math.isfinite(v)]
    if numbers and not loose:
        refused = {"not": {"enum": numbers}}
    pairs = [(None, rules.upper), (rules.lower, None)] if rules.excludes_between else [(rules.lower, rules.upper)]
    return [{**_bounded(choice, low, high, narrow, wide), **refused} for low, high in pairs]


def _bounded(choice: Shape, low: Bound | None, high: Bound | None, narrow: bool, wide: bool) -> Shape:
    result = dict(choice)
    for bound, limit, side in ((low, "inimum", -1), (high, "aximum", 1)):
        if bound is None or not math.isfinite(bound.value):
            continue
        value, inclusive = float(bound.value), bound.inclusive
        if narrow:
            value = _neighbour(value, side) if wide else shortest_float(value)
            inclusive = inclusive and not wide
        known = [name for name in (f"m{limit}", f"exclusiveM{limit}") if name in result]
        if any((result[name] >= value) if side < 0 else (result[name] <= value) for name in known):
            continue
        for name in known:
            del result[name]
        result[f"m{limit}" if inclusive else f"exclusiveM{limit}"] = value
    return result


def _neighbour(value: float, side: int) -> float:
    """The float of 32 bits before or behind: what lies between may be rounded to the value."""
    (bits,) = struct.unpack("<i", struct.pack("<f", value))
    if value == 0.0:
        return math.copysign(1.401298464324817e-45, side)
    (found,) = struct.unpack("<f", struct.pack("<i", bits + (side if value > 0 else -side)))
    return float(found)
