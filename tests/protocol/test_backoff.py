"""Delays between tries."""

from __future__ import annotations

from itertools import islice

import pytest

from iii_bridge.protocol.backoff import Backoff


def test_delays_double_up_to_the_limit() -> None:
    middle = Backoff().delays(lambda: 0.5)
    assert list(islice(middle, 7)) == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


@pytest.mark.parametrize(("drawn", "first"), [(0.0, 0.7), (0.5, 1.0), (0.999999, 1.3)])
def test_jitter_stays_within_its_fraction(drawn: float, first: float) -> None:
    assert next(Backoff().delays(lambda: drawn)) == pytest.approx(first, abs=1e-5)


def test_every_value_can_be_chosen() -> None:
    fast = Backoff(initial=0.1, factor=3.0, limit=0.5, jitter=0.0).delays(lambda: 0.9)
    assert list(islice(fast, 3)) == pytest.approx([0.1, 0.3, 0.5])
