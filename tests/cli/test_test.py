"""`iii-bridge test`: what it prints and writes, and its exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from typer.testing import CliRunner, Result

from iii_bridge import StatusCode, StatusError
from iii_bridge.cli.main import app
from iii_bridge.testing.engines import Link
from iii_bridge.testing.mock import MockWorker
from tests.bridge.contracts import shop
from tests.testing.ledger import FEED, LEDGER, PROTO, checked, contracts, one_engine, posting

WORKER = """
import sys
from iii_bridge import run
from iii_bridge.testing import MockWorker
from pathlib import Path
from iii_bridge.dynamic import contracts_of_protos

mock = MockWorker(contracts_of_protos(Path(sys.argv[1])).services[sys.argv[2]])
# answers
run(mock.service(), worker_name="mock")
"""
BROKEN = """
from iii_bridge import StatusCode
mock["Post"].fails(StatusCode.INTERNAL, "out of order")
print("I am out of order", flush=True)
"""


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    with one_engine() as link:
        yield link


def run(*arguments: str, url: str = "", proto: bool = True) -> Result:
    options = ["--examples", "10", "--seed", "1", "--settle", "0.5", *(["--proto", str(PROTO)] if proto else [])]
    return CliRunner(env={"III_URL": url}).invoke(app, ["test", *arguments, *options])


def test_a_right_worker_is_a_table_of_passes_and_exit_0(link: Link) -> None:
    with MockWorker(contracts().services[FEED]).running(link.bridge.url):
        done = run(FEED, url=link.bridge.url)
    assert done.exit_code == 0, done.output
    rows = [[cell.strip() for cell in line.split(maxsplit=2)] for line in done.stdout.splitlines()]
    assert rows[0] == ["function", "check", "result"]
    assert ["feed::read", "answers", "passed   10 answered"] in rows
    assert "calls may have side effects" in done.stdout
    assert done.stderr.strip() == "16 passed, 5 skipped; seed 1"


def test_a_failure_is_told_with_its_replay_and_exit_1(link: Link, tmp_path: Path) -> None:
    def post(payload: dict[str, Any]) -> Any:
        return {**checked(payload), "side": "SIDE_\x01WAYS"}

    report = tmp_path / "report.xml"
    with posting(link, post):
        done = run(LEDGER, "--junit", str(report), url=link.bridge.url)
        as_json = run(LEDGER, "--json", "--skip", "refuses", url=link.bridge.url)
    assert done.exit_code == as_json.exit_code == 1
    assert "ledger::post: answers: ledger::post response does not fit its contract" in done.stdout
    assert '  replay  iii-bridge call ledger::post --data \'{"account": "",' in done.stdout
    found = json.loads(as_json.stdout)
    assert found["seed"] == 1
    (answers,) = [
        check for check in found["checks"] if check["method"].endswith("/Post") and check["check"] == "answers"
    ]
    assert answers["verdict"] == "failed"
    assert answers["requests"] == [{"account": "", "cents": "0", "side": "SIDE_UNSPECIFIED"}]
    suites = list(JUnitXml.fromfile(str(report)))
    assert [(suite.name, suite.tests, suite.failures, suite.skipped) for suite in suites] == [(LEDGER, 8, 3, 1)]
    failed = next(case for case in suites[0] if case.name == "answers" and case.is_failure)
    assert failed.classname == "ledger.v1.LedgerService.Post"
    assert "iii-bridge call" in failed.result[0].text


def test_what_is_unproven_fails_when_strict(link: Link, tmp_path: Path) -> None:
    def post(payload: dict[str, Any]) -> Any:
        if payload["account"] != "known":
            raise StatusError(StatusCode.NOT_FOUND, "no such account")
        return checked(payload)

    known, other = tmp_path / "known.json", tmp_path / "other.json"
    known.write_text('{"Post": [{"account": "known"}]}')
    other.write_text('["known"]')
    with posting(link, post):
        called = [LEDGER, "--skip", "refuses", "--skip", "registration"]
        lenient = run(*called, url=link.bridge.url)
        assert (lenient.exit_code, "no request was answered: 10 NOT_FOUND" in lenient.stdout) == (0, True)
        assert run(*called, "--strict", url=link.bridge.url).exit_code == 1
        assert run(*called, "--strict", "--requests", str(known), url=link.bridge.url).exit_code == 0
        assert run(*called, "--requests", str(other), url=link.bridge.url).exit_code == 2


def test_a_worker_is_started_on_an_engine_of_its_own(tmp_path: Path) -> None:
    program = tmp_path / "worker.py"
    program.write_text(WORKER)
    done = run(LEDGER, "--worker", f"{sys.executable} {program} {PROTO} {LEDGER}", "--skip", "refuses")
    assert done.exit_code == 0, done.output
    assert "ledger::post   answers       passed" in done.stdout
    assert "the worker printed" not in done.stderr
    broken = tmp_path / "broken.py"
    broken.write_text(WORKER.replace("# answers", BROKEN))
    wrong = run(LEDGER, "--worker", f"{sys.executable} {broken} {PROTO} {LEDGER}", "--skip", "refuses")
    assert wrong.exit_code == 1
    assert "ledger::post: answers: failed with INTERNAL: out of order" in wrong.stdout
    assert "the worker printed:\nI am out of order" in wrong.stderr
    ended = run(LEDGER, "--worker", f"{sys.executable} -c 'print(\"no engine for me\")'")
    assert ended.exit_code == 1
    assert "the worker ended before it registered ledger::count, ledger::post" in ended.stderr
    assert "no engine for me" in ended.stderr


def test_the_contract_may_come_from_the_worker(link: Link) -> None:
    with MockWorker(shop.StrictService).running(link.bridge.url):
        done = run("shop.v1.StrictService", "--reflection", "--all", url=link.bridge.url, proto=False)
    assert done.exit_code == 0, done.output
    assert "refuses unknown members" in done.stdout
    assert "skipped" not in done.stdout


def test_options_that_are_wrong_are_exit_2(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iii_bridge.cli.test.PATIENCE", 0.2)
    away = run(LEDGER, url="ws://127.0.0.1:1")
    assert away.exit_code == 2
    assert "no engine answers at ws://127.0.0.1:1" in away.stderr
    for arguments in (["--skip", "everything"], ["no.Service"], ["--worker", "true", "--reflection"]):
        assert run(*arguments, url=link.bridge.url).exit_code == 2, arguments
