"""What waits to be written."""

from __future__ import annotations

import pytest

from iii_bridge.errors import BacklogFullError
from iii_bridge.protocol.outbox import Outbox


def test_control_frames_go_first_and_each_kind_in_order() -> None:
    box = Outbox(10)
    box.add_call("a", b"call a")
    box.add_control(b"one")
    box.add_call("b", b"call b")
    box.add_control(b"two")
    assert len(box) == 4
    assert [box.pop() for _ in range(5)] == [(None, b"one"), (None, b"two"), ("a", b"call a"), ("b", b"call b"), None]


def test_a_full_box_refuses_and_drops_nothing() -> None:
    box = Outbox(2)
    box.add_call("a", b"1")
    box.add_call("b", b"2")
    with pytest.raises(BacklogFullError, match="already holds 2 calls"):
        box.add_call("c", b"3")
    box.add_control(b"always")
    assert [entry[1] for entry in iter(box.pop, None) if entry] == [b"always", b"1", b"2"]


def test_a_call_can_be_taken_back_once() -> None:
    box = Outbox(2)
    box.add_call("a", b"1")
    assert box.discard_call("a")
    assert not box.discard_call("a")
    assert box.pop() is None


def test_a_new_connection_keeps_the_calls_only() -> None:
    box = Outbox(2)
    box.add_call("a", b"1")
    box.add_control(b"old")
    box.clear_control()
    assert box.waiting_calls == 1
    assert box.pop() == ("a", b"1")
    box.add_call("b", b"2")
    box.clear()
    assert box.pop() is None
