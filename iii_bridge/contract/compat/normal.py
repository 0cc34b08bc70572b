"""From schemas to branches: keywords read, references followed, combinations multiplied out."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from iii_bridge.contract.compat.branches import (
    Arrays,
    Bound,
    Branch,
    Conditions,
    Facts,
    Members,
    Numbers,
    Objects,
    Strings,
    Unjudged,
    Values,
    meet,
)
from iii_bridge.contract.compat.document import (
    ANYTHING,
    Document,
    Key,
    Part,
    Schema,
    as_object,
    key_of,
    list_of,
    text_of,
)
from iii_bridge.contract.compat.evaluate import evaluate, is_number, json_type, same
from iii_bridge.contract.compat.presence import Clause, clauses_of, negated_clauses, positive_clauses
from iii_bridge.types import Json

__all__ = ["Normal"]

_MOST_BRANCHES: Final = 256
_TYPES: Final = ("null", "boolean", "number", "string", "array", "object")
_ANYTHING: Final = (
    Branch(Values((None,))),
    Branch(Values((False, True))),
    Branch(Numbers()),
    Branch(Strings()),
    Branch(Arrays()),
    Branch(Objects()),
)


class Normal:
    """Normal forms for one comparison; remembers those it made."""

    def __init__(self) -> None:
        self._known: dict[Key, tuple[Branch, ...]] = {}

    def branches(self, schema: Schema) -> tuple[Branch, ...]:
        """What the schema accepts; none when it accepts nothing."""
        key = key_of(schema)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = tuple(_sorted_out(schema, _expand(schema, frozenset())))
        return known

    def never(self, schema: Schema) -> bool:
        """Whether the schema is known to accept nothing."""
        return not self.branches(schema)


def _sorted_out(schema: Schema, branches: list[Branch]) -> list[Branch]:
    """One branch of values, those the whole schema accepts, before the others."""
    values: list[Json] = []
    for branch in branches:
        for value in branch.facts.values if isinstance(branch.facts, Values) else ():
            if evaluate(schema, value) is not False and not any(same(value, known) for known in values):
                values.append(value)
    others = [branch for branch in branches if not isinstance(branch.facts, Values) and not _empty(branch)]
    return [Branch(Values(tuple(values))), *others] if values else others


def _empty(branch: Branch) -> bool:
    match branch.facts:
        case Numbers(low=(low, without_low), high=(high, without_high)):
            return low > high or (low == high and (without_low or without_high))
        case (
            Strings(least=least, most=int(most))
            | Arrays(least=least, most=int(most))
            | Objects(least=least, most=int(most))
        ):
            return least > most
        case _:
            return False


def _expand(schema: Schema, trail: Key) -> list[Branch]:
    found = list(_ANYTHING)
    for part in schema:
        found = _limited(part, _met(found, _expand_part(part, trail)))
    return found


def _met(left: list[Branch], right: list[Branch]) -> list[Branch]:
    return list(meet(left, right))


def _limited(part: Part, branches: list[Branch]) -> list[Branch]:
    """Past a number of branches nothing is multiplied out any more."""
    return branches if len(branches) <= _MOST_BRANCHES else _unread(part, "anyOf", part.raw)


def _unread(part: Part, keyword: str, raw: Json) -> list[Branch]:
    conditions = Conditions(unjudged=(Unjudged(keyword, part.document, text_of(raw)),))
    return [branch.under(conditions) for branch in _ANYTHING]


def _expand_part(part: Part, trail: Key) -> list[Branch]:
    raw = as_object(part.raw)
    if raw is None:
        if isinstance(part.raw, bool):
            return list(_ANYTHING) if part.raw else []
        return _unread(part, "schema", part.raw)
    if part in trail:
        return _unread(part, "$ref", raw)
    inner = trail | {part}
    found = list(_ANYTHING)
    if "$ref" in raw:
        target = part.document.resolve(raw["$ref"])
        found = _unread(part, "$ref", {"$ref": raw["$ref"]}) if target is None else _expand(target, inner)
        if part.document.siblings_ignored:
            return found
    found = _met(found, _own(part.document, raw))
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword in raw:
            found = _limited(part, _combined(part, raw, keyword, found, inner))
    return _restricted(part, raw, found)


def _combined(part: Part, raw: Mapping[str, Any], keyword: str, found: list[Branch], trail: Key) -> list[Branch]:
    alternatives = [part.document.part(item) for item in list_of(raw[keyword])]
    if keyword == "allOf":
        for schema in alternatives:
            found = _limited(part, _met(found, _expand(schema, trail)))
        return found
    clauses = positive_clauses(raw[keyword])
    if clauses is not None:
        names = [name for clause in clauses for name, _ in clause]
        if keyword == "oneOf":
            clauses += [frozenset({(a, False), (b, False)}) for i, a in enumerate(names) for b in names[i + 1 :]]
        return [_with_clauses(branch, clauses, only_objects=keyword == "oneOf" and len(names) > 1) for branch in found]
    chosen = [branch for schema in alternatives for branch in _expand(schema, trail)]
    met = _met(found, chosen)
    if keyword == "oneOf" and len(alternatives) > 1:
        met = [branch.under(Conditions(exact=(tuple(alternatives),))) for branch in met]
    return met


def _with_clauses(branch: Branch, clauses: list[Clause], *, only_objects: bool) -> Branch:
    """Names are about objects only: values of other kinds satisfy every choice, so that `oneOf` refuses them."""
    if isinstance(branch.facts, Objects):
        return Branch(_more_clauses(branch.facts, clauses), branch.conditions)
    return branch.under(Conditions(negated=(ANYTHING,))) if only_objects else branch


def _more_clauses(facts: Objects, clauses: list[Clause]) -> Objects:
    merged = tuple(dict.fromkeys((*facts.clauses, *clauses)))
    return Objects(facts.views, merged, facts.names, facts.least, facts.most)


def _restricted(part: Part, raw: Mapping[str, Any], found: list[Branch]) -> list[Branch]:
    if "not" in raw:
        found = _negated(part, raw["not"], found)
    unread = tuple(Unjudged(name, part.document, text_of({name: raw[name]})) for name in _unread_keywords(raw))
    return [branch.under(Conditions(unjudged=unread)) for branch in found] if unread else found


def _negated(part: Part, raw: Json, found: list[Branch]) -> list[Branch]:
    about_names = negated_clauses(raw)
    if about_names is None:
        return [branch.under(Conditions(negated=(part.document.part(raw),))) for branch in found]
    clauses, only_objects = about_names
    kept = [branch for branch in found if isinstance(branch.facts, Objects | Values) or not only_objects]
    return [_with_clauses(branch, clauses, only_objects=False) for branch in kept]


def _unread_keywords(raw: Mapping[str, Any]) -> list[str]:
    names = [name for name in _UNREAD if name in raw]
    if any(not isinstance(needed, list) for needed in (as_object(raw.get("dependencies")) or {}).values()):
        names.append("dependencies")
    if "unevaluatedProperties" in raw and any(name in raw for name in _IN_PLACE):
        names.append("unevaluatedProperties")
    return names


_UNREAD: Final = ("if", "contains", "dependentSchemas", "unevaluatedItems", "$dynamicRef", "$recursiveRef")
_IN_PLACE: Final = ("$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas")


def _own(document: Document, raw: Mapping[str, Any]) -> list[Branch]:
    """What the keywords of one schema object say themselves."""
    types = _types(raw)
    listed = [raw["const"]] if "const" in raw else list_of(raw["enum"]) if "enum" in raw else None
    if listed is not None:
        by_kind = {kind: [value for value in listed if json_type(value) == kind] for kind in _TYPES}
        return [Branch(Values(tuple(values))) for values in by_kind.values() if values]
    made: dict[str, Callable[[], Facts]] = {
        "null": lambda: Values((None,)),
        "boolean": lambda: Values((False, True)),
        "number": lambda: _numbers(raw, integer="number" not in types),
        "string": lambda: _strings(raw),
        "array": lambda: _arrays(document, raw),
        "object": lambda: _objects(document, raw),
    }
    wanted = {"number" if name == "integer" else name for name in types}
    return [Branch(make()) for kind, make in made.items() if kind in wanted]


def _types(raw: Mapping[str, Any]) -> set[str]:
    wanted = raw.get("type")
    if wanted is None:
        return set(_TYPES)
    names = {wanted} if isinstance(wanted, str) else {str(name) for name in list_of(wanted)}
    return names | {"null"} if raw.get("nullable") is True else names


def _numbers(raw: Mapping[str, Any], *, integer: bool) -> Numbers:
    return Numbers(
        integer,
        _bound(raw.get("minimum"), raw.get("exclusiveMinimum"), 1),
        _bound(raw.get("maximum"), raw.get("exclusiveMaximum"), -1),
        (raw["multipleOf"],) if is_number(raw.get("multipleOf")) else (),
        _format(raw),
    )


def _bound(limit: Json, excluded: Json, sign: int) -> Bound | None:
    """One limit out of both keywords; before draft-06 the second was a boolean."""
    bounds: list[Bound] = []
    if is_number(limit):
        bounds.append((limit, excluded is True))
    if is_number(excluded):
        bounds.append((excluded, True))
    real = [bound for bound in bounds if abs(bound[0]) < sys.float_info.max]  # beyond there are no numbers to refuse
    return max(real, key=lambda bound: (sign * bound[0], bound[1]), default=None)


def _format(raw: Mapping[str, Any]) -> frozenset[str]:
    return frozenset({raw["format"]}) if isinstance(raw.get("format"), str) else frozenset()


def _count(value: Json) -> int | None:
    return int(value) if is_number(value) and math.isfinite(value) else None


def _strings(raw: Mapping[str, Any]) -> Strings:
    patterns = frozenset({raw["pattern"]}) if isinstance(raw.get("pattern"), str) else frozenset[str]()
    return Strings(_count(raw.get("minLength")) or 0, _count(raw.get("maxLength")), patterns, _format(raw))


def _arrays(document: Document, raw: Mapping[str, Any]) -> Arrays:
    items = raw.get("items", True)
    tuple_form = isinstance(items, list)
    prefix = list_of(raw.get("prefixItems")) or (cast("list[Any]", items) if tuple_form else [])
    rest = raw.get("additionalItems", True) if tuple_form else items
    return Arrays(
        tuple(document.part(item) for item in prefix),
        document.part(rest),
        _count(raw.get("minItems")) or 0,
        _count(raw.get("maxItems")),
        raw.get("uniqueItems") is True,
    )


def _objects(document: Document, raw: Mapping[str, Any]) -> Objects:
    additional = raw.get("additionalProperties")
    if additional is None and not any(name in raw for name in _IN_PLACE):
        additional = raw.get("unevaluatedProperties")
    properties, patterns = as_object(raw.get("properties")) or {}, as_object(raw.get("patternProperties")) or {}
    others = None if additional is None else document.part(additional)
    said = bool(properties or patterns or others)
    return Objects(
        (Members(Part(document, raw), properties, patterns, others),) if said else (),
        tuple(clauses_of(raw)),
        document.part(raw["propertyNames"]) if "propertyNames" in raw else ANYTHING,
        _count(raw.get("minProperties")) or 0,
        _count(raw.get("maxProperties")),
    )
