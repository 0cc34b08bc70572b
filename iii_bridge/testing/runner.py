"""Runs a live worker against its contract, method by method."""

from __future__ import annotations

import asyncio
import difflib
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from iii_bridge.bridge.catalogue import Catalogue
from iii_bridge.cli.check_rows import CheckedMethod, Status, check_contracts
from iii_bridge.contract.protojson import Codec, codec_for
from iii_bridge.contract.spec import Idempotency, MethodKind, MethodSpec, ServiceSpec
from iii_bridge.dynamic import Contracts
from iii_bridge.errors import LocalProtocolError, Side, UnsupportedError
from iii_bridge.testing.breaks import Break, Broken, breaks_of, broken_documents
from iii_bridge.testing.engines import Link
from iii_bridge.testing.exchanges import OPEN, Exchanges
from iii_bridge.testing.outcomes import Counterexample, Outcome, Verdict, replay_command
from iii_bridge.testing.search import CaseFailed, smallest_failure
from iii_bridge.testing.strategies import strategy_for
from iii_bridge.types import Json
from iii_bridge.wire.limits import DEFAULT_NAMESPACE

__all__ = ["ANSWERS", "CHECKS", "REFUSALS", "REGISTRATION", "RunnerOptions", "run_contract"]

REGISTRATION: Final = "registration"
ANSWERS: Final = "answers"
REFUSALS: Final = "refuses"
CHECKS: Final = (REGISTRATION, ANSWERS, REFUSALS)

_TAKES_STREAM: Final = (MethodKind.CLIENT_STREAM, MethodKind.BIDI_STREAM)
_SAFE: Final = (Idempotency.NO_SIDE_EFFECTS, Idempotency.IDEMPOTENT)
_STREAM_LENGTH: Final = 4
_PAUSE: Final = 0.1

Requests = Mapping[str, Sequence[Json]]
"""By the full name of a method, or its name alone: requests as JSON, to be sent instead of any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerOptions:
    """How a worker is tested."""

    examples: int = 50
    """Requests of each kind for each method."""
    seed: int = 0
    everything: bool = False
    """Also methods that are declared neither NO_SIDE_EFFECTS nor IDEMPOTENT."""
    skip: frozenset[str] = frozenset()
    """Of CHECKS."""
    timeout: float = 10.0
    """Seconds for a call whose contract has no timeout."""
    settle: float = 5.0
    """Seconds to wait for bindings that are missing: a worker makes them after its functions are there."""
    namespace: str | None = None
    """Where functions are looked up whose contract names no namespace."""
    requests: Requests = field(default_factory=lambda: dict[str, Sequence[Json]]())


def run_contract(
    link: Link,
    contracts: Contracts,
    services: Iterable[ServiceSpec],
    options: RunnerOptions,
    report: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Every check of every method of these services, in their order; `report` hears of each as it ends.

    Raises what asking the engine raises, ConnectionLostError above all.
    """
    chosen = list(services)
    catalogue = Catalogue(link.bridge.call)
    space = options.namespace or link.bridge.namespace or DEFAULT_NAMESPACE  # without one, the engine looks everywhere
    rows = link.run(lambda: _settled(lambda: check_contracts(catalogue, contracts, chosen, space), options.settle))
    known = link.run(catalogue.functions)
    checked = {row.method: row for row in rows}
    outcomes: list[Outcome] = []

    def add(outcome: Outcome) -> None:
        outcomes.append(outcome)
        report(outcome)

    for method in (method for service in chosen for method in service.methods):
        row = checked[method.full_name]
        if REGISTRATION not in options.skip:
            add(_registration(method, row, [(item.function_id, item.namespace) for item in known]))
        for check in _MethodTest(link, method, options).checks(row.status is Status.MISSING):
            add(check)
    return outcomes


async def _settled(check: Callable[[], Awaitable[list[CheckedMethod]]], seconds: float) -> list[CheckedMethod]:
    """What is found once no binding is missing, or the time is up."""
    end = time.monotonic() + seconds
    while True:
        rows = await check()
        unbound = any(finding.side is Side.CONFIG for row in rows for finding in row.findings)
        if not unbound or time.monotonic() >= end:
            return rows
        await asyncio.sleep(_PAUSE)


def _registration(method: MethodSpec[Any, Any], row: CheckedMethod, known: Sequence[tuple[str, str]]) -> Outcome:
    verdicts = {
        Status.SAME: Verdict.PASSED,
        Status.COMPATIBLE: Verdict.PASSED,
        Status.UNKNOWN: Verdict.UNPROVEN,
    }
    verdict = verdicts.get(row.status, Verdict.FAILED)
    summary = "; ".join([row.status.value, *map(str, row.findings)])
    if row.status is Status.MISSING:
        summary = f"nobody has registered it{_elsewhere(method.function_id, known)}"
    return Outcome(method.full_name, method.function_id, REGISTRATION, verdict, summary)


def _elsewhere(function_id: str, known: Sequence[tuple[str, str]]) -> str:
    spaces = [namespace for found, namespace in known if found == function_id]
    if spaces:
        return f" here; it is in namespace {' and '.join(spaces)}"
    near = difflib.get_close_matches(function_id, [found for found, _ in known], n=2)
    return f"; there is {' and '.join(near)}" if near else ""


