"""Examples of the contract, spelled under each profile."""

from __future__ import annotations

from typing import Any

import pytest

from iii_bridge.contract.spec import Enums, Int64, JsonProfile
from iii_codegen.emit.jsonschema.dialects import DIALECTS, document
from iii_codegen.emit.jsonschema.shapes import Shapes, View
from tests.codegen.emit.jsonschema.samples import VALIDATORS
from tests.codegen.support import shop, tree_of

CONTRACT = shop(
    """
    enum E { ZERO = 0; ONE = 1; UNO = 1; option allow_alias = true; }
    message M {
      string text = 1 [(buf.validate.field).string = { min_len: 1 example: "x" example: "y" }];
      int64 long = 2 [(buf.validate.field).int64.example = 5];
      repeated E many = 3 [(buf.validate.field).repeated.items.enum = { example: 1 example: 7 }];
      map<string, bytes> named = 4 [(buf.validate.field).map.values.bytes.example = "\\001\\377"];
      google.protobuf.Duration span = 5 [(buf.validate.field).duration.example = { seconds: 3 }];
      double ratio = 6 [(buf.validate.field).double.example = inf];
      google.protobuf.UInt64Value box = 7 [(buf.validate.field).uint64.example = 18446744073709551615];
      optional bool flag = 8 [(buf.validate.field) = { required: true bool: { example: true } }];
      int32 plain = 9 [(buf.validate.field).int32.gte = 0];
    }
    """
)


def properties(**view: Any) -> dict[str, Any]:
    shapes = Shapes(tree_of(CONTRACT), View(**{"profile": JsonProfile(), "response": False, **view}))
    found: dict[str, Any] = document(shapes, "shop.v1.M", DIALECTS["2020-12"])["properties"]
    return found


def test_examples_are_spelled_as_they_are_printed() -> None:
    found = properties()
    assert found["text"]["examples"] == ["x", "y"]
    assert found["long"]["examples"] == ["5"]
    assert found["many"]["items"]["examples"] == ["ONE", 7]
    assert found["named"]["additionalProperties"]["examples"] == ["Af8="]
    assert found["span"]["examples"] == ["3s"]
    assert found["ratio"]["examples"] == ["Infinity"]
    assert found["box"]["examples"] == ["18446744073709551615"]
    assert found["flag"]["examples"] == [True]
    assert "examples" not in found["plain"]
    for name in ("text", "long", "named", "span", "ratio", "box", "flag"):
        one = found[name].get("additionalProperties", found[name])
        assert all(VALIDATORS["2020-12"](one).is_valid(example) for example in one["examples"])


def test_other_profiles() -> None:
    found = properties(profile=JsonProfile(int64=Int64.NUMBER, enums=Enums.NUMBER))
    assert (found["long"]["examples"], found["box"]["examples"]) == ([5], [2**64 - 1])
    assert found["many"]["items"]["examples"] == [1, 7]


@pytest.mark.parametrize("name", ["text", "many", "named", "span"])
def test_validators_need_none(name: str) -> None:
    assert "examples" not in str(properties(wide=True)[name])
