"""Rules in the codec: verdicts, places and sentences, on both sides of a call."""

from __future__ import annotations

import datetime
import functools
from typing import Any

import pytest

from iii_bridge.contract.compile_rules import RuleChecker, rule_checker
from iii_bridge.contract.plan import plan_of
from iii_bridge.contract.problems import CodecError
from iii_bridge.contract.protojson import codec_for
from iii_bridge.contract.spec import JsonProfile, Names
from iii_bridge.errors import UnsupportedError
from tests.contract_layer.contracts import orders
from tests.contract_layer.dynamic import Contract, compile_proto

HEAD = """
syntax = "proto3";
package ruled.v1;
import "buf/validate/validate.proto";
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
"""
ORDER = (
    HEAD
    + """
enum Status { STATUS_UNSPECIFIED = 0; STATUS_OPEN = 1; }
message Line {
  string stock_unit = 1 [(buf.validate.field).string = { min_len: 1 max_len: 5 pattern: "^[a-z0-9-]*$" }];
  int64 quantity = 2 [(buf.validate.field).int64.gte = 1];
}
message Order {
  option (buf.validate.message).oneof = { fields: ["gift", "coupon"] };
  string order_id = 1 [(buf.validate.field).required = true];
  repeated Line lines = 2 [(buf.validate.field).repeated.max_items = 3];
  map<string, double> weights = 3 [
    (buf.validate.field).map = { keys { string { prefix: "k" } } values { double { gt: 0 } } }
  ];
  optional int32 floor = 4 [(buf.validate.field).int32 = { gte: -2 lte: 40 }];
  Status status = 5 [(buf.validate.field).enum.defined_only = true];
  string secret = 6 [(buf.validate.field).string.len = 4, debug_redact = true];
  google.protobuf.Timestamp placed_at = 7 [(buf.validate.field).timestamp.lt_now = true];
  repeated string tags = 8 [(buf.validate.field).repeated.unique = true];
  bool gift = 9;
  string coupon = 10;
  oneof payment { option (buf.validate.oneof).required = true; string card = 11; Order again = 12; }
  google.protobuf.Int64Value limit = 13 [(buf.validate.field).int64.lt = 10];
}
message Holder { Order order = 1; }
message Free { string a = 1; Free inner = 2; }
"""
)


@functools.cache
def contract() -> Contract:
    return compile_proto(ORDER, "ruled.proto")


def order(**changes: Any) -> Any:
    line = contract().cls("ruled.v1.Line")
    members: dict[str, Any] = {
        "order_id": "o",
        "lines": [line(stock_unit="a", quantity=1)],
        "secret": "1234",
        "card": "c",
    }
    return contract().cls("ruled.v1.Order")(**{**members, **changes})


def line(stock_unit: str = "a", quantity: int = 1) -> Any:
    return contract().cls("ruled.v1.Line")(stock_unit=stock_unit, quantity=quantity)


NOW = int(datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC).timestamp()) * 10**9


def checker(name: str = "ruled.v1.Order", names: Names = Names.JSON) -> RuleChecker:
    found = rule_checker(plan_of(contract().cls(name)), names, now=lambda: NOW)
    assert found is not None
    return found


BROKEN = [
    (order(order_id=""), "the required member is empty at $.orderId"),
    (order(lines=[line(), line(quantity=0)]), "must be at least 1 at $.lines[1].quantity"),
    (order(lines=[line("")]), "must have at least 1 character at $.lines[0].stockUnit"),
    (order(lines=[line("abcdef")]), "must have at most 5 characters at $.lines[0].stockUnit"),
    (order(lines=[line("A")]), "must match the pattern ^[a-z0-9-]*$ at $.lines[0].stockUnit"),
    (order(lines=[line()] * 4), "must have at most 3 items at $.lines"),
    (order(weights={"x": 1.0}), 'in the key: must begin with "k" at $.weights["x"]'),
    (order(weights={"k": float("nan")}), 'must be greater than 0 at $.weights["k"]'),
    (order(floor=-3), "must be at least -2 at $.floor"),
    (order(floor=41), "must be at most 40 at $.floor"),
    (order(status=7), "must be a value that ruled.v1.Status names at $.status"),
    (order(secret="geheim"), "breaks the rule string.len at $.secret"),
    (order(placed_at=datetime.datetime(2026, 11, 26, tzinfo=datetime.UTC)), "must be in the past at $.placedAt"),
    (order(tags=["a", "b", "a"]), "must not hold an item twice at $.tags"),
    (order(gift=True, coupon="x"), "at most one of the members gift, coupon may be set at $"),
    (order(card=None), "a member of the oneof payment must be set at $"),
    (order(limit=10), "must be less than 10 at $.limit"),
    (order(card=None, again=order(order_id="")), "the required member is empty at $.again.orderId"),
]


