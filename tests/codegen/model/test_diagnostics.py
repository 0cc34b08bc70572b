"""Findings: their order, their text, and which of them stop a run."""

from __future__ import annotations

from iii_codegen.model.diagnostics import Report, Severity
from iii_codegen.model.nodes import Place


def test_order_and_text() -> None:
    report = Report()
    report.add("III204", Place("b.proto", 1, 1), "response is no object")
    report.add("III201", Place("a.proto", 10, 3), "empty id", "write one")
    report.add("III005", Place("a.proto", 2, 7), "no version")
    report.add("III201", Place("a.proto", 10, 3), "empty id", "write one")
    assert [str(item) for item in report.diagnostics] == [
        "a.proto:2:7: warning III005: no version\n    hint: end the package in a version, such as shop.orders.v1",
        "a.proto:10:3: error III201: empty id\n    hint: write one",
        "b.proto:1:1: error III204: response is no object\n    hint: wrap the value in a message of its own",
    ]
    assert [item.code for item in report.errors] == ["III201", "III204"]
    assert [item.severity for item in report.warnings] == [Severity.WARNING]


def test_a_place_without_a_line() -> None:
    assert str(Place("a.proto")) == "a.proto"


def test_what_a_contract_says_stays_on_one_line() -> None:
    report = Report()
    report.add("III312", Place("a.proto", 1, 1), "cron expression é\n\x1b[31m cannot be read")
    (finding,) = report.diagnostics
    assert str(finding).split("\n")[0].endswith("cron expression é\\n\\x1b[31m cannot be read")
