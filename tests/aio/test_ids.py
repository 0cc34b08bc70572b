"""Ids look like what they are."""

from __future__ import annotations

import uuid

from iii_bridge.aio.ids import new_id


def test_an_id_is_a_fresh_uuid_of_version_4() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    for text in ids:
        read = uuid.UUID(text)
        assert (read.version, read.variant, str(read)) == (4, uuid.RFC_4122, text)
