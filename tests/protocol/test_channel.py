"""The channel table: keys, claims, ages."""

from __future__ import annotations

import itertools

import pytest

from iii_bridge.protocol.channel import UNCLAIMED_SECONDS, ChannelEntry, ChannelTable, Claim


def table() -> ChannelTable:
    numbers = itertools.count()
    return ChannelTable(lambda: f"id-{next(numbers)}")


def test_both_ends_share_id_and_key() -> None:
    entry = table().create(0.0)
    reader, writer = entry.ref("read"), entry.ref("write")
    assert (reader.channel_id, reader.access_key) == (writer.channel_id, writer.access_key)
    assert reader.channel_id != reader.access_key
    assert (reader.direction, writer.direction) == ("read", "write")


@pytest.mark.parametrize(("wanted", "given"), [(None, 64), (0, 1), (-5, 1), (7, 7), (5000, 1024)])
def test_capacity_is_clamped(wanted: int | None, given: int) -> None:
    assert table().create(0.0, wanted).capacity == given


def test_an_end_opens_once_and_only_with_its_key() -> None:
    channels = table()
    entry = channels.create(0.0)
    assert channels.claim(entry.id, "wrong", "read") is Claim.UNKNOWN
    assert channels.claim("wrong", entry.key, "read") is Claim.UNKNOWN
    assert channels.claim(entry.id, entry.key, "read") is entry
    assert channels.claim(entry.id, entry.key, "read") is Claim.TAKEN
    assert channels.claim(entry.id, entry.key, "write") is entry
    channels.remove(entry.id)
    channels.remove(entry.id)
    assert channels.claim(entry.id, entry.key, "write") is Claim.UNKNOWN


def test_the_sweep_takes_what_was_never_claimed() -> None:
    channels = table()
    untouched, half, whole = (channels.create(0.0) for _ in range(3))
    young = channels.create(100.0)
    for entry, ends in ((half, ("read",)), (whole, ("read", "write"))):
        for end in ends:
            assert isinstance(channels.claim(entry.id, entry.key, end), ChannelEntry)  # type: ignore[arg-type]
    assert channels.sweep(UNCLAIMED_SECONDS) == []
    assert channels.sweep(UNCLAIMED_SECONDS + 1) == [untouched, half]
    assert channels.find(young.id, young.key) is young
    assert len(channels) == 2