@dataclass(frozen=True, slots=True)
class _Case:
    """What one call is made with. Of a stream, `broken` is about the last request."""

    messages: tuple[Any, ...]
    documents: tuple[Json, ...]
    broken: Broken | None = None


class _MethodTest:
    def __init__(self, link: Link, method: MethodSpec[Any, Any], options: RunnerOptions) -> None:
        self._method = method
        self._options = options
        self._namespace = method.namespace or options.namespace
        self._exchanges = Exchanges(link, method, self._namespace, options.timeout)
        self._codec: Codec[Any] = codec_for(
            method.request, method.json, method.unknown_members, method.unknown_enum_names
        )

    def checks(self, missing: bool) -> Iterable[Outcome]:
        """The outcomes of all that is to be checked by calling."""
        kinds = breaks_of(self._method.request, self._method.unknown_members, self._method.unknown_enum_names)
        planned: list[tuple[str, Callable[[], tuple[Verdict, str, Counterexample | None]]]] = []
        if ANSWERS not in self._options.skip:
            planned.append((ANSWERS, self._answers))
        if REFUSALS not in self._options.skip:
            planned += [(f"{REFUSALS} {kind.value}", self._refusals(kind)) for kind in kinds]
        reason = self._reason(missing)
        for name, check in planned:
            start = time.monotonic()
            verdict, summary, shown = (Verdict.SKIPPED, reason, None) if reason else _guarded(check)
            spent = time.monotonic() - start
            yield Outcome(self._method.full_name, self._method.function_id, name, verdict, summary, shown, spent)

    def _reason(self, missing: bool) -> str:
        """Why the method is not called; empty when it is."""
        if missing:
            return "the function is missing"
        if self._method.idempotency not in _SAFE and not self._options.everything:
            return "calls may have side effects: the contract declares no idempotency_level; --all tests it"
        return ""

    def _answers(self) -> tuple[Verdict, str, Counterexample | None]:
        counts: Counter[str] = Counter()

        def test(case: _Case) -> None:
            if counts[OPEN]:
                return  # each call would last until its time is up, and show the same
            counts[self._exchanges.answer(case.messages, case.documents)] += 1

        cases = self._messages().map(self._case)
        found = smallest_failure(cases, test, key=_key, examples=self._options.examples, seed=self._options.seed)
        if found is not None:
            return self._failed(*found)
        told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()) if count)
        if not counts["answered"] and not counts[OPEN]:
            return Verdict.UNPROVEN, f"no request was answered: {told}; name some that are with --requests", None
        return Verdict.PASSED, told, None

    def _refusals(self, kind: Break) -> Callable[[], tuple[Verdict, str, Counterexample | None]]:
        def check() -> tuple[Verdict, str, Counterexample | None]:
            sent = 0

            def test(case: _Case) -> None:
                nonlocal sent
                broken = case.broken
                if broken is not None:
                    sent += 1
                    self._exchanges.refuse(case.documents, f"{broken.problem} at {broken.path}")

            broken = broken_documents(self._method.request, kind, codec=self._codec, legal=self._one_message())
            cases = st.builds(self._broken_case, self._before(), broken)
            found = smallest_failure(cases, test, key=_key, examples=self._options.examples, seed=self._options.seed)
            return self._failed(*found) if found is not None else (Verdict.PASSED, f"{sent} refused", None)

        return check

    # --- cases ---------------------------------------------------------------

    def _one_message(self) -> SearchStrategy[Any]:
        given = self._options.requests
        documents = given.get(self._method.full_name) or given.get(self._method.full_name.rpartition("/")[2])
        if documents:
            return st.sampled_from([self._codec.decode(json.dumps(document)) for document in documents])
        return strategy_for(self._method.request, unknown_enum_numbers=False)

    def _messages(self) -> SearchStrategy[tuple[Any, ...]]:
        one = self._one_message()
        if self._method.kind in _TAKES_STREAM:
            return st.lists(one, max_size=_STREAM_LENGTH).map(tuple)
        return one.map(lambda message: (message,))

    def _before(self) -> SearchStrategy[tuple[Any, ...]]:
        """Legal requests that go before a bad one."""
        if self._method.kind in _TAKES_STREAM:
            return st.lists(self._one_message(), max_size=2).map(tuple)
        return st.just(())

    def _case(self, messages: tuple[Any, ...]) -> _Case:
        return _Case(messages, tuple(json.loads(self._codec.encode(message)) for message in messages))

    def _broken_case(self, before: tuple[Any, ...], broken: Broken) -> _Case:
        legal = self._case(before)
        return _Case(before, (*legal.documents, broken.document), broken)

    def _failed(self, case: _Case, failure: CaseFailed) -> tuple[Verdict, str, Counterexample | None]:
        replay = None
        if self._method.kind is MethodKind.UNARY:
            replay = replay_command(self._method.function_id, case.documents[0], self._namespace)
        return Verdict.FAILED, failure.problem, Counterexample(case.documents, replay)


def _guarded(check: Callable[[], tuple[Verdict, str, Counterexample | None]]) -> Any:
    """What cannot be tested is told as such."""
    try:
        return check()
    except (UnsupportedError, LocalProtocolError) as error:
        return Verdict.UNPROVEN, str(error), None


def _key(case: _Case) -> str:
    return json.dumps([*case.documents], sort_keys=True)