@pytest.mark.parametrize(("message", "expected"), BROKEN, ids=[row[1] for row in BROKEN])
def test_what_is_broken_and_where(message: Any, expected: str) -> None:
    with pytest.raises(CodecError) as caught:
        checker().check(message)
    assert str(caught.value) == expected
    assert [str(error) for error in checker().violations(message)] == [expected]


def test_what_follows_its_rules() -> None:
    for message in (order(), order(floor=None), order(floor=-2), order(gift=True), order(limit=None), order(limit=9)):
        checker().check(message)
        assert checker().violations(message) == []


def test_all_violations_in_the_order_of_the_contract() -> None:
    found = checker(names=Names.PROTO).violations(order(order_id="", lines=[line("A", 0)], floor=99))
    assert [error.path for error in found] == [
        "$.order_id",
        "$.lines[0].stock_unit",
        "$.lines[0].quantity",
        "$.floor",
    ]


def test_both_sides_of_the_codec_check() -> None:
    codec = codec_for(contract().cls("ruled.v1.Order"))
    good = codec.encode(order())
    assert codec.decode(good) == order()
    bad = good.replace(b'"quantity":"1"', b'"quantity":"0"')
    for read in (codec.decode, codec.decode_request, lambda data: codec.decode(data.replace(b"lines", b"\\u006cines"))):
        with pytest.raises(CodecError, match=r"^must be at least 1 at \$\.lines\[0\]\.quantity$"):
            read(bad)
    with pytest.raises(CodecError, match=r"^must be at least 1 at \$\.lines\[0\]\.quantity$"):
        codec.encode(order(lines=[line(quantity=0)]))
    snake = codec_for(contract().cls("ruled.v1.Order"), JsonProfile(names=Names.PROTO))
    with pytest.raises(CodecError, match=r"at \$\.lines\[0\]\.stock_unit$"):
        snake.encode(order(lines=[line("A")]))


def test_types_are_checked_before_rules() -> None:
    codec = codec_for(contract().cls("ruled.v1.Order"))
    with pytest.raises(CodecError, match=r"expected .* at \$\.lines\[0\]\.quantity"):
        codec.encode(order(lines=[line(quantity="many")]))  # type: ignore[arg-type]


def test_rules_of_what_a_message_holds_count() -> None:
    with pytest.raises(CodecError, match=r"at \$\.order\.orderId"):
        checker("ruled.v1.Holder").check(contract().cls("ruled.v1.Holder")(order=order(order_id="")))


def test_a_message_without_rules_costs_nothing() -> None:
    assert rule_checker(plan_of(contract().cls("ruled.v1.Free"))) is None
    assert rule_checker(plan_of(orders().cls("shop.v1.Order"))) is None
    assert codec_for(orders().cls("shop.v1.Order"))._rules is None


def test_now_is_the_clock_of_this_machine() -> None:
    real = rule_checker(plan_of(contract().cls("ruled.v1.Order")))
    assert real is not None
    now = datetime.datetime.now(datetime.UTC)
    real.check(order(placed_at=now - datetime.timedelta(hours=1)))
    with pytest.raises(CodecError, match="must be in the past"):
        real.check(order(placed_at=now + datetime.timedelta(hours=1)))


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        (
            "int32 a = 1 [(buf.validate.field).string.min_len = 1]",
            r"\.a has rules of the kind string, where rules of the",
        ),
        ("string a = 1 [(buf.validate.field).cel_expression = 'true']", r"\.a has a rule in CEL"),
        (
            "repeated string a = 1 [(buf.validate.field).repeated.items.cel_expression = 'true']",
            r"\.a has a rule in CEL",
        ),
        ("option (buf.validate.message).cel_expression = 'true'", r"M has a rule in CEL"),
        ("option (buf.validate.message).oneof = { fields: 'b' }", r"names the field b, which does not exist"),
        ("string a = 1 [(buf.validate.field).string.pattern = '(']", r"\.a has a pattern that cannot be read"),
    ],
)
def test_what_cannot_be_checked_is_refused(field: str, problem: str) -> None:
    package = f"refused.v{abs(hash(field))}"
    text = HEAD.replace("ruled.v1", package) + f"message M {{ {field}; }} message N {{ M m = 1; string s = 2; }}"
    found = compile_proto(text, f"{package}.proto")
    for name in ("N", "M", "N"):
        with pytest.raises(UnsupportedError, match=problem):
            rule_checker(plan_of(found.cls(f"{package}.{name}")))
