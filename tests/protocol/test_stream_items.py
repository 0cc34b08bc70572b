"""Items: what they mean, how many may wait, and when a stream was cut short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iii_bridge.errors import ContractError, Side, StreamTruncatedError
from iii_bridge.protocol.stream_items import (
    BUFFER_BYTES,
    BUFFER_ITEMS,
    KEEP_ALIVE_SECONDS,
    IncomingItems,
    OutgoingItems,
)


def incoming(*, counted: bool = True) -> IncomingItems:
    return IncomingItems("a::b", Side.REQUEST, counted=counted)


def taken(items: IncomingItems) -> list[bytes]:
    return list(iter(items.take, None))


@given(st.lists(st.sampled_from([b'{"n":1}', b"", b" \n", b"{}", b'  {"n":2}']), max_size=300))
def test_what_is_written_is_read_whatever_stands_between(items: list[bytes]) -> None:
    reader = incoming()
    for item in items:
        reader.receive(item)
    messages = [item.lstrip() for item in items if item.strip()]
    reader.receive(b'["end",%d]' % len(messages))
    assert (reader.finished, reader.error) == (True, None)
    assert taken(reader) == messages
    reader.close()
    reader.receive(b'{"late":1}')
    assert (reader.error, reader.take(), reader.received) == (None, None, len(messages))


@pytest.mark.parametrize(
    "item",
    [b"[]", b'["end"]', b'["end","2"]', b'["end",-1]', b'["end",true]', b'["stop"]', b"17", b"null", b"\xff", b"["],
)
def test_an_item_that_means_nothing_breaks_the_stream_and_is_named(item: bytes) -> None:
    reader = incoming()
    reader.receive(b"{}")
    reader.receive(item)
    assert isinstance(reader.error, ContractError)
    assert (reader.error.path, reader.error.side) == ("$[1]", Side.REQUEST)
    assert reader.take() == b"{}", "what came before is whole"


@pytest.mark.parametrize(("ended", "expected"), [(False, None), (True, 3)])
def test_a_short_stream_is_truncated(ended: bool, expected: int | None) -> None:
    reader = incoming()
    reader.receive(b"{}")
    if ended:
        reader.receive(b'["end",3]')
    reader.close()
    assert isinstance(reader.error, StreamTruncatedError)
    assert (reader.error.expected, reader.error.received) == (expected, 1)
    assert reader.error.status.name == "DATA_LOSS"


def test_a_count_from_outside_may_come_before_the_last_item_or_after_the_close() -> None:
    early = incoming(counted=False)
    early.receive(b"{}")
    early.expect(2)
    assert not early.finished
    early.receive(b"{}")
    assert (early.finished, early.error) == (True, None)
    late = incoming(counted=False)
    late.receive(b"{}")
    late.close()
    assert not late.finished, "the result may still say that this was all"
    late.expect(2)
    assert isinstance(late.error, StreamTruncatedError)


@pytest.mark.parametrize("said", [1, 3])
def test_counts_that_differ_are_a_violation(said: int) -> None:
    reader = incoming(counted=False)
    for item in (b"{}", b"{}", b'["end",2]'):
        reader.receive(item)
    assert reader.finished
    reader.expect(said)
    assert isinstance(reader.error, ContractError)
    more = incoming(counted=False)
    more.receive(b"{}")
    more.expect(0)
    assert isinstance(more.error, ContractError)


def test_a_cancellation_is_heard_after_the_end_too() -> None:
    reader = incoming()
    reader.receive(b'["end",0]')
    assert not reader.cancelled
    reader.receive(b'["cancel"]')
    assert (reader.cancelled, reader.error) == (True, None)
    reader = incoming()
    reader.receive(b'["cancel"]')
    assert reader.cancelled
    assert isinstance(reader.error, StreamTruncatedError)


def test_both_halves_are_full_at_so_many_items_and_at_so_many_bytes() -> None:
    reader, writer = incoming(), OutgoingItems(0.0)
    for _ in range(BUFFER_ITEMS):
        assert not reader.full
        assert writer.has_room
        reader.receive(b"{}")
        writer.message(b"{}")
    assert reader.full
    assert not writer.has_room
    while reader.waiting > BUFFER_ITEMS // 4:
        assert not reader.low
        reader.take()
    assert reader.low
    assert len(writer.take(0.0)) == BUFFER_ITEMS
    assert writer.has_room
    large = b'{"a":"' + b"x" * BUFFER_BYTES + b'"}'
    writer.message(large)
    reader.receive(large)
    assert (writer.has_room, reader.full, reader.low) == (False, True, False)


def test_the_writer_counts_messages_and_says_how_many() -> None:
    writer = OutgoingItems(0.0)
    writer.message(b"{}")
    assert writer.take(0.0) == [b"{}"]
    writer.message(b"{}")
    writer.end()
    writer.message(b'{"late":1}')
    writer.end()
    assert writer.take(0.0) == [b"{}", b'["end",2]']
    writer.cancel()
    assert writer.take(0.0) == [b'["cancel"]']
    writer.leave()
    writer.cancel()
    assert (writer.take(0.0), writer.has_room, writer.count) == ([], False, 2)


def test_a_cancellation_overtakes_what_waits() -> None:
    writer = OutgoingItems(0.0)
    for _ in range(BUFFER_ITEMS):
        writer.message(b"{}")
    writer.cancel()
    assert writer.take(0.0) == [b'["cancel"]']
    assert writer.has_room


def test_a_silent_writer_keeps_its_channel_alive() -> None:
    writer = OutgoingItems(5.0)
    assert writer.next_deadline() == 5.0 + KEEP_ALIVE_SECONDS
    writer.tick(14.0)
    assert not writer.has_items
    writer.tick(15.0)
    assert writer.take(15.0) == [b""]
    writer.message(b"{}")
    writer.tick(100.0)
    assert writer.take(100.0) == [b"{}"], "what waits to be written is sign enough"
    assert writer.next_deadline() == 100.0 + KEEP_ALIVE_SECONDS
    writer.end()
    assert writer.next_deadline() is None
