"""Moments and lengths to the nanosecond: the same as plain ones, but for what they hold more."""

from __future__ import annotations

import copy
import datetime
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iii_bridge.contract.nanoseconds import NanoDatetime, NanoTimedelta, nanoseconds_beyond

UTC = datetime.UTC
START = datetime.datetime(2026, 11, 25, tzinfo=UTC)
MICROSECOND = datetime.timedelta(microseconds=1)


def moment(nanoseconds: int) -> datetime.datetime:
    """So many nanoseconds after the start; a plain datetime where that is enough."""
    plain = START + datetime.timedelta(microseconds=nanoseconds // 1000)
    return NanoDatetime.of(plain, nanoseconds % 1000) if nanoseconds % 1000 else plain


def length(nanoseconds: int) -> datetime.timedelta:
    """So many nanoseconds; a plain timedelta where that is enough."""
    sign = -1 if nanoseconds < 0 else 1
    plain = datetime.timedelta(microseconds=sign * (abs(nanoseconds) // 1000))
    beyond = sign * (abs(nanoseconds) % 1000)
    return NanoTimedelta.of(plain, beyond) if beyond else plain


few = st.integers(-3000, 3000)


@given(few, few)
@pytest.mark.parametrize("make", [moment, length])
def test_they_compare_as_their_nanoseconds_do(make: Any, left: int, right: int) -> None:
    one, other = make(left), make(right)
    assert (one == other) is (left == right)
    assert (one != other) is (left != right)
    assert (one < other) is (left < right)
    assert (one <= other) is (left <= right)
    assert (one > other) is (left > right)
    assert (one >= other) is (left >= right)
    assert left != right or hash(one) == hash(other)


@pytest.mark.parametrize("make", [moment, length])
@pytest.mark.parametrize("nanoseconds", [1, 1999, -1, -1001])
def test_they_are_copied_and_pickled_whole(make: Any, nanoseconds: int) -> None:
    value = make(nanoseconds)
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 -- our own
        assert again == value
        assert repr(again) == repr(value)
        assert type(again) is type(value)


def test_without_further_nanoseconds_they_equal_the_plain_ones() -> None:
    for made, plain in [(NanoDatetime.of(START, 0), START), (NanoTimedelta.of(MICROSECOND, 0), MICROSECOND)]:
        assert made == plain
        assert plain == made
        assert hash(made) == hash(plain)
        assert str(made) == str(plain)
        assert type(made.plain()) is type(plain)


def test_they_say_what_they_hold() -> None:
    assert str(moment(1)) == "2026-11-25 00:00:00.000000001+00:00"
    assert moment(1_000_007).isoformat() == "2026-11-25T00:00:00.001000007+00:00"
    assert moment(7).isoformat(timespec="seconds") == "2026-11-25T00:00:00+00:00"
    assert repr(moment(7)) == f"NanoDatetime.of({START!r}, 7)"
    assert str(length(-7)) == "0:00:00 and -7 ns"
    assert repr(length(1007)) == f"NanoTimedelta.of({MICROSECOND!r}, 7)"


def test_zones_and_signs_keep_them_and_arithmetic_works_in_microseconds() -> None:
    east = datetime.timezone(datetime.timedelta(hours=2))
    assert moment(7).astimezone(east) == moment(7)
    assert moment(7).astimezone(east).utcoffset() == datetime.timedelta(hours=2)
    assert -length(1007) == length(-1007)
    assert abs(length(-7)) == length(7)
    assert length(1)
    assert moment(1007) + MICROSECOND == moment(2000)
    assert moment(7).replace(year=2025) == START.replace(year=2025)
    assert nanoseconds_beyond(moment(1007) - START) == 0


def test_they_are_not_what_they_are_not() -> None:
    assert moment(1) != 5
    assert length(1) != "1"
    with pytest.raises(TypeError):
        assert moment(1) < 5  # type: ignore[operator]
    with pytest.raises(TypeError):
        assert length(1) >= 5  # type: ignore[operator]


@pytest.mark.parametrize("nanoseconds", [-1, 1000])
def test_a_moment_has_up_to_999_more(nanoseconds: int) -> None:
    with pytest.raises(ValueError, match="0 to 999"):
        NanoDatetime.of(START, nanoseconds)


@pytest.mark.parametrize(("plain", "nanoseconds"), [(0, 1000), (0, -1000), (1, -1), (-1, 1)])
def test_a_length_has_one_sign(plain: int, nanoseconds: int) -> None:
    with pytest.raises(ValueError, match="sign of the rest"):
        NanoTimedelta.of(plain * MICROSECOND, nanoseconds)
