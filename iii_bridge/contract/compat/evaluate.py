"""Whether a document is valid under a schema, with a third answer for what cannot be told.

Kept small and separate from the comparison on purpose: no finding is called
incompatible before this module has seen its witness accepted by one schema and
refused by the other. `format` and the content keywords are annotations here,
as both dialects have it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Final

from iii_bridge.contract.compat.document import Document, Part, Schema, as_object, is_array, is_object, list_of, text_of
from iii_bridge.contract.compat.patterns import matches
from iii_bridge.types import Json

__all__ = ["evaluate", "is_number", "json_type", "multiple_of", "same"]

Answer = bool | None

_DEEPEST: Final = 64


def is_number(value: Json) -> bool:
    """Whether a value is a JSON number; booleans are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def json_type(value: Json) -> str:
    """`null`, `boolean`, `number`, `string`, `array` or `object`."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def same(one: Json, other: Json) -> bool:
    """Equality of JSON: 1 and 1.0 are the same, 1 and true are not."""
    if is_number(one) and is_number(other):
        return bool(one == other)
    if json_type(one) != json_type(other):
        return False
    if is_array(one) and is_array(other):
        return len(one) == len(other) and all(map(same, one, other))
    if is_object(one) and is_object(other):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return bool(one == other)


def multiple_of(value: Json, divisor: Json) -> bool:
    """Whether a number is a whole multiple, in decimal arithmetic; False for what is no divisor."""
    if not (is_number(divisor) and divisor > 0):
        return False
    try:
        return Fraction(repr(value)) % Fraction(repr(divisor)) == 0
    except ValueError:
        return False


def evaluate(schema: Schema, value: Json, depth: int = 0) -> Answer:
    """True for valid, False for invalid, None where a keyword or an expression cannot be judged."""
    return _all(_part(part, value, depth) for part in schema)


def _all(answers: Iterable[Answer]) -> Answer:
    unknown = False
    for answer in answers:
        if answer is False:
            return False
        unknown = unknown or answer is None
    return None if unknown else True


def _any(answers: Iterable[Answer]) -> Answer:
    return _not(_all(_not(answer) for answer in answers))


def _not(answer: Answer) -> Answer:
    return None if answer is None else not answer


def _part(part: Part, value: Json, depth: int) -> Answer:
    raw = as_object(part.raw)
    if raw is None:
        return part.raw if isinstance(part.raw, bool) else None
    if depth > _DEEPEST:
        return None
    if "$ref" in raw:
        target = part.document.resolve(raw["$ref"])
        answer = None if target is None else evaluate(target, value, depth + 1)
        if part.document.siblings_ignored or answer is False:
            return answer
        return _all((answer, _keywords(part.document, raw, value, depth)))
    return _keywords(part.document, raw, value, depth)


def _keywords(document: Document, raw: Any, value: Json, depth: int) -> Answer:
    if any(keyword in raw for keyword in _UNJUDGED):
        return None
    checks = (*_GENERAL, *_BY_TYPE.get(json_type(value), ()))
    return _all(check(document, raw, value, depth + 1) for check in checks)


_UNJUDGED: Final = ("$dynamicRef", "$recursiveRef", "unevaluatedItems")


def _type(document: Document, raw: Any, value: Json, depth: int) -> Answer:
    wanted = raw.get("type")
    if wanted is None:
        return True
    names = [wanted] if isinstance(wanted, str) else list_of(wanted)
    own = json_type(value)
    whole = own == "number" and (isinstance(value, int) or float(value).is_integer())
    return own in names or (whole and "integer" in names) or (own == "null" and raw.get("nullable") is True)


def _values(document: Document, raw: Any, value: Json, depth: int) -> Answer:
    if "const" in raw and not same(raw["const"], value):
        return False
    return "enum" not in raw or any(same(item, value) for item in list_of(raw["enum"]))


def _applied(document: Document, raw: Any, value: Json, depth: int) -> Answer:
    def answers(keyword: str) -> list[Answer]:
        return [evaluate(document.part(item), value, depth) for item in list_of(raw[keyword])]

    found: list[Answer] = []
    if "allOf" in raw:
        found.append(_all(answers("allOf")))
    if "anyOf" in raw:
        found.append(_any(answers("anyOf")))
    if "oneOf" in raw:
        found.append(_exactly_one(answers("oneOf")))
    if "not" in raw:
        found.append(_not(evaluate(document.part(raw["not"]), value, depth)))
    if "if" in raw:
        found.append(_conditional(document, raw, value, depth))
    return _all(found)


def _exactly_one(answers: list[Answer]) -> Answer:
    certain = answers.count(True)
    if certain > 1:
        return False
    return None if None in answers else certain == 1


def _conditional(document: Document, raw: Any, value: Json, depth: int) -> Answer:
    condition = evaluate(document.part(raw["if"]), value, depth)
    then = evaluate(document.part(raw.get("then", True)), value, depth)
    otherwise = evaluate(document.part(raw.get("else", True)), value, depth)
    if condition is None:
        return then if then is otherwise else None
    return then if condition else otherwise


def _number(document: Document, raw: Any, value: Json, depth: int) -> Answer:
    least, most = raw.get("minimum"), raw.get("maximum")
    above, below = raw.get("exclusiveMinimum"), raw.get("exclusiveMaximum")
    if is_number(least) and (value < least or (above is True and value == least)):
        return False
    if is_number(most) and (value > most or (below is True and value == most)):
        return False
    if (is_number(above) and value <= above) or (is_number(below) and value >= below):
        return False
    return "multipleOf" not in raw or multiple_of(value, raw["multipleOf"])


def _string(document: Document, raw: Any, value: Json, depth: int) -> Answer:
    if not _within(len(value), raw.get("minLength"), raw.get("maxLength")):
        return False
    return matches(raw["pattern"], value) if isinstance(raw.get("pattern"), str) else True


def _within(count: int, least: Any, most: Any) -> bool:
    return not ((is_number(least) and count < least) or (is_number(most) and count > most))


def _array(document: Document, raw: Any, value: Json, depth: int) -> Answer:
    if not _within(len(value), raw.get("minItems"), raw.get("maxItems")):
        return False
    if raw.get("uniqueItems") is True and len({_identity(item) for item in value}) < len(value):
        return False
    prefix = list_of(raw.get("prefixItems")) or list_of(raw.get("items"))
    rest = raw.get("additionalItems", True) if isinstance(raw.get("items"), list) else raw.get("items", True)
    schemas = [*prefix, *([rest] * (len(value) - len(prefix)))]
    found = [evaluate(document.part(raw_item), item, depth) for raw_item, item in zip(schemas, value, strict=False)]
    if "contains" in raw:
        found.append(_contains(document, raw, value, depth))
    return _all(found)


def _identity(value: Json) -> str:
    """The same text for what `same` calls the same."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if is_array(value):
        return "[" + ",".join(map(_identity, value)) + "]"
    if is_object(value):
        members = sorted(value.items())
        return "{" + ",".join(f"{text_of(name)}:{_identity(item)}" for name, item in members) + "}"
    return text_of(value)


