"""What a running engine lacks is named, all of it at once."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from demo.preflight import require
from demo.processes import DemoError
from iii_bridge import Bridge


class Catalogue:
    """Answers the discovery functions as an engine with this catalogue would."""

    def __init__(self, functions: list[str], types: list[str]) -> None:
        self._functions = functions
        self._types = types

    async def call(self, function_id: str, payload: dict[str, Any]) -> dict[str, Any]:
        if function_id == "engine::functions::list":
            return {"functions": [{"function_id": name} for name in self._functions]}
        assert function_id == "engine::triggers::list"
        return {"triggers": [{"id": name} for name in self._types]}


def test_everything_absent_is_named(unused_port: int) -> None:
    bare = cast("Bridge", Catalogue(["receipts::write"], ["cron"]))
    with pytest.raises(DemoError) as caught:
        asyncio.run(require(bare, f"http://127.0.0.1:{unused_port}"))
    for part in ("engine::queue::enqueue", "trigger type http", "receipts::write", f"127.0.0.1:{unused_port}"):
        assert part in str(caught.value)
