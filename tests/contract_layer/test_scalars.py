"""Single values, both ways."""

from __future__ import annotations

import datetime
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iii_bridge.contract import scalars
from iii_bridge.contract.json_text import Number
from iii_bridge.contract.nanoseconds import NanoDatetime, NanoTimedelta
from iii_bridge.contract.problems import Problem

float32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.integers(-(10**25), 10**25), st.integers(-6, 6), st.sampled_from(sorted(scalars.INTEGER_RANGES)))
def test_any_spelling_of_an_integer_is_read_exactly(number: int, shift: int, type_name: str) -> None:
    spelled = f"{number}e{-shift}" if shift < 0 else f"{number}" + (f".{'0' * shift}" if shift else "")
    value = number * 10**-shift if shift < 0 else number
    low, high = scalars.INTEGER_RANGES[type_name]
    for text in (Number(spelled), spelled):
        if low <= value <= high:
            assert scalars.read_integer(text, type_name) == value
        else:
            with pytest.raises(Problem, match="out of range"):
                scalars.read_integer(text, type_name)


@pytest.mark.parametrize("text", ["", "-", "+1", "01", "1.", ".5", "1e", "0x1", "1_0", " 1", "1 ", "٣", "NaN", "1,0"])
def test_a_string_that_is_no_json_number_is_no_number(text: str) -> None:
    with pytest.raises(Problem):
        scalars.read_integer(text, "int32")
    if text != "NaN":
        with pytest.raises(Problem):
            scalars.read_double(text)


def test_an_enormous_exponent_costs_nothing() -> None:
    for text in ("1e999999999", "-1e999999999", "1e99999999999999"):
        with pytest.raises(Problem):
            scalars.read_integer(Number(text), "int64")
    assert scalars.read_integer(Number("0e999999999"), "int64") == 0
    with pytest.raises(Problem, match="fraction"):
        scalars.read_integer(Number("1e-999999999"), "int64")


@given(st.floats(allow_nan=False))
def test_doubles_come_back(value: float) -> None:
    written = scalars.write_double(value)
    back = scalars.read_double(written if isinstance(written, str) else Number(repr(written)))
    assert struct.pack("<d", back) == struct.pack("<d", value)


@given(float32)
def test_floats_come_back_from_short_text(value: float) -> None:
    short = scalars.shortest_float(value)
    assert struct.pack("<f", short) == struct.pack("<f", value)
    assert scalars.read_float(Number(repr(short))) == value
    assert len(repr(short)) <= len(repr(value))


def test_floats_that_are_no_numbers_are_strings() -> None:
    assert math.isnan(scalars.read_double(scalars.write_double(math.nan)))
    assert scalars.read_float(scalars.write_float(-math.inf)) == -math.inf
    with pytest.raises(Problem, match="out of range for float"):
        scalars.round_to_float(3.4028236e38)


@given(st.binary(max_size=40), st.booleans(), st.booleans())
def test_bytes_come_back_in_either_alphabet_padded_or_not(value: bytes, url: bool, padded: bool) -> None:
    text = scalars.write_bytes(value)
    if url:
        text = text.replace("+", "-").replace("/", "_")
    assert scalars.read_bytes(text if padded else text.rstrip("=")) == value


@given(st.text(max_size=12))
def test_whatever_bytes_are_read_from_is_base64(text: str) -> None:
    try:
        value = scalars.read_bytes(text)
    except Problem:
        return
    canonical = scalars.write_bytes(value).rstrip("=")
    standard = text.rstrip("=").replace("-", "+").replace("_", "/")
    assert canonical[:-1] == standard[:-1]  # the last character may carry bits nobody reads


@given(st.datetimes(timezones=st.timezones()))
def test_moments_come_back(moment: datetime.datetime) -> None:
    try:
        text = scalars.write_timestamp(moment)
    except Problem as problem:
        assert "outside the years" in str(problem)  # noqa: PT017 -- which dates do is the library's business
        return
    assert scalars.read_timestamp(text) == moment.astimezone(datetime.UTC)  # zones alone differ in an ambiguous hour
    assert scalars.read_timestamp(text).tzinfo is datetime.UTC


def test_offsets_and_nanoseconds_are_read() -> None:
    expected = datetime.datetime(2024, 2, 28, 23, 30, 0, 123456, tzinfo=datetime.UTC)
    assert scalars.read_timestamp("2024-02-29T01:30:00.123456789+02:00") == NanoDatetime.of(expected, 789)
    assert scalars.read_timestamp("2024-02-28T23:30:00.123456-00:00") == expected
    assert type(scalars.read_timestamp("2024-02-28T23:30:00.123456000Z")) is datetime.datetime


@given(st.datetimes(timezones=st.just(datetime.UTC)), st.integers(0, 999))
def test_moments_come_back_to_the_nanosecond(moment: datetime.datetime, beyond: int) -> None:
    value = NanoDatetime.of(moment, beyond)
    assert scalars.read_timestamp(scalars.write_timestamp(value)) == value
    assert (len(scalars.write_timestamp(value)) == len("2024-02-28T23:30:00.123456789Z")) is (beyond > 0)


seconds = st.timedeltas(datetime.timedelta(seconds=-315_576_000_000), datetime.timedelta(seconds=315_576_000_000))


@given(seconds)
def test_durations_come_back(length: datetime.timedelta) -> None:
    assert scalars.read_duration(scalars.write_duration(length)) == length


@given(st.integers(-315_576_000_000_999_999_999, 315_576_000_000_999_999_999))
def test_durations_come_back_to_the_nanosecond(nanoseconds: int) -> None:
    sign = -1 if nanoseconds < 0 else 1
    microseconds, beyond = divmod(abs(nanoseconds), 1000)
    value = NanoTimedelta.of(datetime.timedelta(microseconds=sign * microseconds), sign * beyond)
    text = scalars.write_duration(value)
    assert scalars.read_duration(text) == value
    seconds, _, digits = text.removesuffix("s").lstrip("-").partition(".")
    assert sign * int(seconds + digits.ljust(9, "0")) == nanoseconds


paths = st.lists(st.from_regex(r"[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*(\.[a-z]+)?", fullmatch=True), max_size=4)


@given(paths)
def test_masks_come_back(value: list[str]) -> None:
    assert scalars.read_mask(scalars.write_mask(value)) == value


@given(st.text(st.sampled_from("aB_.1"), max_size=6))
def test_a_path_is_written_only_if_it_comes_back(path: str) -> None:
    try:
        written = scalars.camel_path(path)
    except Problem:
        return
    assert scalars.snake_path(written) == path


@pytest.mark.parametrize(
    ("write", "wrong"),
    [
        (scalars.write_bool, 1),
        (scalars.write_string, b""),
        (scalars.write_bytes, ""),
        (scalars.write_double, True),
        (scalars.write_timestamp, 5),
        (scalars.write_duration, 5),
        (scalars.write_mask, "a"),
        (lambda value: scalars.write_integer(value, "int32"), True),
    ],
)
def test_a_python_value_of_another_class_is_refused_by_name(write: Any, wrong: Any) -> None:
    with pytest.raises(Problem, match=f"found {type(wrong).__name__}"):
        write(wrong)
