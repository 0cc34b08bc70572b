"""Tables of messages: what has no JSON form, where and why; and what profiles print."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest

from iii_bridge.abi import v1 as abi
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.protojson import CodecError, codec_for
from iii_bridge.contract.spec import Defaults, Enums, Int64, JsonProfile, Names
from tests.contract_layer.contracts import everything, orders, rules

NAN = float("nan")
UTC = datetime.UTC


class Wrong(str):
    """A text that is no enum, message or anything else."""

    __slots__ = ()


REFUSED: list[tuple[str, Any, str, str]] = [
    # attribute, value, path, a part of the problem
    ("an_int32", 2**31, "$.anInt32", "out of range for int32"),
    ("an_int32", -(2**31) - 1, "$.anInt32", "out of range for int32"),
    ("a_uint32", -1, "$.aUint32", "out of range for uint32"),
    ("an_int64", 2**63, "$.anInt64", "out of range for int64"),
    ("a_uint64", -1, "$.aUint64", "out of range for uint64"),
    ("a_fixed64", 2**64, "$.aFixed64", "out of range for uint64"),
    ("an_int32", True, "$.anInt32", "expected an int, found bool"),
    ("an_int32", 1.0, "$.anInt32", "expected an int, found float"),
    ("an_int32", "1", "$.anInt32", "expected an int, found str"),
    ("an_int32", None, "$.anInt32", "expected an int, found NoneType"),
    ("int32s", [0, 2**31], "$.int32s[1]", "out of range for int32"),
    ("int64s", [0, True], "$.int64s[1]", "found bool"),
    ("uint64s", [-1], "$.uint64s[0]", "out of range for uint64"),
    ("a_double", "1", "$.aDouble", "expected a float, found str"),
    ("a_double", True, "$.aDouble", "expected a float, found bool"),
    ("a_double", 10**400, "$.aDouble", "out of range for double"),
    ("a_float", 3.5e38, "$.aFloat", "out of range for float"),
    ("a_float", -1e39, "$.aFloat", "out of range for float"),
    ("floats", [1.0, 1e39], "$.floats[1]", "out of range for float"),
    ("a_bool", 1, "$.aBool", "expected a bool, found int"),
    ("a_string", b"x", "$.aString", "expected a str, found bytes"),
    ("a_string", None, "$.aString", "expected a str, found NoneType"),
    ("a_string", "\ud800", "$.aString", "surrogate"),
    ("strings", ["a", "\udc00"], "$.strings[1]", "surrogate"),
    ("strings", "ab", "$.strings", "expected a list, found str"),
    ("strings", None, "$.strings", "expected a list, found NoneType"),
    ("a_bytes", "x", "$.aBytes", "expected bytes, found str"),
    ("a_color", "RED", "$.aColor", "expected an int, found str"),
    ("a_color", 2**31, "$.aColor", "out of range for int32"),
    ("colors", [None], "$.colors[0]", "found NoneType"),
    ("a_small", {"number": 1}, "$.aSmall", "expected Small, found dict"),
    ("smalls", [None], "$.smalls[0]", "expected Small, found NoneType"),
    ("by_string", {"a": 1}, '$.byString["a"]', "expected a str, found int"),
    ("by_string", {1: "a"}, '$.byString["1"]', "in the key: expected a str"),
    ("by_string", {"\ud800": "a"}, '$.byString["\\ud800"]', "surrogate"),
    ("by_string", [("a", "b")], "$.byString", "expected a dict, found list"),
    ("by_int32", {2**31: 1}, '$.byInt32["2147483648"]', "in the key: the number is out of range for int32"),
    ("by_int32", {1: 2**63}, '$.byInt32["1"]', "out of range for int64"),
    ("by_int32", {True: 1}, '$.byInt32["True"]', "in the key: expected an int, found bool"),
    ("by_bool", {1: None}, '$.byBool["1"]', "in the key: expected a bool"),
    ("by_bool", {True: None}, '$.byBool["True"]', "expected Small, found NoneType"),
    ("timestamp", datetime.datetime(2024, 1, 1), "$.timestamp", "no time zone"),
    ("timestamp", datetime.date(2024, 1, 1), "$.timestamp", "expected a datetime, found date"),
    (
        "timestamp",
        datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
        "$.timestamp",
        "outside the years",
    ),
    ("timestamps", [None], "$.timestamps[0]", "expected a datetime"),
    ("duration", 5, "$.duration", "expected a timedelta, found int"),
    ("duration", datetime.timedelta(days=3_652_501), "$.duration", "10000 years"),
    ("mask", abi.FieldMask(paths=["aB"]), "$.mask", "no JSON form"),
    ("mask", abi.FieldMask(paths=["a__b"]), "$.mask", "no JSON form"),
    ("mask", abi.FieldMask(paths=["a_"]), "$.mask", "no JSON form"),
    ("mask", abi.FieldMask(paths=["a,b"]), "$.mask", "no JSON form"),
    ("mask", "a", "$.mask", "expected FieldMask, found str"),
    ("struct", {"a": 1}, "$.struct", "expected Struct, found dict"),
    ("struct", abi.Struct(fields={"a": abi.Value()}), '$.struct["a"]', "exactly one kind"),
    ("value", abi.Value(), "$.value", "exactly one kind"),
    ("value", abi.Value(string_value="a", bool_value=True), "$.value", "exactly one kind"),
    ("value", abi.Value(number_value=NAN), "$.value", "no JSON values"),
    ("value", abi.Value(number_value=10**400), "$.value", "out of range"),
    ("value", abi.Value.from_python({"a": [1, {"b": "\ud800"}]}), '$.value["a"][1]["b"]', "surrogate"),
    ("list", abi.ListValue(values=[abi.Value()]), "$.list[0]", "exactly one kind"),
    ("list", [1], "$.list", "expected ListValue, found list"),
    ("any", abi.Any(type_url="a.b/x.v1.Nothing"), '$.any["@type"]', "import the module"),
    ("any", abi.Any(type_url="every.v1.Small"), '$.any["@type"]', "no message of the type"),
    ("any", abi.Any(value=b"x"), '$.any["@type"]', "no message of the type"),
    ("any", abi.Any(type_url="a.b/every.v1.Small", value=b"\x08"), "$.any", "not a message of its type"),
    ("any", Wrong("x"), "$.any", "expected Any, found Wrong"),
    ("empty", abi.Struct(), "$.empty", "expected Empty, found Struct"),
    ("null", 1, "$.null", "expected NullValue.NULL_VALUE"),
    ("wrapped_int32", 2**31, "$.wrappedInt32", "out of range for int32"),
    ("wrapped_bool", 1, "$.wrappedBool", "expected a bool"),
    ("wrapped_int32s", [None], "$.wrappedInt32s[0]", "expected an int"),
]


@pytest.mark.parametrize("defaults", list(Defaults))
@pytest.mark.parametrize(
    ("attribute", "value", "path", "problem"), REFUSED, ids=[f"{row[0]}-{number}" for number, row in enumerate(REFUSED)]
)
def test_refused_with_the_place_and_the_reason(
    attribute: str, value: Any, path: str, problem: str, defaults: Defaults
) -> None:
    message = everything().cls("every.v1.Everything")()
    setattr(message, attribute, value)
    codec = codec_for(type(message), JsonProfile(defaults=defaults))
    with pytest.raises(CodecError) as caught:
        codec.encode(message)
    assert caught.value.path == path
    assert problem in caught.value.problem


def test_two_members_of_a_oneof_are_refused() -> None:
    message = everything().cls("every.v1.Everything")(choice_number=0, choice_bool=False)
    with pytest.raises(CodecError) as caught:
        codec_for(type(message)).encode(message)
    assert caught.value.path == "$.choiceBool"
    assert "oneof choice" in caught.value.problem


def test_a_message_of_another_class_is_refused_at_the_root() -> None:
    codec: Any = codec_for(orders().cls("shop.v1.Order"))
    for wrong in (orders().cls("shop.v1.Line")(), {}, None, "x"):
        with pytest.raises(CodecError) as caught:
            codec.encode(wrong)
        assert caught.value.path == "$"
        assert caught.value.problem == f"expected Order, found {type(wrong).__name__}"


def test_a_subclass_of_a_message_is_fine() -> None:
    order = orders().cls("shop.v1.Order")

    class Mine(order):  # type: ignore[misc,valid-type] -- made at run time
        """A user's own."""

    assert codec_for(order).encode(Mine(order_id="a")) == codec_for(order).encode(order(order_id="a"))


