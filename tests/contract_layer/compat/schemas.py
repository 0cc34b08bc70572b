"""Random schemas, documents that fit them, and two outside validators."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

Schema = dict[str, Any]

NAMES = ("a", "b", "c", "kind")
PATTERNS = ("^[a-z]+$", "^[a-z0-9]*$", "^-?[0-9]{1,3}$", "b", "^(?:x|yy)$")
ENUMS = (["A", "B"], ["A"], ["A", "B", 1], [None, "A"], [1, 2, 3], [{"a": 1}], [True])


def valid(schema: Any, document: Any) -> bool:
    """What two validators say that have nothing in common; it is an error when they differ."""
    fast = jsonschema_rs.validator_for(schema).is_valid(document)
    slow = Draft202012Validator(schema).is_valid(document) if _is_2020_12(schema) else fast
    assert fast == slow, (schema, document)
    return fast


def _is_2020_12(schema: Any) -> bool:
    return not (isinstance(schema, dict) and "draft-07" in str(schema.get("$schema")))


def numbers() -> st.SearchStrategy[Schema]:
    limits = st.dictionaries(
        st.sampled_from(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")),
        st.sampled_from((-2, 0, 1, 2.5, 10, 2**31)),
        max_size=2,
    )
    steps = st.sampled_from(({}, {}, {"multipleOf": 1}, {"multipleOf": 2}, {"multipleOf": 0.5}))
    kinds = st.sampled_from(("integer", "number"))
    return st.builds(lambda kind, some, step: {"type": kind, **some, **step}, kinds, limits, steps)


def strings() -> st.SearchStrategy[Schema]:
    parts = st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={
            "minLength": st.integers(0, 3),
            "maxLength": st.integers(0, 4),
            "pattern": st.sampled_from(PATTERNS),
        },
    )
    return st.one_of(parts, st.sampled_from(ENUMS).map(lambda values: {"enum": values}))


def arrays(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    return st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner},
        optional={
            "minItems": st.integers(0, 2),
            "maxItems": st.integers(0, 3),
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "uniqueItems": st.booleans(),
        },
    )


def objects(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    names = st.sampled_from(NAMES)
    some = st.lists(names, max_size=3, unique=True)
    exclusive = st.sampled_from((["a", "b"], ["b", "c"])).map(lambda pair: {"anyOf": [{"required": pair}]})
    return st.fixed_dictionaries(
        {"type": st.just("object")},
        optional={
            "properties": st.dictionaries(names, inner, min_size=1, max_size=3),
            "required": some,
            "additionalProperties": st.one_of(st.booleans(), inner),
            "patternProperties": st.dictionaries(st.sampled_from(("^[ab]$", "^x")), inner, max_size=1),
            "propertyNames": st.sampled_from(({"enum": ["a", "b", "x1"]}, {"pattern": "^[a-z]"}, {"maxLength": 3})),
            "not": exclusive,
            "minProperties": st.integers(0, 2),
            "maxProperties": st.integers(0, 4),
        },
    )


def choices(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        several.map(lambda items: {"anyOf": items}),
        several.map(lambda items: {"oneOf": items}),
        st.lists(inner, min_size=2, max_size=2).map(lambda items: {"allOf": items}),
        inner.map(lambda item: {"anyOf": [item, {"type": "null"}]}),
        inner.map(lambda item: {"not": item}),
        st.tuples(inner, inner).map(lambda pair: {"if": pair[0], "then": pair[1]}),
    )


def schemas() -> st.SearchStrategy[Schema]:
    """Schemas of every construct the comparison reads, and a few it does not; with a definition that recurs."""
    leaves: st.SearchStrategy[Schema] = st.one_of(
        numbers(),
        strings(),
        st.sampled_from(({"type": "null"}, {"type": "boolean"}, {"type": ["string", "null"]}, {}, {"const": "A"})),
        st.just({"$ref": "#/$defs/Node"}),
    )
    inner = st.recursive(
        leaves, lambda below: st.one_of(objects(below), objects(below), arrays(below), choices(below)), max_leaves=6
    )
    node = objects(inner)
    return st.tuples(inner, node).map(lambda pair: {**pair[0], "$defs": {"Node": pair[1]}})


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from((-3, -1, 0, 1, 2, 3, 10, 11, 0.5, 2.5, 1.0, 2**31, 2**40)),
    st.sampled_from(("", "a", "b", "A", "B", "x", "yy", "12", "-5", "1234", "abcde", "x1", "ABC")),
)


def documents() -> st.SearchStrategy[Any]:
    """Small documents, of the values and names the schemas speak of."""
    names = st.sampled_from((*NAMES, "x1", "other"))
    return st.recursive(
        SCALARS,
        lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(names, below, max_size=4)),
        max_leaves=6,
    )


def fitting(schema: Schema) -> st.SearchStrategy[Any]:
    """Documents made after a schema, as a producer makes them: members it does not describe are not sent.

    Not all are valid: what stands below `not`, `oneOf` and the like is not followed.
    """
    return _Maker(schema).of(schema, 0)


class _Maker:
    def __init__(self, root: Schema) -> None:
        self._root = root

    def of(self, raw: Any, depth: int) -> st.SearchStrategy[Any]:
        if not isinstance(raw, dict) or depth > 4:
            return SCALARS
        if "$ref" in raw:
            return self.of(self._root["$defs"]["Node"], depth + 1)
        if "enum" in raw or "const" in raw:
            return st.sampled_from(raw.get("enum", [raw.get("const")]))
        for keyword in ("anyOf", "oneOf", "allOf"):
            if keyword in raw:
                return st.one_of([self.of(item, depth) for item in raw[keyword]])
        match raw.get("type"):
            case "object":
                return self._object(raw, depth)
            case "array":
                items = [self.of(item, depth + 1) for item in raw.get("prefixItems", ())]
                rest = st.lists(self.of(raw["items"], depth + 1), max_size=3)
                return st.tuples(st.tuples(*items), rest).map(lambda pair: [*pair[0], *pair[1]])
            case None:
                return documents()
            case _:
                return SCALARS

    def _object(self, raw: Schema, depth: int) -> st.SearchStrategy[Any]:
        known = {name: self.of(item, depth + 1) for name, item in raw.get("properties", {}).items()}
        required = {name: known[name] for name in raw.get("required", ()) if name in known}
        optional = {name: made for name, made in known.items() if name not in required}
        named = st.fixed_dictionaries(required, optional=optional)
        described = bool(known) or bool(raw.get("patternProperties"))
        others: list[st.SearchStrategy[Any]] = [st.just({})]
        for pattern, item in raw.get("patternProperties", {}).items():
            names = ("a", "b") if "ab" in pattern else ("x1", "x2")
            others.append(st.dictionaries(st.sampled_from(names), self.of(item, depth + 1), max_size=2))
        if raw.get("additionalProperties", not described) is not False:
            item = raw.get("additionalProperties", True)
            free = st.sampled_from(("a", "b", "c", "kind", "x1", "other"))
            others.append(st.dictionaries(free, self.of(item, depth + 1), max_size=3))
        return st.tuples(st.one_of(others), named).map(lambda pair: {**pair[0], **pair[1]})


def same_json(document: Any) -> Any:
    """As it is after a trip over the wire."""
    return json.loads(json.dumps(document))
