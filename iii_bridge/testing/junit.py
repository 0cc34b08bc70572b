"""Outcomes as JUnit XML, which continuous integration shows."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from iii_bridge.testing.outcomes import Outcome, Verdict

__all__ = ["write_junit"]


def write_junit(outcomes: Iterable[Outcome], target: Path, *, strict: bool) -> None:
    """One suite for each service, one case for each check; with `strict`, what is unproven has failed.

    Raises OSError for a file that cannot be written.
    """
    report = JUnitXml("iii-bridge test")
    for service, found in itertools.groupby(outcomes, key=lambda outcome: outcome.method.partition("/")[0]):
        suite = TestSuite(service)
        suite.add_testcases([_case(outcome, strict) for outcome in found])
        report.add_testsuite(suite)
    report.update_statistics()  # type: ignore[no-untyped-call]
    report.write(str(target), pretty=True)  # pyright: ignore[reportUnknownMemberType] -- it takes any file


def _case(outcome: Outcome, strict: bool) -> TestCase:
    case = TestCase(outcome.check, outcome.method.replace("/", "."), outcome.seconds)
    text = _printable(outcome.summary)
    if outcome.verdict is Verdict.FAILED or (strict and outcome.verdict is Verdict.UNPROVEN):
        failure = Failure(text, outcome.verdict.value)
        failure.text = _printable(outcome.as_text())
        case.result = [failure]
    elif outcome.verdict is not Verdict.PASSED:
        case.result = [Skipped(text, outcome.verdict.value)]
    return case


def _printable(text: str) -> str:
    """Without the characters no XML document may hold, escaped or not; a worker's message may have them."""
    return "".join(
        character if character.isprintable() or character in "\n\t" else repr(character)[1:-1] for character in text
    )