def test_int_and_int_enum_and_bytearray_and_tuple_are_taken_for_what_they_mean() -> None:
    cls = everything().cls("every.v1.Everything")
    codec = codec_for(cls, JsonProfile(defaults=Defaults.OMIT))
    message = cls(a_double=3, a_color=7, a_bytes=bytearray(b"\0"), strings=("a",), value=abi.Value(number_value=1))
    members = {"aDouble": 3.0, "aColor": "GREEN", "aBytes": "AA==", "strings": ["a"], "value": 1.0}
    assert json.loads(codec.encode(message)) == members


def test_nesting_ends_at_a_hundred_and_a_circle_is_refused() -> None:
    node = everything().cls("every.v1.Node")
    codec = codec_for(node)
    deep = node()
    for _ in range(MAX_DEPTH - 1):
        deep = node(child=deep)
    assert codec.decode(codec.encode(deep)) == deep
    with pytest.raises(CodecError, match="100 deep"):
        codec.encode(node(children=[deep]))
    circle = node()
    circle.child = circle
    with pytest.raises(CodecError, match="100 deep"):
        codec.encode(circle)
    value = abi.Value(list_value=abi.ListValue())
    value.list_value = abi.ListValue(values=[value])
    with pytest.raises(CodecError, match="100 deep"):
        codec_for(abi.Value).encode(value)


