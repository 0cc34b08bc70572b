"""Patterns of numbers: exactly the range, nothing else."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from hypothesis import example, given, note, settings
from hypothesis import strategies as st

from iii_bridge.contract import scalars
from iii_bridge.contract.problems import Problem
from iii_codegen.emit.jsonschema.patterns import (
    BASE64,
    BASE64_ANY,
    DURATION_ANY,
    FIELD_MASK,
    NUMBER_ANY,
    TIMESTAMP,
    TIMESTAMP_ANY,
    integer_any_pattern,
    integer_pattern,
)


@given(st.tuples(st.integers(-1200, 1200), st.integers(-1200, 1200)), st.integers(-1500, 1500))
@example((0, 0), 0)
@example((-1, 9), 10)
@example((-1000, 1000), 1001)
@example((100, 999), 99)
@example((-30, -7), -7)
def test_integers(limits: tuple[int, int], number: int) -> None:
    least, most = sorted(limits)
    assert bool(re.search(integer_pattern(least, most), str(number))) is (least <= number <= most)


@given(st.sampled_from([(-(2**63), 2**63 - 1), (0, 2**64 - 1), (-(2**31), 2**31 - 1)]), st.data())
def test_integers_near_the_edges(limits: tuple[int, int], data: st.DataObject) -> None:
    least, most = limits
    near = st.one_of(
        st.integers(least - 50, least + 50), st.integers(most - 50, most + 50), st.integers(-(2**70), 2**70)
    )
    number = data.draw(near)
    assert bool(re.search(integer_pattern(least, most), str(number))) is (least <= number <= most)


@given(st.integers(0, 99))
def test_no_other_spelling(number: int) -> None:
    pattern = integer_pattern(-99, 99)
    for text in (f"0{number}", f"+{number}", f" {number}", f"{number}.0", f"{number}e0", "", "-", "-0"):
        assert not re.search(pattern, text)


@given(st.binary(max_size=12))
def test_base64(data: bytes) -> None:
    import base64

    plain, url = base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()
    assert re.search(BASE64, plain)
    for text in (plain, url, plain.rstrip("="), url.rstrip("=")):
        assert re.search(BASE64_ANY, text)
    assert not re.search(BASE64_ANY, plain.rstrip("=") + "A" * (5 - len(plain.rstrip("=")) % 4))


ARITHMETIC = re.compile("out of range|with a fraction|no moment in the years")
"""What is on the published list: what an exponent comes to, where an offset leads."""

READERS: dict[str, Callable[[str], Any]] = {
    BASE64_ANY: scalars.read_bytes,
    DURATION_ANY: scalars.read_duration,
    FIELD_MASK: scalars.read_mask,
    NUMBER_ANY: scalars.read_double,
    TIMESTAMP_ANY: scalars.read_timestamp,
    **{
        integer_any_pattern(*limits): functools.partial(scalars.read_integer, type_name=name)
        for name, limits in scalars.INTEGER_RANGES.items()
    },
}


def reads(read: Callable[[str], Any], text: str) -> bool | None:
    """Whether the codec takes the string; None where arithmetic says no."""
    try:
        read(text)
    except Problem as problem:
        computed = ARITHMETIC.search(str(problem)) and re.search("[eE]|^0001-01-01|^9999-12-31", text)
        return None if computed else False
    return True


@given(st.data())
@settings(max_examples=250, deadline=None)
def test_as_read_is_what_the_codec_reads(data: st.DataObject) -> None:
    """Strings of each pattern, and such strings with a character changed."""
    pattern, read = data.draw(st.sampled_from(list(READERS.items())))
    whole = pattern.removesuffix("$") + r"\Z"  # Python's `$` allows for a line break
    text = data.draw(st.from_regex(whole).filter(lambda text: len(text) < 40))
    if data.draw(st.booleans()) and text:
        place = data.draw(st.integers(0, len(text) - 1))
        text = text[:place] + data.draw(st.sampled_from(" 0123459.-+:,_=TZsaAeE/")) + text[place + 1 :]
    note(text)
    assert reads(read, text) in (None, bool(re.search(whole, text)))


@given(st.integers(0, 10_100), st.integers(0, 14), st.integers(0, 33))
@example(1900, 2, 29)
@example(2000, 2, 29)
@example(2023, 2, 29)
@example(2024, 2, 29)
@example(1, 1, 1)
@example(9999, 12, 31)
def test_days_that_exist(year: int, month: int, day: int) -> None:
    text = f"{year:04}-{month:02}-{day:02}T00:00:00Z"
    assert (
        bool(re.search(TIMESTAMP, text)) is bool(re.search(TIMESTAMP_ANY, text)) is reads(scalars.read_timestamp, text)
    )
