"""Signs of life, looked at once an interval."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from iii_bridge.protocol.liveness import Liveness, Verdict


def test_silence_is_asked_into_and_then_given_up() -> None:
    liveness = Liveness()
    assert [liveness.look(5, 0) for _ in range(4)] == [Verdict.ALIVE, Verdict.ASK, Verdict.ASK, Verdict.GONE]


def test_anything_heard_and_anything_that_got_through_counts() -> None:
    liveness = Liveness()
    assert liveness.look(1, 900) is Verdict.ALIVE
    assert liveness.look(1, 900) is Verdict.ASK
    assert liveness.look(1, 500) is Verdict.ALIVE, "data of ours goes on leaving"
    assert liveness.look(1, 800) is Verdict.ASK, "more waits than before"
    assert liveness.look(2, 800) is Verdict.ALIVE


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=50), st.integers(1, 5))
def test_it_gives_up_exactly_after_so_many_silent_looks(steps: list[tuple[bool, int]], silences: int) -> None:
    liveness = Liveness(silences)
    heard, before, silent = 0, 0, 0
    for spoke, waiting in steps:
        heard += spoke
        silent = 0 if spoke or waiting < before else silent + 1
        before = waiting
        verdict = liveness.look(heard, waiting)
        assert (verdict is Verdict.ALIVE) == (silent == 0)
        assert (verdict is Verdict.GONE) == (silent >= silences)
