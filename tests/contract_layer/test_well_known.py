"""The well-known types: what Python sees, and that binary keeps it."""

from __future__ import annotations

import datetime
import pickle
from typing import Any

import pytest
from google.protobuf import duration_pb2, struct_pb2, timestamp_pb2

from iii_bridge.abi import v1 as abi
from iii_bridge.contract import well_known
from iii_bridge.contract.registry import full_name_of
from tests.contract_layer.contracts import everything

UTC = datetime.UTC

DURATIONS = [
    datetime.timedelta(0),
    datetime.timedelta(seconds=-0.5),
    datetime.timedelta(seconds=1.5),
    datetime.timedelta(seconds=-1, microseconds=-1),
    datetime.timedelta(days=-3, microseconds=1),
    datetime.timedelta(seconds=315_576_000_000),
    -datetime.timedelta(seconds=315_576_000_000),
]
MOMENTS = [
    datetime.datetime(1970, 1, 1, tzinfo=UTC),
    datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime.datetime(1, 1, 1, tzinfo=UTC),
    datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
]


@pytest.mark.parametrize("length", DURATIONS, ids=str)
def test_durations_survive_binary_and_agree_with_google(length: datetime.timedelta) -> None:
    ours = abi.Duration.from_wrapped(length)
    assert abi.Duration.parse(bytes(ours)).to_wrapped() == length
    theirs = duration_pb2.Duration()
    theirs.FromTimedelta(length)
    assert bytes(ours) == theirs.SerializeToString()


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_timestamps_survive_binary_and_agree_with_google(moment: datetime.datetime) -> None:
    ours = abi.Timestamp.from_wrapped(moment)
    assert abi.Timestamp.parse(bytes(ours)).to_wrapped() == moment
    theirs = timestamp_pb2.Timestamp()
    theirs.FromDatetime(moment)
    assert bytes(ours) == theirs.SerializeToString()


def test_a_field_keeps_a_negative_half_second() -> None:
    cls = everything().cls("every.v1.Everything")
    length = datetime.timedelta(seconds=-0.5)
    message = cls(duration=length, durations=[length])
    assert cls.parse(bytes(message)) == message
    assert pickle.loads(pickle.dumps(abi.Duration.from_wrapped(length))).to_wrapped() == length  # noqa: S301 -- our own


@pytest.mark.parametrize("seconds", [0, 1, -1, 253_402_300_799, -62_135_596_800])
@pytest.mark.parametrize("nanos", [0, 1, 999, 1_000, 123_456_789, 999_999_999])
def test_nanoseconds_survive(seconds: int, nanos: int) -> None:
    moment = abi.Timestamp(seconds=seconds, nanos=nanos)
    assert abi.Timestamp.from_wrapped(moment.to_wrapped()) == moment
    sign = -1 if seconds < 0 else 1
    length = abi.Duration(seconds=seconds, nanos=sign * nanos)
    assert abi.Duration.from_wrapped(length.to_wrapped()) == length


def test_what_python_cannot_hold_is_refused() -> None:
    for seconds, nanos in [(253_402_300_800, 0), (-62_135_596_801, 0)]:
        with pytest.raises(ValueError, match="years 1 to 9999"):
            abi.Timestamp(seconds=seconds, nanos=nanos).to_wrapped()
    for nanos in (-1, 1_000_000_000):
        with pytest.raises(ValueError, match="0 to 999,999,999"):
            abi.Timestamp(nanos=nanos).to_wrapped()
    with pytest.raises(ValueError, match="999,999,999 days"):
        abi.Duration(seconds=2**62).to_wrapped()
    for seconds, nanos in [(1, -1), (-1, 1), (0, 1_000_000_000)]:
        with pytest.raises(ValueError, match="sign of its seconds"):
            abi.Duration(seconds=seconds, nanos=nanos).to_wrapped()
    with pytest.raises(ValueError, match="time zone"):
        abi.Timestamp.from_wrapped(datetime.datetime(2024, 1, 1))


VALUES: list[Any] = [None, True, False, 0.0, 1.5, "", "a", [], {}, [None, [1.0]], {"a": {"b": [False]}, "": None}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_are_python_values(value: Any) -> None:
    ours = abi.Value.from_python(value)
    assert ours.to_python() == value
    assert abi.Value.parse(bytes(ours)) == ours
    theirs = struct_pb2.Value.FromString(bytes(ours))
    assert struct_pb2.Value.WhichOneof(theirs, "kind") is not None


def test_structs_and_lists_are_dicts_and_lists() -> None:
    members = {"a": [1, "x"], "b": {"c": None}}
    assert abi.Struct.from_dict(members).to_dict() == {"a": [1.0, "x"], "b": {"c": None}}
    assert abi.ListValue.from_python((1, [2])).to_python() == [1.0, [2.0]]


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes has no JSON form"):
        abi.Value.from_python(b"x")
    with pytest.raises(TypeError, match="member name is a str, not int"):
        abi.Struct.from_dict({1: 2})
    with pytest.raises(TypeError, match="made from a mapping"):
        abi.Struct.from_dict([1])
    with pytest.raises(ValueError, match="nothing set"):
        abi.Value().to_python()


def test_any_packs_what_is_generated() -> None:
    small = everything().cls("every.v1.Small")(number=5, text="a")
    packed = abi.Any.pack(small)
    assert packed.type_url == "type.googleapis.com/every.v1.Small"
    assert abi.Any.parse(bytes(packed)).unpack() == small
    with pytest.raises(KeyError, match="import the module"):
        abi.Any(type_url="type.googleapis.com/no.such.Type").unpack()
    with pytest.raises(KeyError, match="not a message"):
        abi.Any(type_url="type.googleapis.com/every.v1.Color").unpack()


@pytest.mark.parametrize(
    ("wrapper", "value"),
    [
        (abi.BoolValue, True),
        (abi.BytesValue, b"\0"),
        (abi.DoubleValue, 1.5),
        (abi.FloatValue, 1.5),
        (abi.Int32Value, -1),
        (abi.Int64Value, -(2**63)),
        (abi.StringValue, "a"),
        (abi.UInt32Value, 2**32 - 1),
        (abi.UInt64Value, 2**64 - 1),
    ],
)
def test_wrappers_are_their_values(wrapper: Any, value: Any) -> None:
    assert wrapper.parse(bytes(wrapper.from_wrapped(value))).to_wrapped() == value


def test_every_type_is_registered_and_exported() -> None:
    for name in well_known.__all__:
        assert full_name_of(getattr(well_known, name)) == f"google.protobuf.{name}"
        assert getattr(abi, name) is getattr(well_known, name)


def test_betterprotos_own_json_shows_plain_values() -> None:
    cls = everything().cls("every.v1.Everything")
    moment = datetime.datetime(2024, 1, 1, tzinfo=UTC)
    message = cls(timestamp=moment, duration=datetime.timedelta(seconds=-0.5), wrapped_int64=5, wrapped_bytes=b"a")
    members = message.to_dict()
    assert members == {
        "timestamp": "2024-01-01T00:00:00Z",
        "duration": "-0.500s",
        "wrappedInt64": "5",
        "wrappedBytes": "YQ==",
    }
    assert cls.from_dict(members) == message
    with pytest.raises(ValueError, match="RFC 3339"):
        abi.Timestamp.from_dict("now")
