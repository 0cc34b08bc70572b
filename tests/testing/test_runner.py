"""Workers against their contracts: right ones pass, and what is wrong with others is found and made small."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from iii_bridge.errors import StatusError
from iii_bridge.status import StatusCode
from iii_bridge.testing.engines import Link
from iii_bridge.testing.mock import MockWorker
from iii_bridge.testing.outcomes import Verdict
from tests.testing.ledger import FEED, LEDGER, checked, contracts, one_engine, outcomes_of, posting


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    with one_engine() as link:
        yield link


def verdicts(found: dict[tuple[str, str], Any]) -> dict[tuple[str, str], str]:
    return {name: outcome.verdict.value for name, outcome in found.items()}


def test_a_right_worker_passes_with_streams_of_all_kinds(link: Link) -> None:
    with MockWorker(contracts().services[FEED]).running(link.bridge.url):
        found = outcomes_of(link, FEED)
        assert {name: v for name, v in verdicts(found).items() if v != "passed" and name[0] != "Burn"} == {}
        assert found["Read", "answers"].summary == "20 answered"
        assert found["Turn", "refuses broken rules"].summary == "20 refused"
        burned = {outcome.verdict for name, outcome in found.items() if name[0] == "Burn"}
        assert burned == {Verdict.PASSED, Verdict.SKIPPED}  # its registration, and calls that may have side effects
        assert "--all" in found["Burn", "answers"].summary
        everything = outcomes_of(link, FEED, everything=True, examples=5)
        assert set(verdicts(everything).values()) == {"passed"}
        assert ("Burn", "refuses unknown members") in everything


def test_a_right_worker_passes_with_bindings(link: Link) -> None:
    with MockWorker(contracts().services[LEDGER]).running(link.bridge.url):
        found = outcomes_of(link, LEDGER)
        assert set(verdicts(found).values()) == {"passed"}
        assert [check for method, check in found if method == "Post"] == [
            "registration",
            "answers",
            "refuses missing members",
            "refuses wrong types",
            "refuses numbers out of range",
            "refuses unknown enum names",
        ]


def test_a_counter_example_is_as_small_as_it_gets(link: Link) -> None:
    def post(payload: dict[str, Any]) -> Any:
        answer = checked(payload)
        if int(payload["cents"]) > 1000:
            answer["centz"] = answer.pop("cents")
        return answer

    with posting(link, post):
        outcome = outcomes_of(link, LEDGER, examples=100)["Post", "answers"]
        assert outcome.verdict is Verdict.FAILED
        assert outcome.counterexample is not None
        assert outcome.counterexample.requests == ({"account": "", "cents": "1001", "side": "SIDE_UNSPECIFIED"},)
        assert "$.cent" in outcome.summary
        replay = shlex.split(outcome.counterexample.replay or "")
        assert replay[:3] == ["iii-bridge", "call", "ledger::post"]
        answer = subprocess.run(
            [sys.executable, "-m", "iii_bridge", *replay[1:], "--url", link.bridge.url],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert json.loads(answer.stdout)["centz"] == "1001"


def test_integers_written_as_numbers_are_found_beyond_2_53(link: Link) -> None:
    def post(payload: dict[str, Any]) -> Any:
        return {**checked(payload), "cents": float(payload["cents"])}

    with posting(link, post):
        outcome = outcomes_of(link, LEDGER, examples=100)["Post", "answers"]
        assert outcome.verdict is Verdict.FAILED
        assert outcome.counterexample is not None
        assert abs(int(outcome.counterexample.requests[0]["cents"])) >= 2**53
        assert "at $.cents" in outcome.summary


def test_a_worker_that_takes_everything_is_found_by_each_kind_of_bad_request(link: Link) -> None:
    with posting(link, lambda payload: {"account": "a", "cents": "1"}):
        found = outcomes_of(link, LEDGER)
        assert found["Post", "answers"].verdict is Verdict.PASSED
        refusals = {check: each for (name, check), each in found.items() if name == "Post" and "refuses" in check}
        assert {each.verdict for each in refusals.values()} == {Verdict.FAILED}
        missing = refusals["refuses missing members"]
        assert missing.summary.startswith("took a request that breaks the contract: the required member is missing")
        assert missing.counterexample is not None
        assert missing.counterexample.requests == ({"cents": "0", "side": "SIDE_UNSPECIFIED"},)


def test_a_refusal_needs_the_right_status(link: Link) -> None:
    def post(payload: dict[str, Any]) -> Any:
        try:
            return checked(payload)
        except Exception:
            raise RuntimeError("no") from None

    with posting(link, post):
        outcome = outcomes_of(link, LEDGER, skip=frozenset({"answers"}))["Post", "refuses wrong types"]
        assert outcome.verdict is Verdict.FAILED
        assert outcome.summary.startswith("refused with UNKNOWN (invocation_failed) instead of INVALID_ARGUMENT")


def test_refusing_what_is_legal_is_a_failure(link: Link) -> None:
    def post(payload: dict[str, Any]) -> Any:
        if payload["side"] == "SIDE_CREDIT":
            payload["side"] = "SIDE_UNHEARD_OF"
        return checked(payload)

    with posting(link, post):
        outcome = outcomes_of(link, LEDGER)["Post", "answers"]
        assert outcome.verdict is Verdict.FAILED
        assert outcome.summary.startswith("refuses what the contract allows")
        assert outcome.counterexample is not None
        assert outcome.counterexample.requests[0]["side"] == "SIDE_CREDIT"


def test_statuses_are_answers_and_nothing_but_statuses_proves_nothing(link: Link) -> None:
    def post(payload: dict[str, Any]) -> Any:
        if payload["account"] != "known":
            raise StatusError(StatusCode.NOT_FOUND, "no such account")
        return checked(payload)

    with posting(link, post):
        outcome = outcomes_of(link, LEDGER)["Post", "answers"]
        assert (outcome.verdict, outcome.summary.partition(";")[0]) == (
            Verdict.UNPROVEN,
            "no request was answered: 20 NOT_FOUND",
        )
        told = outcomes_of(link, LEDGER, requests={"Post": [{"account": "known", "cents": "5"}]})["Post", "answers"]
        assert told.verdict is Verdict.PASSED
        assert "answered" in told.summary


def test_a_function_that_does_not_answer_in_time(link: Link) -> None:
    import asyncio

    async def post(payload: dict[str, Any]) -> Any:
        await asyncio.sleep(3600)

    async def start() -> None:
        link.bridge.register_function("ledger::post", post)
        await link.bridge.confirm("ledger::post")

    async def stop() -> None:
        link.bridge.unregister_function("ledger::post")

    link.run(start)
    try:
        found = outcomes_of(link, LEDGER, timeout=0.3)
    finally:
        link.run(stop)
    assert found["Post", "answers"].summary == "gave no answer within 0.3 s"
    assert found["Post", "refuses wrong types"].summary.startswith("gave no answer within 0.3 s to a request that")


def test_a_function_that_is_not_there(link: Link) -> None:
    with posting(link, checked):
        found = outcomes_of(link, LEDGER)
    assert found["Count", "registration"].verdict is Verdict.FAILED
    assert found["Count", "registration"].summary.startswith("nobody has registered it")
    assert found["Count", "answers"].verdict is Verdict.SKIPPED
    assert "nobody has bound http POST /ledger/entries" in found["Post", "registration"].summary
    elsewhere = outcomes_of(link, LEDGER)["Post", "registration"]
    assert elsewhere.summary == "nobody has registered it"
    with MockWorker(contracts().services[LEDGER]).running(link.bridge.url, namespace="attic"):
        assert "it is in namespace attic" in outcomes_of(link, LEDGER)["Post", "registration"].summary
        assert set(verdicts(outcomes_of(link, LEDGER, namespace="attic", examples=2)).values()) == {"passed"}


def test_the_same_seed_sends_the_same_requests(link: Link) -> None:
    seen: list[Any] = []

    def post(payload: dict[str, Any]) -> Any:
        seen.append(payload)
        return checked(payload)

    with posting(link, post):
        for seed in (1, 1, 2):
            outcomes_of(link, LEDGER, seed=seed, skip=frozenset({"refuses"}))
    third = len(seen) // 3
    assert seen[:third] == seen[third : 2 * third] != seen[2 * third :]