def _contains(document: Document, raw: Any, value: Json, depth: int) -> Answer:
    answers = [evaluate(document.part(raw["contains"]), item, depth) for item in value]
    certain, possible = answers.count(True), answers.count(True) + answers.count(None)
    least, most = raw.get("minContains", 1), raw.get("maxContains", len(answers))
    if possible < least or certain > most:
        return False
    return None if None in answers else True


def _object(document: Document, raw: Any, value: Json, depth: int) -> Answer:
    if not _within(len(value), raw.get("minProperties"), raw.get("maxProperties")):
        return False
    if any(name not in value for name in list_of(raw.get("required"))):
        return False
    found: list[Answer] = [_member(document, raw, name, item, depth) for name, item in value.items()]
    if "propertyNames" in raw:
        found += [evaluate(document.part(raw["propertyNames"]), name, depth) for name in value]
    return _all(found)


def _member(document: Document, raw: Any, name: str, item: Json, depth: int) -> Answer:
    properties = as_object(raw.get("properties")) or {}
    found: list[Answer] = []
    described: Answer = False
    if name in properties:
        described = True
        found.append(evaluate(document.part(properties[name]), item, depth))
    for pattern, inner in (as_object(raw.get("patternProperties")) or {}).items():
        hit = matches(pattern, name)
        answer = evaluate(document.part(inner), item, depth)
        if hit is None and answer is not True:
            found.append(None)
        elif hit:
            found.append(answer)
        described = described if hit is False else described or hit
    if "additionalProperties" in raw and described is not True:
        answer = evaluate(document.part(raw["additionalProperties"]), item, depth)
        found.append(None if described is None and answer is not True else answer)
    return _all(found)


def _dependencies(document: Document, raw: Any, value: Json, depth: int) -> Answer:
    found: list[Answer] = []
    for keyword in ("dependentRequired", "dependentSchemas", "dependencies"):
        for name, wanted in (as_object(raw.get(keyword)) or {}).items():
            if name not in value:
                continue
            if is_array(wanted):
                found.append(all(other in value for other in wanted))
            else:
                found.append(evaluate(document.part(wanted), value, depth))
    return _all(found)


def _unevaluated(document: Document, raw: Any, value: Json, depth: int) -> Answer:
    """Beside nothing that applies in place it is `additionalProperties` by another name; else it is not judged."""
    if "unevaluatedProperties" not in raw:
        return True
    if any(keyword in raw for keyword in ("allOf", "anyOf", "oneOf", "if", "$ref", "dependentSchemas")):
        return None
    as_additional = {"properties": raw.get("properties", {}), "patternProperties": raw.get("patternProperties", {})}
    if "additionalProperties" in raw:
        return True
    as_additional["additionalProperties"] = raw["unevaluatedProperties"]
    return _all(_member(document, as_additional, name, item, depth) for name, item in value.items())


_Check = Callable[[Document, Any, Json, int], Answer]
_GENERAL: Final[tuple[_Check, ...]] = (_type, _values, _applied)
_BY_TYPE: Final[dict[str, tuple[_Check, ...]]] = {
    "number": (_number,),
    "string": (_string,),
    "array": (_array,),
    "object": (_object, _dependencies, _unevaluated),
}
