"""Documents are judged as two outside validators judge them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from iii_bridge.contract.compat.document import Document
from iii_bridge.contract.compat.evaluate import evaluate
from tests.contract_layer.compat.schemas import documents, fitting, schemas, valid


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), schemas())
def test_a_document_is_judged_as_validators_do(data: st.DataObject, schema: Any) -> None:
    for document in data.draw(st.lists(st.one_of(documents(), fitting(schema)), min_size=5, max_size=5)):
        answer = evaluate(Document(schema).schema(), document)
        event(str(answer))
        assert answer is valid(schema, document)


DRAFT_07 = "http://json-schema.org/draft-07/schema#"
CASES = [  # what the random schemas do not hold
    ({"contains": {"const": 1}, "maxContains": 1}, [1, 2]),
    ({"contains": {"const": 1}, "maxContains": 1}, [1, 1.0]),
    ({"contains": {"const": 1}}, []),
    ({"if": {"type": "integer"}, "then": {"minimum": 3}, "else": {"type": "string"}}, 2),
    ({"if": {"type": "integer"}, "then": {"minimum": 3}, "else": {"type": "string"}}, "a"),
    ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1}),
    ({"$schema": DRAFT_07, "dependencies": {"a": {"required": ["b"]}}}, {"a": 1}),
    ({"$schema": DRAFT_07, "dependencies": {"a": ["b"]}}, {"a": 1, "b": 1}),
    ({"$schema": DRAFT_07, "items": [{"const": 1}], "additionalItems": False}, [1, 2]),
    ({"$schema": DRAFT_07, "definitions": {"A": {"const": 1}}, "$ref": "#/definitions/A", "type": "string"}, 1),
    ({"$ref": "#/$defs/A", "type": "string", "$defs": {"A": {"const": 1}}}, 1),
    ({"$ref": "#here", "$defs": {"A": {"$anchor": "here", "const": 1}}}, 1),
    ({"$ref": "#/$defs/a~1b%25", "$defs": {"a/b%": {"const": 1}}}, 2),
    ({"uniqueItems": True}, [{"a": 1}, {"a": 1.0}]),
    ({"properties": {"a": {}}, "unevaluatedProperties": False}, {"b": 1}),
    ({"multipleOf": 0.25}, 0.75),
    (False, 1),
]


@pytest.mark.parametrize(("schema", "document"), CASES)
def test_rarer_keywords(schema: Any, document: Any) -> None:
    assert evaluate(Document(schema).schema(), document) is valid(schema, document)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://a.example/schema"},
        {"$ref": "#/$defs/Missing"},
        {"$dynamicRef": "#a"},
        {"pattern": r"^\p{L}+$"},
        {"$ref": "#/$defs/A", "$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}]}}},
        {"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False},
    ],
)
def test_what_cannot_be_judged_is_neither(schema: Any) -> None:
    document = {"b": 1} if "allOf" in schema else "é"
    assert evaluate(Document(schema).schema(), document) is None
