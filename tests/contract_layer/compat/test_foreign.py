"""One model in Pydantic, schemars and Zod, against each other and against a contract of ours.

`foreign/*.json` were made by the libraries themselves (`foreign/make.py`); `foreign/findings.txt` is what is
said of them.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from iii_bridge.contract.compat import Verdict, compare
from iii_bridge.contract.spec import JsonProfile
from iii_bridge.errors import Side
from iii_codegen.emit.jsonschema.dialects import DIALECTS, document
from iii_codegen.emit.jsonschema.shapes import Shapes, View
from tests.codegen.support import shop, tree_of
from tests.contract_layer.compat.foreign.make import pydantic
from tests.contract_layer.compat.schemas import valid

FOREIGN = Path(__file__).parent / "foreign"
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in sorted(FOREIGN.glob("*.json"))}

CONTRACT = shop(
    """
    enum Currency { CURRENCY_UNSPECIFIED = 0; EUR = 1; USD = 2; }
    message Money { Currency currency = 1; int64 units = 2; }
    message Line { string sku = 1; uint32 quantity = 2; repeated Line parts = 3; }
    message Payment { string kind = 1; optional string number = 2; }
    message Order {
      string id = 1;
      repeated Line lines = 2;
      Money total = 3 [(google.api.field_behavior) = REQUIRED];
      optional string note = 4;
      map<string, string> attributes = 5;
      double weight = 6;
      google.protobuf.Timestamp placed = 7 [(google.api.field_behavior) = REQUIRED];
      Payment payment = 8;
    }
    """
)


@functools.cache
def ours(*, wide: bool, response: bool, dialect: str = "2020-12") -> dict[str, Any]:
    view = View(JsonProfile(), response, wide=wide)
    return json.loads(json.dumps(document(Shapes(tree_of(CONTRACT), view), "shop.v1.Order", DIALECTS[dialect])))


def said() -> str:
    lines: list[str] = []
    for name, theirs in SCHEMAS.items():
        lines.append(f"{name}: our caller, their function")
        request = compare(ours(wide=False, response=True), theirs, Side.REQUEST)
        response = compare(theirs, ours(wide=True, response=False), Side.RESPONSE)
        lines += [f"  {finding.verdict.value}: {finding}" for finding in (*request.findings, *response.findings)]
    lines.append("against each other")
    for name, producer in SCHEMAS.items():
        verdicts = [compare(producer, consumer).verdict.value for consumer in SCHEMAS.values()]
        lines.append(f"  {name}: " + " ".join(verdicts))
    return "\n".join(lines) + "\n"


def test_findings_are_those_on_file() -> None:
    assert said() == (FOREIGN / "findings.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCHEMAS)
def test_witnesses_are_accepted_by_one_and_refused_by_the_other(name: str) -> None:
    pairs = [(ours(wide=False, response=True), SCHEMAS[name])]
    pairs += [pair for other in SCHEMAS.values() for pair in ((SCHEMAS[name], other), (other, SCHEMAS[name]))]
    shown = 0
    for producer, consumer in pairs:
        for finding in compare(producer, consumer).findings:
            if finding.verdict is Verdict.INCOMPATIBLE:
                assert valid(producer, finding.witness)
                assert not valid(consumer, finding.witness)
                shown += 1
    assert shown


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("response", [False, True])
def test_what_we_print_is_proven_to_be_what_we_read(dialect: str, response: bool) -> None:
    printed = ours(wide=False, response=response, dialect=dialect)
    for other in DIALECTS:
        assert compare(printed, ours(wide=True, response=False, dialect=other)).findings == ()


def test_the_captured_schemas_are_those_pydantic_makes_now() -> None:
    assert {name: SCHEMAS[name] for name in pydantic()} == pydantic()