@pytest.mark.parametrize("defaults", list(Defaults))
def test_required_members_are_written_or_refused(defaults: Defaults) -> None:
    cls = rules().cls("rules.v1.Request")
    codec = codec_for(cls, JsonProfile(defaults=defaults))
    moment = datetime.datetime(2024, 1, 1, tzinfo=UTC)
    members = json.loads(codec.encode(cls(since=moment, limit=0)))
    expected: dict[str, Any] = {"sku": "", "since": "2024-01-01T00:00:00Z", "tags": [], "limit": 0}
    assert members == (expected | {"quantity": "0"} if defaults is Defaults.EMIT else expected)
    for message, path in [(cls(limit=1), "$.since"), (cls(since=moment), "$.limit")]:
        with pytest.raises(CodecError) as caught:
            codec.encode(message)
        assert (caught.value.path, caught.value.problem) == (path, "the required member is not set")


def printed(**axes: Any) -> Callable[[Any], dict[str, Any]]:
    def encode(message: Any) -> dict[str, Any]:
        members: dict[str, Any] = json.loads(codec_for(type(message), JsonProfile(**axes)).encode(message))
        return members

    return encode


def test_the_default_profile_emits_defaults() -> None:
    cls = orders().cls("shop.v1.Order")
    assert printed()(cls()) == {
        "orderId": "",
        "customerNumber": "0",
        "status": "STATUS_UNSPECIFIED",
        "lines": [],
        "signature": "",
        "labels": {},
        "counts": {},
        "tags": [],
        "weight": 0.0,
        "gift": False,
    }
    assert printed(defaults=Defaults.OMIT)(cls()) == {}


def test_presence_is_kept_under_every_profile() -> None:
    message = orders().cls("shop.v1.Order")(note="", invoice_number="")
    for defaults in Defaults:
        members = printed(defaults=defaults)(message)
        assert members["note"] == members["invoiceNumber"] == ""
        assert "cardToken" not in members


def test_negative_zero_is_no_default() -> None:
    cls = everything().cls("every.v1.Everything")
    text = codec_for(cls, JsonProfile(defaults=Defaults.OMIT)).encode(cls(a_double=-0.0, a_float=-0.0))
    assert text == b'{"aDouble":-0.0,"aFloat":-0.0}'


