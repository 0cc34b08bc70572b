"""What compiled codecs call: usual values are read, all others refused without a word."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest

from iii_bridge.abi import v1 as abi
from iii_bridge.contract import fast_values
from iii_bridge.contract.json_text import MAX_DEPTH


@pytest.mark.parametrize(
    ("read", "usual", "unusual"),
    [
        (
            fast_values.int64_of,
            [5, "5", "-9223372036854775808", 2**63 - 1],
            [2**63, "05", "+5", " 5", "-0", "5.0", "٥", ""],
        ),
        (fast_values.uint64_of, [0, "18446744073709551615"], [-1, "-1", 2**64, "1_0"]),
        (fast_values.int32_key, ["-1", "2147483647"], ["2147483648", "01", " 1", "x"]),
        (fast_values.uint32_key, ["0", "4294967295"], ["-1", "4294967296", "1 ", "-0"]),
    ],
)
def test_integers(read: Any, usual: list[Any], unusual: list[Any]) -> None:
    assert [read(value) for value in usual] == [int(value) for value in usual]
    for value in unusual:
        with pytest.raises(ValueError):
            read(value)


def test_timestamps_as_we_print_them() -> None:
    assert fast_values.timestamp_of("2024-02-29T01:02:03.5".ljust(23, "0") + "Z").microsecond == 500_000
    assert fast_values.timestamp_of("2024-02-29T01:02:03Z").tzinfo is datetime.UTC
    for text in (
        "2024-02-30T00:00:00Z",
        "2024-02-29T01:02:03+00:00",
        "2024-02-29T24:00:00Z",
        "2024-02-29 01:02:03Z",
        "x",
    ):
        with pytest.raises(ValueError):
            fast_values.timestamp_of(text)


def test_durations_as_we_print_them() -> None:
    assert fast_values.duration_of("172800s") == datetime.timedelta(days=2)
    assert fast_values.duration_of("-1.500s") == -datetime.timedelta(seconds=1.5)
    assert fast_values.duration_of("315576000000s") == datetime.timedelta(seconds=315_576_000_000)
    for text in ("1", "s", "+1s", "1_0s", " 1s", "٥s", "315576000001s"):
        with pytest.raises(ValueError):
            fast_values.duration_of(text)


def test_floats_of_32_bits() -> None:
    assert fast_values.float32_of(0.1) == 0.10000000149011612
    assert fast_values.float32_text(0.10000000149011612) == 0.1
    for value in (1, math.nan, math.inf, 1e39):
        with pytest.raises(ValueError):
            fast_values.float32_text(value)


def test_values_are_built_and_their_members_counted() -> None:
    value: Any = {"a": [1, {"b": None}], "c": "x", "d": True}
    count = [0]
    assert fast_values.value_of(value, count, 0) == abi.Value.from_python(value)
    assert count == [4]


def test_values_end_at_the_limit() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    fast_values.value_of(value, [0], 0)
    with pytest.raises(fast_values.Unusual):
        fast_values.value_of([value], [0], 0)
    with pytest.raises(fast_values.Unusual):
        fast_values.struct_of({"a": value}, [0], 0)
