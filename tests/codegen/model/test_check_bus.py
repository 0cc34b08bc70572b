"""Lints find what they are named for, and nothing in a contract that is fit for a bus."""

from __future__ import annotations

import pytest

from iii_codegen.model.check_bus import check_bus
from iii_codegen.model.codes import CODES
from iii_codegen.model.diagnostics import Report, Severity
from tests.codegen.support import shop, tree_of

METHOD = "message R {{}}\nservice S {{\n  // Does it.\n  rpc M(R) returns (R) {{ {} }}\n}}"


def field(text: str) -> str:
    return f"message M {{ {text} }}"


def named(*ids: str) -> str:
    methods = [
        f'\n// Does it.\nrpc M{n}(R) returns (R) {{ option (iii_bridge.v1.function) = {{ id: "{name}" }}; }}'
        for n, name in enumerate(ids)
    ]
    return f"message R {{}}\nservice S {{ {' '.join(methods)} }}"


CASES = [
    ("III601", named("Orders::place")),
    ("III601", named("place")),
    ("III601", named("orders::place_it")),
    ("III602", named("orders::placeit", "orders::place-it")),
    ("III603", field("map<int64, string> names = 1;")),
    ("III603", field("map<fixed64, string> names = 1;")),
    ("III604", field("string order_id = 1; string orderid = 2;")),
    ("III605", field("bytes data = 1;")),
    ("III605", field("map<string, bytes> data = 1;")),
    ("III606", "message R {}\nservice S { rpc M(R) returns (R); }"),
]


def lints(body: str) -> Report:
    report = Report()
    check_bus(tree_of(shop(body)), report)
    return report


@pytest.mark.parametrize(("code", "body"), CASES)
def test_found(code: str, body: str) -> None:
    (finding,) = lints(body).diagnostics
    assert (finding.code, finding.severity) == (code, Severity.WARNING)
    assert finding.place.line >= 14


def test_every_lint_has_a_case() -> None:
    assert {code for code, _ in CASES} == {code for code in CODES if code.startswith("III6")}


@pytest.mark.parametrize(
    "body",
    [
        METHOD.format(""),
        named("orders::place", "orders::v2::place", "orders::place.http"),
        field("bytes data = 1 [(buf.validate.field).bytes.max_len = 100];"),
        field("repeated bytes data = 1 [(buf.validate.field).repeated.items.bytes = { len: 32 }];"),
        field("map<int32, string> names = 1; map<string, int64> counts = 2; int64 big = 3; string order_id = 4;"),
        'message R {}\nservice S { rpc M(R) returns (R) { option (iii_bridge.v1.function) = { description: "x" }; } }',
    ],
)
def test_nothing_found(body: str) -> None:
    assert lints(body).diagnostics == []