def test_each_axis_of_a_profile() -> None:
    contract = orders()
    status: Any = contract.cls("shop.v1.Status")
    message = contract.cls("shop.v1.Order")(customer_number=5, status=status(2))
    base = {"defaults": Defaults.OMIT}
    assert printed(**base)(message) == {"customerNumber": "5", "status": "STATUS_PAID"}
    assert printed(**base, names=Names.PROTO)(message) == {"customer_number": "5", "status": "STATUS_PAID"}
    assert printed(**base, int64=Int64.NUMBER)(message) == {"customerNumber": 5, "status": "STATUS_PAID"}
    assert printed(**base, enums=Enums.NUMBER)(message) == {"customerNumber": "5", "status": 2}


def test_numbers_are_printed_as_short_as_they_are_exact() -> None:
    cls = everything().cls("every.v1.Everything")
    codec = codec_for(cls, JsonProfile(defaults=Defaults.OMIT))
    for value, text in [
        (0.10000000149011612, b"0.1"),
        (0.1, b"0.1"),
        (16777216.0, b"16777216.0"),
        (1e-45, b"1.4013e-45"),
        (3.4028234663852886e38, b"3.4028234663852886e38"),
    ]:
        assert codec.encode(cls(a_float=value)) == b'{"aFloat":' + text + b"}"
    assert codec.encode(cls(floats=[NAN, float("inf"), -float("inf")])) == b'{"floats":["NaN","Infinity","-Infinity"]}'


def test_times_have_no_more_digits_than_needed() -> None:
    cls = everything().cls("every.v1.Everything")
    codec = codec_for(cls, JsonProfile(defaults=Defaults.OMIT))
    east = datetime.timezone(datetime.timedelta(hours=2))
    for moment, text in [
        (datetime.datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
        (datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "9999-12-31T23:59:59.999999Z"),
        (datetime.datetime(2024, 2, 29, 1, 30, 0, 500000, tzinfo=east), "2024-02-28T23:30:00.500Z"),
        (datetime.datetime(2024, 2, 29, 0, 0, 0, 5, tzinfo=UTC), "2024-02-29T00:00:00.000005Z"),
    ]:
        assert json.loads(codec.encode(cls(timestamp=moment))) == {"timestamp": text}
    for length, text in [
        (datetime.timedelta(0), "0s"),
        (datetime.timedelta(seconds=-0.5), "-0.500s"),
        (datetime.timedelta(seconds=-1, microseconds=-1), "-1.000001s"),
        (datetime.timedelta(seconds=315_576_000_000), "315576000000s"),
    ]:
        assert json.loads(codec.encode(cls(duration=length))) == {"duration": text}
        assert codec.decode(json.dumps({"duration": text})).duration == length


def test_any_carries_its_type() -> None:
    contract = everything()
    small = contract.cls("every.v1.Small")
    cls = contract.cls("every.v1.Everything")
    codec = codec_for(cls, JsonProfile(defaults=Defaults.OMIT))
    for content, members in [
        (small(number=5), {"@type": "type.googleapis.com/every.v1.Small", "number": 5}),
        (abi.Duration(seconds=3), {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "3s"}),
        (abi.Struct.from_dict({"a": 1}), {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {"a": 1.0}}),
        (abi.Int64Value(value=7), {"@type": "type.googleapis.com/google.protobuf.Int64Value", "value": "7"}),
        (abi.Empty(), {"@type": "type.googleapis.com/google.protobuf.Empty"}),
        (
            abi.Any.pack(small(text="a")),
            {
                "@type": "type.googleapis.com/google.protobuf.Any",
                "value": {"@type": "type.googleapis.com/every.v1.Small", "text": "a"},
            },
        ),
    ]:
        message = cls(any=abi.Any.pack(content))
        assert json.loads(codec.encode(message)) == {"any": members}
        assert codec.decode(codec.encode(message)).any.unpack() == content
