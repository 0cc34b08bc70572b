"""Patterns match the same by either engine, and none takes longer than its text is long."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from iii_bridge.contract import re2_machine
from iii_bridge.contract.re2 import PatternError, parse_pattern
from iii_bridge.contract.re2_machine import Machine
from iii_bridge.contract.re2_match import is_steady, matcher
from iii_bridge.contract.re2_text import python_pattern
from tests.contract_layer.test_re2 import READ, patterns

STEADY = [
    "^[a-z0-9-]+$",
    "^[a-z]+(-[a-z]+)*$",
    r"^\d{3}-\d{4}$",
    "^[A-Z]{2,4}$",
    "^(a|b)*c$",
    "^[A-Za-z_][A-Za-z_0-9]*(\\.[A-Za-z_][A-Za-z_0-9]*)*$",
    "^$",
    "",
    "abc",
    "^a?b?c$",
    "^(ab|cd){0,3}e$",
    "^x{2,}y",
]
UNSTEADY = [
    "^(a+)+$",
    "^(a|a)*$",
    "^(a|ab)(c|bcd)$",
    "^a*a*$",
    "a+$",
    "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
    "^.*x$",
    r"^\ba",
    "^(a?){30}$",
    "^(|a|)$",
    "^(a{1,2}){1,3}$",
    "^((a?)*)$",
]


@pytest.mark.parametrize("pattern", STEADY)
def test_steady(pattern: str) -> None:
    assert is_steady(parse_pattern(pattern))


@pytest.mark.parametrize("pattern", UNSTEADY)
def test_unsteady(pattern: str) -> None:
    assert not is_steady(parse_pattern(pattern))


@pytest.mark.parametrize(("pattern", "matching", "others"), READ, ids=[row[0] for row in READ])
def test_the_machine_reads_the_same(pattern: str, matching: list[str], others: list[str]) -> None:
    for search in (Machine(parse_pattern(pattern)).search, matcher(pattern)):
        assert [text for text in matching if not search(text)] == []
        assert [text for text in others if search(text)] == []


@settings(deadline=None, max_examples=300)
@given(patterns, st.lists(st.text("abkK1_ .\n\té-", max_size=8), max_size=6))
@example("(?m:^)*a", ["\na"])
def test_both_engines_agree(pattern: str, texts: list[str]) -> None:
    machine, search = Machine(parse_pattern(pattern)), re.compile(python_pattern(pattern)).search
    for text in texts:
        assert machine.search(text) == (search(text) is not None) == matcher(pattern)(text), (pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a+)+$", "a" * 50_000 + "b"),
        ("^(a|a)*$", "a" * 50_000 + "b"),
        ("^(a?){500}a{500}$", "a" * 2_000),
        ("a*a*a*b", "a" * 50_000),
        (r"\d+$", "1" * 50_000 + "x"),
        ("^[a-z]+(-[a-z]+)*$", "a-" * 50_000),
    ],
)
def test_no_text_takes_for_ever(pattern: str, text: str) -> None:
    """By `re` alone, most of these would run into the time a test may take."""
    assert not matcher(pattern)(text)


def test_states_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(re2_machine, "_MOST_STEPS", 8)
    machine = Machine(parse_pattern("(a|b|é)*x[0-9]$"))
    text = "".join(map(chr, range(200, 1200)))
    for _ in range(3):
        assert machine.search(text + "ab" * 20 + "x7")
        assert not machine.search(text + "x77")


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(PatternError, match="too large"):
        Machine(parse_pattern("(" + "a|b" * 20 + "){1000}"))
