"""Order in memory: plain, and within groups, whatever fails and comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from iii_bridge.engine.queue_config import QueueConfig
from iii_bridge.engine.queue_order import GroupOrder, PlainOrder, group_of, order_for
from iii_bridge.engine.storage.messages import Message, QueueName


def message(number: int, group: int = 0) -> Message:
    return Message(str(number), QueueName("q"), "f", "default", b'{"g":%d}' % group)


def test_the_settings_choose() -> None:
    assert isinstance(order_for(QueueConfig("q")), PlainOrder)
    assert isinstance(order_for(QueueConfig("q", type="fifo")), GroupOrder)


def test_plain_order() -> None:
    order = PlainOrder()
    for number in range(3):
        order.add(message(number))
    first = order.next()
    assert first is not None
    order.again(first)
    assert [m.id for m in iter(order.next, None)] == ["0", "1", "2"]
    order.add(first)
    order.clear()
    assert (len(order), order.next()) == (0, None)


def test_the_group_of_a_payload() -> None:
    assert group_of(b'{"g": 7, "h": {"g": 8}}', "g") == b"7"
    assert group_of(b'{"h": 1}', "g") == b"null"
    assert group_of(b"[1]", "g") == b"null"


def test_a_cleared_order_takes_up_again() -> None:
    """What was under way when it was cleared still closes its group."""
    order = GroupOrder("g")
    for number in range(4):
        order.add(message(number, number % 2))
    running = order.next()
    assert running is not None
    order.clear()
    assert (len(order), order.next()) == (0, None)
    order.add(message(2, 0))
    order.add(message(3, 1))
    assert (order.next() or running).id == "3"
    assert order.next() is None
    order.finished(running)
    assert (order.next() or running).id == "2"


steps = st.lists(st.tuples(st.sampled_from(["add", "next", "finish", "fail"]), st.integers(0, 3)), max_size=60)


@given(steps)
def test_within_a_group_nothing_overtakes(actions: list[tuple[str, int]]) -> None:
    order = GroupOrder("g")
    added: dict[int, list[str]] = {}
    done: dict[int, list[str]] = {}
    running: list[Message] = []
    for number, (action, value) in enumerate(actions):
        if action == "add":
            order.add(message(number, value))
            added.setdefault(value, []).append(str(number))
        elif action == "next":
            taken = order.next()
            if taken is not None:
                assert taken.data not in {m.data for m in running}, "one of a group at a time"
                running.append(taken)
        elif running:
            current = running.pop(value % len(running))
            if action == "fail":
                order.again(current)
            else:
                order.finished(current)
                done.setdefault(int(current.data[5:-1]), []).append(current.id)
    while running or len(order):
        if running:
            current = running.pop()
            order.finished(current)
            done.setdefault(int(current.data[5:-1]), []).append(current.id)
        taken = order.next()
        if taken is not None:
            running.append(taken)
    assert done == added
