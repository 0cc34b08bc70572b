"""Looks for a case that fails, and makes it small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import InvalidArgument, Unsatisfiable
from hypothesis.strategies import SearchStrategy

from iii_bridge.errors import UnsupportedError

__all__ = ["CaseFailed", "examples_of", "smallest_failure"]

Case = TypeVar("Case")

_SHRINKING: Final = 300  # further calls a counter-example may cost; each is one of a live function


class CaseFailed(Exception):
    """What is wrong with how a function treated a case. `final`: trying smaller cases would cost too much time."""

    def __init__(self, problem: str, *, final: bool = False) -> None:
        self.problem = problem
        self.final = final
        super().__init__(problem)


def smallest_failure(
    cases: SearchStrategy[Case],
    test: Callable[[Case], None],
    *,
    key: Callable[[Case], str],
    examples: int,
    seed: int,
) -> tuple[Case, CaseFailed] | None:
    """The smallest case found for which `test` raises CaseFailed; None when none of `examples` does.

    A case that failed once counts as failed, whatever the function says to it the second time; `key` tells cases apart.
    Raises UnsupportedError where hardly any case can be made, and what else `test` raises.
    """
    run: _Run[Case] = _Run(test, key, examples + _SHRINKING)

    @hypothesis.seed(seed)
    @settings(_QUIET, max_examples=examples, phases=(Phase.generate, Phase.shrink))
    @given(cases)
    def attempt(case: Case) -> None:
        run(case)

    try:
        attempt()
    except CaseFailed as failure:
        if run.last is not None:
            return run.last, failure
        raise
    except (Unsatisfiable, InvalidArgument) as error:
        problem = "no case keeps all of the rules; look for rules that contradict each other"
        raise UnsupportedError(problem) from error
    if run.broken is not None:
        raise run.broken
    return None


def examples_of(cases: SearchStrategy[Case], count: int, *, seed: int) -> list[Case]:
    """Some cases, the same ones for the same seed. Raises UnsupportedError where none can be made."""
    found: list[Case] = []

    @hypothesis.seed(seed)
    @settings(_QUIET, max_examples=count, phases=(Phase.generate,))
    @given(cases)
    def collect(case: Case) -> None:
        found.append(case)

    try:
        collect()
    except (Unsatisfiable, InvalidArgument) as error:
        problem = "no case keeps all of the rules; look for rules that contradict each other"
        raise UnsupportedError(problem) from error
    return found


_QUIET: Final = settings(
    deadline=None,
    database=None,
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=[
        HealthCheck.data_too_large,
        HealthCheck.differing_executors,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
        HealthCheck.large_base_example,
        HealthCheck.nested_given,
        HealthCheck.too_slow,
    ],
)


class _Run(Generic[Case]):
    """Remembers what failed: a live function need not answer the same twice, and each call costs time."""

    def __init__(self, test: Callable[[Case], None], key: Callable[[Case], str], calls: int) -> None:
        self._test = test
        self._key = key
        self._left = calls
        self._failed: dict[str, CaseFailed] = {}
        self._given_up = False
        self.last: Case | None = None
        self.broken: Exception | None = None
        """What ended the search: the engine went away, for instance."""

    def __call__(self, case: Case) -> None:
        """Raises CaseFailed, always from the same line: Hypothesis takes other lines for other faults."""
        failure = self._failed.get(self._key(case)) or self._tried(case)
        if failure is not None:
            self.last = case
            raise CaseFailed(failure.problem, final=failure.final)

    def _tried(self, case: Case) -> CaseFailed | None:
        if self._given_up or self._left <= 0:
            return None
        self._left -= 1
        try:
            self._test(case)
        except CaseFailed as failure:
            self._failed[self._key(case)] = failure
            self._given_up = failure.final
            return failure
        except Exception as error:  # no finding; made smaller, it would be the same again and again
            self.broken = error
            self._given_up = True
        return None
