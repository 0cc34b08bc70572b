"""Events are values."""

from __future__ import annotations

import typing

import pytest
from msgspec import Raw

from iii_bridge.protocol.worker_events import CallFinished, Event, Registered


def test_events_are_frozen_and_compare_by_value() -> None:
    event = Registered("w")
    assert event == Registered("w")
    with pytest.raises(AttributeError):
        event.worker_id = "x"  # type: ignore[misc]
    assert CallFinished("k", Raw(b"1")).error is None


def test_the_union_names_every_event() -> None:
    assert len(typing.get_args(Event)) == 9
