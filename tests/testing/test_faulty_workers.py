"""Deliberately wrong workers in TypeScript and Rust: each fault is caught, by name, where the texts say it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from iii_bridge.errors import BridgeError
from iii_bridge.testing.engines import Link, linked, live_engine
from iii_bridge.testing.outcomes import Outcome, Verdict
from iii_bridge.testing.processes import Process
from iii_bridge.testing.runner import ANSWERS, REGISTRATION
from iii_bridge.testing.workers import Registrations
from tests.docs.pages import DOCS, ROOT
from tests.testing.ledger import LEDGER, contracts, outcomes_of

PROGRAMS = {
    "TypeScript": ["node", str(Path(__file__).parent / "workers" / "faulty.mjs")],
    "Rust": [str(ROOT / "target" / "debug" / "iii-bridge-test-faulty-worker")],
}
HEAD = "| fault | "


def table() -> dict[str, dict[str, str]]:
    """The one in the texts: by fault and by layer."""
    lines = (DOCS / "testing.md").read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(HEAD))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:]]
    end = next((number for number, row in enumerate(rows) if len(row) < 2), len(rows))
    heading, _, *body = rows[:end]
    return {row[0].strip("`"): dict(zip(heading[1:], row[1:], strict=True)) for row in body}


FAULTS = list(table())


@pytest.fixture(scope="module", params=PROGRAMS)
def workers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Link]]:
    """One program with all workers, each on an engine of its own; what they do is found behind these links."""
    schemas = tmp_path_factory.mktemp("ledger") / "schemas.json"
    schemas.write_text(json.dumps({m.full_name.rpartition("/")[2]: schemas_of(m) for m in methods()}))
    with ExitStack() as stack:
        names = ["none", *FAULTS]
        links = {name: stack.enter_context(linked(stack.enter_context(live_engine()).url)) for name in names}
        arguments = [f"{name}={link.bridge.url}" for name, link in links.items()]
        process = Process([*PROGRAMS[request.param], *arguments], env={"LEDGER_SCHEMAS": str(schemas)})
        stack.callback(process.stop)
        process.start()
        for name, link in links.items():
            wanted = [method.function_id for method in methods()][: 1 if name == "missing-function" else None]
            Registrations(link, [(None, function_id) for function_id in wanted]).wait(process, 60.0)
        yield links


def methods() -> Any:
    return contracts().services[LEDGER].methods


def schemas_of(method: Any) -> dict[str, Any]:
    texts = method.schemas()[method.full_name]
    return {"request": json.loads(texts.request), "response": json.loads(texts.response)}


def caught_by_a_call(link: Link) -> bool:
    """Whether an ordinary caller notices, with a number that JavaScript cannot hold."""
    entry = contracts().message_class("ledger.v1.Entry")(account="a", cents=2**53 + 1, side=2)
    requests = [entry, contracts().message_class("ledger.v1.CountRequest")()]
    try:
        for method, request in zip(methods(), requests, strict=True):
            link.sync.call_method(method, request, timeout=2.0)
    except BridgeError:
        return True
    return False


def failed(found: dict[tuple[str, str], Outcome]) -> dict[tuple[str, str], str]:
    return {name: outcome.summary for name, outcome in found.items() if outcome.verdict is Verdict.FAILED}


def test_a_worker_without_a_fault_passes(workers: dict[str, Link]) -> None:
    found = outcomes_of(workers["none"], LEDGER, examples=30, settle=60.0)
    assert failed(found) == {}
    assert {outcome.verdict for outcome in found.values()} == {Verdict.PASSED}
    assert not caught_by_a_call(workers["none"])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_caught_where_the_texts_say(workers: dict[str, Link], fault: str) -> None:
    link = workers[fault]
    settle = 0.0 if fault == "wrong-route" else 60.0
    failures = failed(outcomes_of(link, LEDGER, examples=20, settle=settle))
    words = {True: "caught", False: "–"}
    registration = {summary for (_, check), summary in failures.items() if check == REGISTRATION}
    seen = {
        "registration": words[bool(registration)],
        "call": words[caught_by_a_call(link)],
        "CI": words[bool(failures)],
    }
    assert seen == {name: table()[fault][name] for name in seen}, failures
    assert any(NAMED[fault] in summary for summary in failures.values()), failures
    assert (("Post", ANSWERS) in failures) is (fault in WRONG_ANSWERS)  # whatever was registered


NAMED = {
    "renamed-field": "$.cents",
    "wrong-type": "$.cents",
    "rounded-integer": "$.cents",
    "missing-required": "$.account",
    "extra-field": "$.memo",
    "wrong-enum": "$.side",
    "wrong-route": "nobody has bound http POST /ledger/entries",
    "missing-function": "nobody has registered it",
    "stale-schema": "$.currency",
}
"""What the finding names."""
WRONG_ANSWERS = FAULTS[: FAULTS.index("wrong-route")]


def test_every_fault_has_its_row() -> None:
    assert set(table()) == set(NAMED)
