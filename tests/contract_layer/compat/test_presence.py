"""Clauses over names mean what the keywords mean."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iii_bridge.contract.compat.presence import Clause, clauses_of, implied, model_of, negated_clauses, positive_clauses
from tests.contract_layer.compat.schemas import valid

NAMES = ("a", "b", "c")
OBJECTS = [dict.fromkeys(some, 0) for size in range(4) for some in itertools.combinations(NAMES, size)]
CLAUSES = st.frozensets(st.tuples(st.sampled_from(NAMES), st.booleans()), min_size=1, max_size=3)


def holds(clauses: list[Clause], there: dict[str, int]) -> bool:
    return all(any((name in there) is wanted for name, wanted in clause) for clause in clauses)


@pytest.mark.parametrize(
    "schema",
    [
        {"required": ["a", "b"]},
        {"dependentRequired": {"a": ["b", "c"]}},
        {"not": {"required": ["a", "b"]}},
        {"not": {"anyOf": [{"required": ["a", "b"]}, {"required": ["b", "c"]}]}},
        {"not": {"anyOf": [{"not": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}}]}},
        {"not": {"not": {"required": ["a", "b"]}}},
        {"anyOf": [{"required": ["a"]}, {"required": ["c"]}]},
    ],
)
def test_clauses_hold_where_the_keywords_do(schema: Any) -> None:
    negated = negated_clauses(schema["not"]) if "not" in schema else ([], False)
    assert negated is not None
    clauses = [*clauses_of(schema), *negated[0], *(positive_clauses(schema.get("anyOf")) or [])]
    assert clauses
    assert [holds(clauses, there) for there in OBJECTS] == [valid(schema, there) for there in OBJECTS]
    if "not" in schema:
        assert negated[1] is not valid(schema, "no object")


@pytest.mark.parametrize(
    "schema", [{}, {"type": "object"}, {"required": []}, {"anyOf": [{"required": ["a"]}, {}]}, True]
)
def test_what_is_not_about_names_is_no_clause(schema: Any) -> None:
    assert negated_clauses(schema) is None


@given(st.lists(CLAUSES, max_size=6), CLAUSES)
def test_models_and_implications_are_those_of_all_choices(clauses: list[Clause], other: Clause) -> None:
    possible = [there for there in OBJECTS if holds(clauses, there)]
    model = model_of(clauses, {})
    assert (model is None) is (possible == [])
    if model is not None:
        assert holds(clauses, {name: 0 for name, there in model.items() if there})
    assert implied(clauses, other) is all(holds([other], there) for there in possible)
