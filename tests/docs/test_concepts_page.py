"""docs/concepts.md draws the sidecar as it is sent."""

from __future__ import annotations

import json

from msgspec import Raw

from iii_bridge.protocol.sidecar import MEMBER, attach_sidecar, detach_sidecar
from tests.docs.pages import DOCS, blocks

PAGE = DOCS / "concepts.md"


def test_the_sidecar_shown_is_the_one_sent() -> None:
    shown = next(block.text for block in blocks(PAGE) if block.language == "json" and MEMBER in block.text)
    read = detach_sidecar(Raw(shown.encode()))
    assert (read.remaining, read.attempt, read.metadata) == (1.5, 1, {"tenant": "blue"})
    assert json.loads(bytes(attach_sidecar(Raw(b'{"tenant":"blue"}'), 1.5, 1))) == json.loads(shown)
