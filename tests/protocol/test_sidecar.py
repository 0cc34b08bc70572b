"""The reserved member of invocation metadata."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw

from iii_bridge.protocol.sidecar import MEMBER, attach_sidecar, detach_sidecar

VALUES = st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=5)


def test_it_is_written_alone_or_before_the_members_of_the_user() -> None:
    assert bytes(attach_sidecar(UNSET, 1.5, 2)) == b'{"iii-bridge":{"remaining_ms":1500,"attempt":2}}'
    assert bytes(attach_sidecar(Raw(b"{}"), 1.5, 2)) == b'{"iii-bridge":{"remaining_ms":1500,"attempt":2}}'
    with_user = attach_sidecar(Raw(b'{"k":1}'), -3.0, 1)
    assert msgspec.json.decode(with_user) == {MEMBER: {"remaining_ms": 0, "attempt": 1}, "k": 1}


@given(st.dictionaries(st.text().filter(lambda name: name != MEMBER), VALUES), st.floats(0, 1e6), st.integers(1, 99))
def test_it_comes_off_again_and_leaves_the_rest(user: dict[str, object], remaining: float, attempt: int) -> None:
    read = detach_sidecar(attach_sidecar(Raw(msgspec.json.encode(user)), remaining, attempt))
    assert read.metadata == user
    assert read.remaining == pytest.approx(remaining, abs=0.0011)
    assert (read.attempt, read.present) == (attempt, True)


@pytest.mark.parametrize("remaining", [1.5, math.inf])
def test_only_the_flag_itself_asks_for_metadata(remaining: float) -> None:
    assert detach_sidecar(attach_sidecar(UNSET, remaining, 1, asks=True)).asks
    assert not detach_sidecar(attach_sidecar(UNSET, remaining, 1)).asks
    assert not detach_sidecar(Raw(b'{"iii-bridge":{"response_metadata":1}}')).asks


@pytest.mark.parametrize("metadata", [UNSET, Raw(b"null"), Raw(b"[1]"), Raw(b'"text"')])
def test_metadata_that_is_no_object_counts_as_none(metadata: Raw) -> None:
    assert detach_sidecar(metadata) == ({}, None, 1, False, False)


@pytest.mark.parametrize("ours", ["7", "null", "{}", '{"remaining_ms":"soon","attempt":0}', '{"attempt":true}'])
def test_a_sidecar_of_somebody_else_is_taken_out_and_not_believed(ours: str) -> None:
    read = detach_sidecar(Raw(b'{"k":1,"iii-bridge":' + ours.encode() + b"}"))
    assert (dict(read.metadata), read.remaining, read.attempt) == ({"k": 1}, None, 1)
