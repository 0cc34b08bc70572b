"""Automata answer as Python's own engine does, and say where one expression matches more than another."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iii_bridge.contract.compat.patterns import matches
from iii_bridge.contract.compat.regex import automaton
from iii_bridge.contract.compat.texts import included, texts
from iii_codegen.emit.jsonschema.patterns import BASE64, BASE64_ANY, TIMESTAMP, TIMESTAMP_ANY, integer_pattern

MANY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))

ATOMS = st.sampled_from(("a", "b", "[ab]", "[^a]", r"\d", r"\w", ".", "[a-c]", r"\.", "(?:ab|c)"))
PIECES = st.builds(
    lambda atom, times: atom + times, ATOMS, st.sampled_from(("", "", "*", "+", "?", "{2}", "{1,2}", "{2,}"))
)
SEQUENCES = st.lists(PIECES, min_size=1, max_size=3).map("".join)
ALTERNATIVES = st.lists(SEQUENCES, min_size=1, max_size=2).map("|".join)
PATTERNS = st.one_of(
    ALTERNATIVES, ALTERNATIVES.map(lambda inner: f"^(?:{inner})$"), SEQUENCES.map(lambda text: f"^{text}")
)
TEXTS = st.text("abcd1. ", max_size=5)


def found(pattern: str, text: str) -> bool:
    """As ECMA-262 has it: nothing follows `$`."""
    return re.search(pattern.replace("$", r"\Z"), text, re.ASCII) is not None


@MANY
@given(PATTERNS, TEXTS)
def test_a_text_matches_as_python_says(pattern: str, text: str) -> None:
    assert automaton(pattern) is not None
    assert matches(pattern, text) is found(pattern, text)


@MANY
@given(PATTERNS, PATTERNS, st.lists(TEXTS, max_size=10))
def test_inclusion_is_refuted_by_a_text_or_holds_for_all(one: str, other: str, some: list[str]) -> None:
    answer = included([one], other)
    shown = texts((one,), other)
    assert answer is not (bool(shown) if answer is not None else True)
    for text in shown:
        assert found(one, text)
        assert not found(other, text)
    if answer:
        assert not [text for text in some if matches(one, text) and not matches(other, text)]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (integer_pattern(0, 2**32 - 1), integer_pattern(-(2**63), 2**63 - 1), True),
        (integer_pattern(0, 2**64 - 1), integer_pattern(-(2**63), 2**63 - 1), False),
        (BASE64, BASE64_ANY, True),
        (BASE64_ANY, BASE64, False),
        (TIMESTAMP, TIMESTAMP_ANY, True),
        (TIMESTAMP_ANY, TIMESTAMP, False),
        ("^(?=a)", "a", None),
        (r"^\p{L}$", ".", None),
        (r"(a)\1", "a", None),
        ("[", "a", None),
        ("a" * 5000, "a", None),
    ],
)
def test_inclusion_of_the_expressions_of_schemas(one: str, other: str, expected: bool | None) -> None:
    assert included([one], other) is expected


def test_texts_have_the_wanted_length() -> None:
    assert [len(text) for text in texts(("^[ab]+$",), None, 3, 3)] == [3]
    assert texts(("^a{3}$",), None, 4) == ()


def test_an_expression_python_reads_otherwise_is_not_judged() -> None:
    assert matches(r"^(?=\u{1F600})", "a") is None
    assert matches("^(?=a)", "ab") is True
    assert matches("^(?=a)b$", "b\n") is False
