"""Looking for failures."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from iii_bridge.errors import UnsupportedError
from iii_bridge.testing.search import CaseFailed, examples_of, smallest_failure


def test_the_smallest_failure_is_found() -> None:
    def test(case: int) -> None:
        if case > 41:
            raise CaseFailed(f"{case} is too much")

    found = smallest_failure(st.integers(), test, key=str, examples=100, seed=0)
    assert found is not None
    assert (found[0], found[1].problem) == (42, "42 is too much")
    assert smallest_failure(st.integers(0, 41), test, key=str, examples=100, seed=0) is None


def test_a_case_that_fails_once_has_failed() -> None:
    seen: list[int] = []

    def test(case: int) -> None:
        seen.append(case)
        if len(seen) == 5:
            raise CaseFailed("now and then")

    found = smallest_failure(st.integers(), test, key=str, examples=50, seed=0)
    assert found is not None
    assert found[0] == seen[4]


def test_nothing_is_tried_after_a_final_failure() -> None:
    seen: list[int] = []

    def test(case: int) -> None:
        seen.append(case)
        raise CaseFailed("it takes an hour", final=True)

    found = smallest_failure(st.integers(), test, key=str, examples=50, seed=0)
    assert found is not None
    assert seen == [found[0]]


def test_what_is_no_finding_is_raised() -> None:
    calls: list[int] = []

    def test(case: int) -> None:
        calls.append(case)
        raise OSError("the network is down")

    with pytest.raises(OSError, match="the network is down"):
        smallest_failure(st.integers(), test, key=str, examples=50, seed=0)
    assert len(calls) == 1


def test_rules_that_contradict_each_other_are_told() -> None:
    nothing = st.integers().filter(lambda _: False)
    with pytest.raises(UnsupportedError, match="contradict"):
        smallest_failure(nothing, lambda _: None, key=str, examples=5, seed=0)
    with pytest.raises(UnsupportedError, match="contradict"):
        examples_of(nothing, 5, seed=0)


def test_examples_are_the_same_for_the_same_seed() -> None:
    first, again, other = (examples_of(st.integers(), 20, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 20
