"""Rules in CEL: evaluated for google's messages, in the words of the contract and never with values."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import pytest

from iii_bridge.contract.cel_rules import CelRules
from iii_bridge.contract.plan import plan_of
from iii_bridge.contract.problems import CodecError
from iii_bridge.contract.protojson import codec_for
from iii_bridge.contract.rules import CustomRule
from iii_bridge.contract.spec import JsonProfile, Names
from iii_bridge.errors import UnsupportedError
from tests.contract_layer.dynamic import Contract, compile_proto

CONTRACT = """
syntax = "proto3";
package cel.v1;
import "buf/validate/validate.proto";

message Line {
  int32 unit_count = 1 [(buf.validate.field).cel = {
    id: "even" message: "must be even" expression: "this % 2 == 0"
  }, (buf.validate.field).int32.gte = 0];
}
message Order {
  option (buf.validate.message).cel = {
    id: "order.total" expression: "this.total == 0 ? '' : 'the total is %s'.format([this.total])"
  };
  int64 total = 1;
  repeated Line lines = 2;
  map<string, Line> named_lines = 3 [(buf.validate.field).map.keys.cel_expression = "this.startsWith('k')"];
  string secret = 4 [debug_redact = true, (buf.validate.field).cel = {
    id: "secret.short" message: "must be short" expression: "this.size() < 3"
  }];
  map<bool, Line> by_answer = 5;
  string broken = 6 [(buf.validate.field).cel_expression = "this == '' || int(this) > 0"];
}
message Holder { Order order = 1; }
message Plain { string a = 1; }
"""


@functools.cache
def contract() -> Contract:
    return compile_proto(CONTRACT, "cel.proto")


CASES = [
    ({"lines": [{"unitCount": 2}, {"unitCount": 1}]}, "must be even at $.lines[1].unitCount"),
    ({"lines": [{"unitCount": -2}]}, "must be at least 0 at $.lines[0].unitCount"),
    ({"total": "77"}, "breaks the rule order.total at $"),
    ({"namedLines": {"k": {"unitCount": 3}}}, 'must be even at $.namedLines["k"].unitCount'),
    ({"namedLines": {"x": {}}}, """in the key: breaks the rule this.startsWith('k') at $.namedLines["x"]"""),
    ({"byAnswer": {"true": {"unitCount": 1}}}, 'must be even at $.byAnswer["true"].unitCount'),
    ({"secret": "geheim"}, "breaks the rule secret.short at $.secret"),
    ({"broken": "no number"}, "a rule in CEL cannot be evaluated at $"),
]


@pytest.mark.parametrize(("document", "expected"), CASES, ids=[row[1] for row in CASES])
def test_what_is_broken_and_where(document: dict[str, Any], expected: str) -> None:
    import json

    codec = codec_for(contract().google("cel.v1.Order"))
    with pytest.raises(CodecError) as caught:
        codec.decode(json.dumps(document))
    assert str(caught.value) == expected


def test_what_follows_its_rules() -> None:
    codec = codec_for(contract().google("cel.v1.Order"))
    text = '{"lines":[{"unitCount":2}],"namedLines":{"k":{}},"secret":"ab","broken":"1"}'
    assert codec.decode(codec.encode(codec.decode(text))) == codec.decode(text)
    assert codec_for(contract().google("cel.v1.Plain"))._rules is None


def test_names_follow_the_profile_and_all_are_found() -> None:
    codec = codec_for(contract().google("cel.v1.Holder"), JsonProfile(names=Names.PROTO))
    line = contract().google("cel.v1.Line")
    message = contract().google("cel.v1.Holder")()
    message.order.lines.extend([line(unit_count=1), line(unit_count=3)])
    with pytest.raises(CodecError, match=r"^must be even at \$\.order\.lines\[0\]\.unit_count$"):
        codec.encode(message)
    assert codec._rules is not None
    assert [error.path for error in codec._rules.violations(message)] == [
        "$.order.lines[0].unit_count",
        "$.order.lines[1].unit_count",
    ]


def test_betterproto2_refuses_them() -> None:
    with pytest.raises(
        UnsupportedError, match=r"cel\.v1\.\w+(\.\w+)? has a rule in CEL, which is not evaluated for betterproto2"
    ):
        codec_for(contract().cls("cel.v1.Order")).decode("{}")


def test_without_protovalidate_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    plan = plan_of(contract().google("cel.v1.Order"))
    with pytest.raises(
        UnsupportedError, match=r"cel\.v1\.Order has a rule in CEL, .* pip install 'iii-bridge\[validate\]'$"
    ):
        CelRules(plan, Names.JSON, [("cel.v1.Order", CustomRule("x", cel=True))])


def test_rules_nobody_knows_are_refused() -> None:
    plan = plan_of(contract().google("cel.v1.Order"))
    with pytest.raises(
        UnsupportedError, match=r"cel\.v1\.Order\.total has a rule that is not known \(field option 99\)"
    ):
        CelRules(plan, Names.JSON, [("cel.v1.Order.total", CustomRule("field option 99", cel=False))])
