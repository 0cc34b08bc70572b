"""The well-known messages of google.protobuf, as compiled codecs read and write them."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import duration_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2
from hypothesis import given
from hypothesis import strategies as st

from iii_bridge.contract import google_values
from iii_bridge.contract.fast_values import Unusual
from iii_bridge.contract.json_text import MAX_DEPTH
from iii_bridge.contract.problems import Problem

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def members(value: Any) -> int:
    """The members of all objects in a value."""
    if isinstance(value, dict):
        return len(value) + sum(map(members, value.values()))
    return sum(map(members, value)) if isinstance(value, list) else 0


@given(JSON)
def test_any_json_comes_back_and_is_counted(value: Any) -> None:
    message, count = struct_pb2.Value(), [0]
    google_values.fill_value(message, value, count, 0)
    assert google_values.value_json(message, 0) == value
    assert count == [members(value)]


@given(st.integers(-62135596800, 253402300799), st.integers(0, 999_999_999))
def test_timestamps_come_back(seconds: int, nanos: int) -> None:
    message = timestamp_pb2.Timestamp(seconds=seconds, nanos=nanos)
    again = timestamp_pb2.Timestamp()
    text = google_values.timestamp_json(message)
    google_values.fill_timestamp(again, text)
    assert again == message
    assert text == message.ToJsonString()


@given(st.integers(-315576000000, 315576000000), st.integers(0, 999_999_999))
def test_durations_come_back(seconds: int, nanos: int) -> None:
    message = duration_pb2.Duration(seconds=seconds, nanos=-nanos if seconds < 0 else nanos)
    text = google_values.duration_json(message)
    assert text == message.ToJsonString()
    again = duration_pb2.Duration()
    if abs(seconds) < 10**11:
        google_values.fill_duration(again, text)
        assert again == message


@pytest.mark.parametrize("text", ["", "1970-01-01T00:00:00+00:00", "1970-01-01t00:00:00Z", "1970-02-30T00:00:00Z"])
def test_other_spellings_of_moments_are_left_to_the_exact_codec(text: str) -> None:
    with pytest.raises(ValueError):
        google_values.fill_timestamp(timestamp_pb2.Timestamp(), text)


@pytest.mark.parametrize("text", ["", "1", "1.s", "+1s", "1.0000000001s", "315576000001s"])
def test_other_spellings_of_lengths_are_left_to_the_exact_codec(text: str) -> None:
    with pytest.raises(ValueError):
        google_values.fill_duration(duration_pb2.Duration(), text)


def test_values_end_at_the_limit() -> None:
    value: Any = []
    for _ in range(MAX_DEPTH):
        value = [value]
    with pytest.raises(Unusual):
        google_values.fill_value(struct_pb2.Value(), value, [0], 0)
    message = struct_pb2.Value()
    inner = message
    for _ in range(MAX_DEPTH + 1):
        inner = inner.list_value.values.add()
    inner.bool_value = True
    with pytest.raises(Unusual):
        google_values.value_json(message, 0)


def test_what_has_no_json_form_is_left_to_the_exact_codec() -> None:
    for value in (struct_pb2.Value(), struct_pb2.Value(number_value=float("nan"))):
        with pytest.raises(Unusual):
            google_values.value_json(value, 0)
    for message in (duration_pb2.Duration(seconds=1, nanos=-1), duration_pb2.Duration(nanos=1_000_000_000)):
        with pytest.raises(Problem):
            google_values.duration_json(message)
    with pytest.raises(Problem):
        google_values.timestamp_json(timestamp_pb2.Timestamp(nanos=-1))


def test_masks_and_wrappers_are_filled() -> None:
    mask, wrapper = field_mask_pb2.FieldMask(), wrappers_pb2.Int32Value()
    google_values.fill_mask(mask, "aB,c")
    google_values.fill_box(wrapper, 5)
    assert (list(mask.paths), wrapper.value) == (["a_b", "c"], 5)
