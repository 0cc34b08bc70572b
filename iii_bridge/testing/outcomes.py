"""What a contract test found, check by check."""

from __future__ import annotations

import enum
import json
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from iii_bridge.types import Json

__all__ = ["Counterexample", "Outcome", "Verdict", "failures_text", "replay_command"]


class Verdict(enum.Enum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    UNPROVEN = "unproven"
    """Nothing speaks against the worker, and nothing for it: no request was answered, or no schema was registered."""
    SKIPPED = "skipped"
    """It was not run; the summary says why."""


@dataclass(frozen=True, slots=True)
class Counterexample:
    """The smallest requests found that show a failure; one, unless the method takes a stream."""

    requests: tuple[Json, ...]
    replay: str | None
    """The command that shows it again; None for methods a command line cannot call."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check of one method."""

    method: str
    """Its full name."""
    function_id: str
    check: str
    """`registration`, `answers`, or `refuses` and what."""
    verdict: Verdict
    summary: str
    counterexample: Counterexample | None = None
    seconds: float = 0.0

    def as_json(self) -> Json:
        """For programs: every part by name."""
        shown = self.counterexample
        return {
            "method": self.method,
            "function_id": self.function_id,
            "check": self.check,
            "verdict": self.verdict.value,
            "summary": self.summary,
            "requests": None if shown is None else list(shown.requests),
            "replay": None if shown is None else shown.replay,
            "seconds": round(self.seconds, 3),
        }

    def as_text(self) -> str:
        """What a reader needs to go on: the finding, and below it how to see it again."""
        lines = [f"{self.function_id}: {self.check}: {self.summary}"]
        if self.counterexample is not None:
            lines += [
                f"  request {json.dumps(request, ensure_ascii=False)}" for request in self.counterexample.requests
            ]
            lines += [f"  replay  {self.counterexample.replay}"] if self.counterexample.replay else []
        return "\n".join(lines)


def failures_text(outcomes: Iterable[Outcome], verdicts: Sequence[Verdict] = (Verdict.FAILED,)) -> str:
    """The findings with these verdicts, one below the other."""
    return "\n".join(outcome.as_text() for outcome in outcomes if outcome.verdict in verdicts)


def replay_command(function_id: str, request: Json, namespace: str | None) -> str:
    """The call again, from a shell; without its check, which would refuse a bad request before it is sent."""
    words = ["iii-bridge", "call", function_id, "--data", json.dumps(request), "--no-check"]
    words += ["--namespace", namespace] if namespace else []
    return shlex.join(words)
