"""Patterns of numbers: exactly the range, nothing else."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from iii_codegen.emit.jsonschema.patterns import BASE64, BASE64_ANY, integer_pattern


@given(st.integers(-1200, 0), st.integers(0, 1200), st.integers(-1500, 1500))
@example(0, 0, 0)
@example(-1, 9, 10)
@example(-1000, 1000, 1001)
def test_integers(least: int, most: int, number: int) -> None:
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
