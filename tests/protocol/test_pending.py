"""Calls without an answer."""

from __future__ import annotations

import pytest

from iii_bridge.protocol.pending import PendingCall, PendingCalls


def call(key: str, deadline: float, *, sent: bool = False) -> PendingCall:
    return PendingCall(key, "x::y", deadline, 1.0, sent=sent)


def test_a_call_leaves_once() -> None:
    calls = PendingCalls()
    calls.add(call("a", 5.0))
    assert "a" in calls
    assert len(calls) == 1
    assert calls.pop("a") is not None
    assert calls.pop("a") is None
    assert list(calls.pop_due(9.0)) == []


def test_a_key_is_taken_once() -> None:
    calls = PendingCalls()
    calls.add(call("a", 5.0))
    with pytest.raises(KeyError):
        calls.add(call("a", 6.0))


def test_due_calls_come_in_order_of_their_deadline() -> None:
    calls = PendingCalls()
    for key, deadline in (("late", 9.0), ("b", 2.0), ("a", 1.0), ("c", 3.0)):
        calls.add(call(key, deadline))
    assert [due.key for due in calls.pop_due(3.0)] == ["a", "b", "c"]
    assert calls.next_deadline() == 9.0


def test_a_key_used_again_keeps_its_new_deadline() -> None:
    calls = PendingCalls()
    calls.add(call("a", 1.0))
    calls.pop("a")
    calls.add(call("a", 5.0))
    assert list(calls.pop_due(2.0)) == []
    assert [due.key for due in calls.pop_due(5.0)] == ["a"]


def test_the_next_deadline_skips_what_is_gone() -> None:
    calls = PendingCalls()
    assert calls.next_deadline() is None
    calls.add(call("a", 1.0))
    calls.add(call("b", 2.0))
    calls.pop("a")
    assert calls.next_deadline() == 2.0


def test_only_what_was_written_can_be_taken_alone() -> None:
    calls = PendingCalls()
    calls.add(call("a", 1.0, sent=True))
    calls.add(call("b", 2.0))
    assert [taken.key for taken in calls.pop_all(sent_only=True)] == ["a"]
    assert [taken.key for taken in calls.pop_all()] == ["b"]


def test_answered_calls_do_not_pile_up_on_the_heap() -> None:
    calls = PendingCalls()
    for number in range(20_000):
        calls.add(call(str(number), 30.0 + number))
        calls.pop(str(number))
    assert len(calls._deadlines) < 2_000
    calls.add(call("last", 1.0))
    assert [due.key for due in calls.pop_due(1.0)] == ["last"]
